//! The authority as a service: what happens to every request before and after its endpoint.

use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::net::IpAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::task::Poll;
use std::time::{Duration, Instant};

use axum::Router;
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, header};
use http_body::Body;
use hyper::body::Incoming;
use jeton_authority::client_auth::ClientCertificate;
use jeton_authority::passkey::RelyingParty;
use jeton_authority::ports::{CertificatesSeen, Ports, ThisMachine};
use jeton_authority::store::StoreError;
use jeton_authority::{Authority, Network};
use jeton_fetch::{Fetcher, Reach};
use jeton_jose::x509::TrustRoots;
use tower_service::Service as _;

use crate::app::{App, Readiness};
use crate::connection::deadline::poll_deadline;
use crate::connection::{Answer, Peer, Shown, Transport};
use crate::cookies::Cookies;
use crate::cors::CrossOrigin;
use crate::endpoints::{cross_origin_at_token_api, discovery, document, dpop};
use crate::error::ApiError;
use crate::feed::Hub;
use crate::logging::on_behalf_of;
use crate::machine::{Clock, ClockAgreement};
use crate::mail::{MailServer, MailTally, Mailer, Postmark};
use crate::outbound::{FetchPlaces, RemoteClientDocuments, RemoteClientKeys, RemoteSectors};
use crate::proxy::{FoundClient, Notices, TrustedProxies, certificate};
use crate::request::id::{RequestId, RequestIds, X_REQUEST_ID};
use crate::request::{Glance, Reader, RequestContext, host};
use crate::router::router;
use crate::settings::{Limits, ShownSetting, TokenApi, TokenApiOptions};
use crate::tally::{Endpoint, RequestTally, SweepTally};
#[cfg(feature = "otlp")]
use crate::traces::{OpenSpan, Traces, method_name};
use crate::urls::{Urls, path};

/// Tells browsers to use only https for this host, for a year from each response (RFC 6797). Behind a proxy, the proxy
/// sets this header. `localhost` does not get it, because other programs on the machine use plain HTTP under that
/// name.
const ONLY_HTTPS: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// The authority as a service. Cloning is cheap.
#[derive(Clone)]
pub struct Service {
    shared: Arc<Shared>,
    router: Router,
}

struct Shared {
    app: Arc<App>,
    proxies: TrustedProxies,
    notices: Notices,
    certificate_header: Option<HeaderName>,
    ids: RequestIds,
    serves_token_api: bool,
}

impl Service {
    /// A service with default limits, no trusted proxies, the system's clock, and a fetcher that reaches only public
    /// addresses.
    pub fn builder() -> ServiceBuilder {
        ServiceBuilder {
            clock: Clock::system(),
            limits: Limits::default(),
            proxies: TrustedProxies::default(),
            token_api: TokenApi::default(),
            token_api_options: TokenApiOptions::default(),
            certificate_header: None,
            own_certificates: CertificatesSeen::None,
            client_roots: None,
            mtls_url: None,
            fetcher: Fetcher::new(),
            mail: None,
            shown_settings: Arc::new([]),
            routes: Router::new(),
            #[cfg(feature = "otlp")]
            traces: None,
        }
    }

    /// The limits of the service.
    pub fn limits(&self) -> &Limits {
        &self.shared.app.limits
    }

    /// The authority of the service.
    pub fn authority(&self) -> &Arc<Authority> {
        &self.shared.app.authority
    }

    /// The fetcher for clients' keys and metadata, and for logout tokens.
    pub fn fetcher(&self) -> &Fetcher {
        &self.shared.app.fetcher
    }

    /// The clock of the service.
    pub fn clock(&self) -> &Clock {
        &self.shared.app.clock
    }

    /// Compares this node's clock with the database's, if it has one. While they differ by more than
    /// [`Limits::clock_difference`], the node is not ready and issues nothing.
    ///
    /// # Errors
    /// The store fails; the result of the previous comparison remains.
    pub async fn compare_clocks(&self) -> Result<(), StoreError> {
        let app = &self.shared.app;
        app.clocks.compare(app.authority.store(), &app.clock).await
    }

    pub(crate) fn app(&self) -> &App {
        &self.shared.app
    }

    /// Whether the clocks differ too much.
    pub(crate) fn clock_disagrees(&self) -> bool {
        self.shared.app.clocks.disagrees()
    }

    /// Who listens to what is revoked.
    pub(crate) fn feed(&self) -> &Arc<Hub> {
        &self.shared.app.feed
    }

    /// Answers one request from `peer`: an address, or a [`Peer`] that was asked for its certificate.
    ///
    /// There is always a response: a panic is answered 500, and a request that takes too long 503.
    pub async fn answer<B>(&self, peer: impl Into<Peer>, mut request: Request<B>) -> Response
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let began = Instant::now();
        let app = &self.shared.app;
        let peer = peer.into();
        let context = self.context(&peer, &request);
        let wants_https = peer.transport() == Transport::Tls && !host::is_localhost(request.headers());
        let target_length = target_length(&request);
        #[cfg(feature = "otlp")]
        let (span, method) = {
            let begin =
                |traces: &Traces| traces.begin(request.headers(), self.shared.proxies.trusts(peer.address()));
            (app.traces.as_ref().and_then(begin), method_name(request.method()))
        };
        app.urls.mount(request.uri_mut());
        let path = request.uri().path();
        let endpoint = Endpoint::at(path);
        let longest = match path {
            // They keep what is too long for an address, so that no page of theirs has one that is.
            path::AUTHORIZE | path::END_SESSION => app.limits.header_bytes.max(app.limits.target_bytes),
            _ => app.limits.target_bytes,
        };
        let is_too_long = target_length > longest;
        let cross_origin = CrossOrigin::of(path, &request);
        let is_told_nonce = dpop::is_told_nonce(app, endpoint, request.headers());
        let mut shows_certificate = false;
        let mut response = if is_too_long {
            on_behalf_of(context.network(), || ApiError::TargetTooLong.into_response(&context))
        } else if let Some(preflight) = cross_origin.as_ref().and_then(CrossOrigin::preflight) {
            preflight
        } else if let Some(document) = document(app, path, request.method(), request.headers()) {
            document
        } else if app.clocks.disagrees() && !is_probe(path) {
            on_behalf_of(context.network(), || ApiError::ClockDisagrees.into_response(&context))
        } else if self.shared.serves_token_api
            && endpoint.is_token_api()
            && let Some(preflight) =
                on_behalf_of(context.network(), || cross_origin_at_token_api(app, &request, &context))
        {
            preflight
        } else {
            if let Some(certificate) = self.certificate(&peer, &request) {
                shows_certificate = true;
                request.extensions_mut().insert(certificate);
            }
            request.extensions_mut().insert(context.clone());
            #[cfg(feature = "otlp")]
            let parts = span.as_ref().map(OpenSpan::parts);
            #[cfg(not(feature = "otlp"))]
            let parts = None;
            match self.route(request, context.network(), parts).await {
                Ok(response) => response,
                Err(error) => on_behalf_of(context.network(), || error.into_response(&context)),
            }
        };
        dpop::tell_nonce(app, is_told_nonce, &mut response);
        if let Some(cross_origin) = cross_origin {
            cross_origin.allow(shows_certificate, response.headers_mut());
        }
        if let Some(whom) = context.readable_by.get() {
            whom.tell(response.headers_mut());
        }
        if let Some(cookie) = context.known_cookie.get() {
            response.headers_mut().append(header::SET_COOKIE, cookie.clone());
        }
        if wants_https {
            response.headers_mut().insert(header::STRICT_TRANSPORT_SECURITY, ONLY_HTTPS);
        }
        name_request(&mut response, &context);
        app.requests.count(endpoint, response.status(), began.elapsed());
        #[cfg(feature = "otlp")]
        if let Some(span) = span {
            span.finish(method, endpoint, response.status());
        }
        response
    }

    fn context<B>(&self, peer: &Peer, request: &Request<B>) -> RequestContext {
        let (shared, peer, headers) = (&*self.shared, peer.address(), request.headers());
        let app = &shared.app;
        let given = if shared.proxies.trusts(peer) { RequestId::from_proxy(headers) } else { None };
        let id = given.unwrap_or_else(|| shared.ids.next());
        let glance = Glance::at(headers);
        let client =
            if glance.forwarding { shared.proxies.client(peer, headers) } else { FoundClient::at(peer) };
        if let Some(oddity) = &client.oddity {
            shared.notices.say(peer, oddity, app.clock.now());
        }
        let known = if glance.cookie { app.cookies.known(headers) } else { None };
        let browser = known.and_then(|cookie| app.authority.sign_in().known_browser(cookie));
        let reader = if glance.reader {
            Reader::of(app.urls.within(request.uri().path()), headers)
        } else {
            Reader::Program
        };
        let user_agent = if glance.reader { headers.get(header::USER_AGENT).cloned() } else { None };
        RequestContext::new(Some(id), client.address, reader, Arc::clone(&app.urls), browser, user_agent)
    }

    /// The certificate whose key the client proved to have: from the handshake if it was requested there, otherwise
    /// from a trusted proxy.
    fn certificate<B>(&self, peer: &Peer, request: &Request<B>) -> Option<ClientCertificate> {
        if let Shown::Asked(certificate) = peer.shown() {
            return certificate.as_deref().cloned();
        }
        let name = self.shared.certificate_header.as_ref()?;
        if !self.shared.proxies.trusts(peer.address()) {
            return None;
        }
        certificate::of(request.headers(), name)
    }

    async fn route<B>(
        &self,
        request: Request<B>,
        network: Network,
        parts: Option<&Parts>,
    ) -> Result<Response, ApiError>
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let limit = self.shared.app.limits.request_time;
        let mut router = self.router.clone();
        let mut answer = pin!(router.call(request));
        let mut timer = pin!(None);
        poll_fn(move |cx| {
            // What a panic leaves behind in the future is never looked at again.
            let mut poll = || on_behalf_of(network, || answer.as_mut().poll(cx));
            match catch_unwind(AssertUnwindSafe(|| with_parts(parts, &mut poll))) {
                Ok(Poll::Ready(response)) => Poll::Ready(Ok(infallible(response))),
                Ok(Poll::Pending) => {
                    poll_deadline(timer.as_mut(), limit, cx).map(|()| Err(ApiError::TimedOut { limit }))
                }
                Err(_) => Poll::Ready(Err(ApiError::Panicked)),
            }
        })
        .await
    }
}

impl Answer for Service {
    fn limits(&self) -> &Limits {
        self.limits()
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.shared.proxies.trusts(address)
    }

    fn leave(&self) -> Duration {
        let app = &self.shared.app;
        app.readiness.leave();
        if app.readiness.is_watched() { app.limits.drain_time } else { Duration::ZERO }
    }

    fn end_streams(&self) {
        self.feed().end();
    }

    /// Answers a request if it is clear which host it is for.
    async fn answer(&self, peer: Peer, request: Request<Incoming>) -> Response {
        const CLOSE: HeaderValue = HeaderValue::from_static("close");
        if host::is_clear(&request, self.shared.app.urls.host()) {
            let mut response = Self::answer(self, peer, request).await;
            // The next request of this client is for a node that stays.
            if self.shared.app.readiness.is_leaving() {
                response.headers_mut().insert(header::CONNECTION, CLOSE);
            }
            return response;
        }
        let context = self.context(&peer, &request);
        let refused = || ApiError::HostUnclear.into_response(&context);
        let mut response = on_behalf_of(context.network(), refused);
        response.headers_mut().insert(header::CONNECTION, CLOSE);
        name_request(&mut response, &context);
        response
    }
}

/// Builds a [`Service`]. A clone builds another one with the same clock.
#[derive(Clone)]
pub struct ServiceBuilder {
    clock: Clock,
    limits: Limits,
    proxies: TrustedProxies,
    token_api: TokenApi,
    token_api_options: TokenApiOptions,
    certificate_header: Option<HeaderName>,
    own_certificates: CertificatesSeen,
    client_roots: Option<TrustRoots>,
    mtls_url: Option<String>,
    fetcher: Fetcher,
    mail: Option<Arc<MailServer>>,
    shown_settings: Arc<[ShownSetting]>,
    routes: Router,
    #[cfg(feature = "otlp")]
    traces: Option<Traces>,
}

impl ServiceBuilder {
    /// Sets the clock.
    #[must_use]
    pub fn clock(self, clock: Clock) -> Self {
        Self { clock, ..self }
    }

    /// Sets the limits for clients.
    #[must_use]
    pub fn limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// Trusts these proxies to report where a request came from.
    #[must_use]
    pub fn trusted_proxies(self, proxies: TrustedProxies) -> Self {
        Self { proxies, ..self }
    }

    /// Sets whether the token API is served.
    #[must_use]
    pub fn token_api(self, token_api: TokenApi) -> Self {
        Self { token_api, ..self }
    }

    /// Sets how the token API is served.
    #[must_use]
    pub fn token_api_options(self, token_api_options: TokenApiOptions) -> Self {
        Self { token_api_options, ..self }
    }

    /// Reads the client's certificate from this header, if a trusted proxy sent it (RFC 8705, RFC 9440).
    ///
    /// The proxy must request certificates, verify them against the operator's own authority for `tls_client_auth`,
    /// and remove the header from incoming requests. Setting `proxy.client_certificate_header`.
    #[must_use]
    pub fn client_certificate_header(self, name: HeaderName) -> Self {
        Self { certificate_header: Some(name), ..self }
    }

    /// Identifies clients by the certificates that they present to the server's own listeners (RFC 8705): self-signed
    /// certificates, and, if roots are given, certificates that lead to one of them.
    #[must_use]
    pub fn client_certificates(self, roots: Option<TrustRoots>) -> Self {
        let own_certificates = match roots {
            Some(_) => CertificatesSeen::Verified,
            None => CertificatesSeen::SelfSigned,
        };
        Self { own_certificates, client_roots: roots, ..self }
    }

    /// Sets the URL for clients with certificates (RFC 8705 §5), where others use the issuer. It has no trailing
    /// slash.
    #[must_use]
    pub fn mtls_url(self, url: impl Into<String>) -> Self {
        Self { mtls_url: Some(url.into()), ..self }
    }

    /// Sets the fetcher, which may reach more than public addresses.
    #[must_use]
    pub fn fetcher(self, fetcher: Fetcher) -> Self {
        Self { fetcher, ..self }
    }

    /// Sends mail over this server. The authority's settings say whether any is queued.
    #[must_use]
    pub fn mail(self, server: MailServer) -> Self {
        Self { mail: Some(Arc::new(server)), ..self }
    }

    /// Sets what administrators see as the settings in force. Secrets must not be among them.
    #[must_use]
    pub fn shown_settings(self, settings: Vec<ShownSetting>) -> Self {
        Self { shown_settings: settings.into(), ..self }
    }

    /// Traces requests.
    #[cfg(feature = "otlp")]
    #[must_use]
    pub fn traces(self, traces: Option<Traces>) -> Self {
        Self { traces, ..self }
    }

    /// Adds routes besides the authority's own. They must not overlap with the authority's, and must have no fallback:
    /// an unknown path is answered 404 here.
    #[must_use]
    pub fn also(self, routes: Router) -> Self {
        Self { routes: self.routes.merge(routes), ..self }
    }

    /// The ports that the authority of the service needs to be opened with: fetching for clients, and verifying their
    /// certificates.
    pub fn ports(&self) -> Ports {
        let (fetcher, clock, places) = (&self.fetcher, &self.clock, FetchPlaces::default());
        let client_keys = RemoteClientKeys::new(fetcher.clone(), clock.clone(), places.clone());
        let client_documents = RemoteClientDocuments::new(fetcher.clone(), clock.clone(), places.clone());
        let client_sectors = RemoteSectors::new(fetcher.clone(), places);
        Ports {
            client_keys: Some(Arc::new(client_keys)),
            client_documents: Some(Arc::new(client_documents)),
            client_sectors: Some(Arc::new(client_sectors)),
            this_machine: match fetcher.allows(Reach::Loopback) {
                true => ThisMachine::Asked,
                false => ThisMachine::OutOfReach,
            },
            certificates: match self.certificate_header {
                // A proxy verifies what its clients show before it passes it on.
                Some(_) => CertificatesSeen::Verified,
                None => self.own_certificates,
            },
            client_roots: self.client_roots.clone(),
            ..Ports::default()
        }
    }

    /// The limits and the trusted proxies so far.
    pub(crate) fn of_connections(&self) -> (&Limits, &TrustedProxies) {
        (&self.limits, &self.proxies)
    }

    /// The service for an authority that was opened with the [ports](Self::ports) of this builder.
    pub fn build(self, authority: Arc<Authority>) -> Service {
        let Self {
            clock,
            limits,
            proxies,
            token_api,
            token_api_options,
            certificate_header,
            mtls_url,
            fetcher,
            mail,
            shown_settings,
            routes,
            #[cfg(feature = "otlp")]
            traces,
            ..
        } = self;
        let postmark = Postmark::of(&authority.settings().issuer);
        let mailer = mail.map(|server| Mailer { server, postmark, tally: MailTally::default() });
        let urls = Urls::of(&authority.settings().issuer);
        let cookies = Cookies::of(&authority.settings().issuer, urls.base());
        let metadata = discovery::metadata(&authority, mtls_url.as_deref());
        let clocks = Arc::new(ClockAgreement::within(limits.clock_difference));
        let feed = Arc::new(Hub::new(Arc::clone(&authority), &limits));
        let relying_party = RelyingParty::of(&authority.settings().issuer);
        let app = Arc::new(App {
            relying_party,
            authority,
            clock,
            limits,
            urls: Arc::new(urls),
            fetcher,
            shown_settings,
            readiness: Readiness::default(),
            clocks,
            cookies,
            token_api: token_api_options,
            mtls_url: mtls_url.map(Into::into),
            metadata,
            feed,
            requests: RequestTally::default(),
            #[cfg(feature = "otlp")]
            traces,
            mailer: mailer.map(Arc::new),
            swept: SweepTally::default(),
            store_reachable: AtomicBool::new(true),
        });
        let router = router(Arc::clone(&app), token_api).merge(routes);
        Service {
            shared: Arc::new(Shared {
                app,
                proxies,
                notices: Notices::default(),
                certificate_header,
                ids: RequestIds::new(),
                serves_token_api: token_api == TokenApi::Served,
            }),
            router,
        }
    }
}

/// Sets the request identifier in the response.
fn name_request(response: &mut Response, context: &RequestContext) {
    if let Some(id) = &context.id {
        response.headers_mut().insert(X_REQUEST_ID, id.as_header().clone());
    }
}

/// The parts of a request that is traced.
#[cfg(feature = "otlp")]
use crate::parts::Parts;
#[cfg(feature = "otlp")]
use crate::parts::on_behalf_of as with_parts;

/// Nothing is traced.
#[cfg(not(feature = "otlp"))]
type Parts = std::convert::Infallible;

#[cfg(not(feature = "otlp"))]
fn with_parts<T>(_: Option<&Parts>, act: impl FnOnce() -> T) -> T {
    act()
}

/// Whether the path is a probe, which is answered whatever is wrong with the node.
fn is_probe(path: &str) -> bool {
    matches!(path, path::HEALTHZ | path::READYZ | path::STARTUPZ)
}

/// The length of a request's target, in any form (RFC 9112 §3.2).
fn target_length<B>(request: &Request<B>) -> usize {
    let uri = request.uri();
    let host = uri.authority().map_or(0, |host| host.as_str().len());
    host + uri.path_and_query().map_or(0, |target| target.as_str().len())
}

fn infallible(response: Result<Response, Infallible>) -> Response {
    match response {
        Ok(response) => response,
    }
}
