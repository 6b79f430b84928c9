//! What is known about a request before its endpoint sees it.

use std::convert::Infallible;
use std::net::IpAddr;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use axum::extract::FromRequestParts;
use http::request::Parts;
use http::{Extensions, HeaderValue};
use jeton_authority::mail::device_in_words;
use jeton_authority::{Caller, KnownBrowser, Network};
use jeton_oauth::Parameters;

use super::id::RequestId;
use super::reader::Reader;
use crate::cors::ReadableBy;
use crate::urls::Urls;

/// What is known about a request before its endpoint sees it, and what the endpoint reports back to the service and
/// the log. The service inserts it into the request's extensions. Cloning is cheap, and all clones share one state.
#[derive(Debug, Clone)]
pub(crate) struct RequestContext(Arc<Known>);

/// The shared state of a [`RequestContext`].
#[derive(Debug)]
pub(crate) struct Known {
    /// The request identifier for log and response. `None` only if the router runs without its service.
    pub(crate) id: Option<RequestId>,
    /// The client's address, if it can be trusted; `None` if it is unknown.
    pub(crate) client: Option<IpAddr>,
    pub(crate) reader: Reader,
    pub(crate) urls: Arc<Urls>,
    /// The browser, if somebody signed in with it before.
    pub(crate) browser: Option<KnownBrowser>,
    /// What a browser says of itself.
    user_agent: Option<HeaderValue>,
    /// The cookies that the response sets.
    pub(crate) known_cookie: OnceLock<HeaderValue>,
    /// Whose scripts may read the response, if the endpoint decides that.
    pub(crate) readable_by: OnceLock<ReadableBy>,
    /// The OAuth client in the request, as it was sent, for the log only.
    client_id: OnceLock<Box<str>>,
    /// The redirect URI in the request, as it was sent, for the log only.
    redirect_uri: OnceLock<Box<str>>,
    /// Set if the client authenticated with the `Authorization` header.
    authorization_used: OnceLock<()>,
}

impl<S: Sync> FromRequestParts<S> for RequestContext {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.extensions))
    }
}

impl Deref for RequestContext {
    type Target = Known;

    fn deref(&self) -> &Known {
        &self.0
    }
}

/// How a client authenticated, or tried to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Credentials {
    /// With the `Authorization` header.
    InHeader,
    /// With the body or its certificate, or not at all.
    Elsewhere,
}

/// How many characters of client input the log repeats.
const MAX_LOGGED: usize = 256;

/// Client input, shortened for the log. The log escapes it.
pub(crate) fn logged(text: &str) -> &str {
    text.char_indices().nth(MAX_LOGGED).map_or(text, |(end, _)| &text[..end])
}

impl RequestContext {
    pub(crate) fn of(extensions: &Extensions) -> Self {
        let known = extensions.get().cloned();
        known.unwrap_or_else(|| Self::new(None, None, Reader::Program, Arc::new(Urls::of("")), None, None))
    }

    /// The context of a request about which nothing else is known.
    pub(crate) fn new(
        id: Option<RequestId>,
        client: Option<IpAddr>,
        reader: Reader,
        urls: Arc<Urls>,
        browser: Option<KnownBrowser>,
        user_agent: Option<HeaderValue>,
    ) -> Self {
        Self(Arc::new(Known {
            id,
            client,
            reader,
            urls,
            browser,
            user_agent,
            known_cookie: OnceLock::new(),
            readable_by: OnceLock::new(),
            client_id: OnceLock::new(),
            redirect_uri: OnceLock::new(),
            authorization_used: OnceLock::new(),
        }))
    }

    /// Records that the client used the `Authorization` header, successfully or not.
    pub(crate) fn uses_authorization(&self) {
        self.authorization_used.get_or_init(|| ());
    }

    /// Where the client's credentials were.
    pub(crate) fn credentials(&self) -> Credentials {
        match self.authorization_used.get() {
            Some(()) => Credentials::InHeader,
            None => Credentials::Elsewhere,
        }
    }

    /// Records which client the request names.
    pub(crate) fn names_client(&self, id: &str) {
        self.client_id.get_or_init(|| logged(id).into());
    }

    /// Records the client and the redirect URI that a browser's request names.
    pub(crate) fn names(&self, parameters: &Parameters) {
        if let Some(id) = parameters.get("client_id") {
            self.names_client(id);
        }
        if let Some(uri) = parameters.get("redirect_uri") {
            self.redirect_uri.get_or_init(|| logged(uri).into());
        }
    }

    /// The client in the request, for the log.
    pub(crate) fn client_id(&self) -> Option<&str> {
        self.client_id.get().map(|id| &**id)
    }

    /// The redirect URI in the request, for the log.
    pub(crate) fn redirect_uri(&self) -> Option<&str> {
        self.redirect_uri.get().map(|uri| &**uri)
    }

    /// Where the sign-in comes from.
    pub(crate) fn caller(&self) -> Caller {
        let device =
            self.user_agent.as_ref().and_then(|user_agent| device_in_words(user_agent.to_str().ok()?));
        Caller::at(self.client).with_browser(self.browser.clone()).with_device(&device.unwrap_or_default())
    }

    /// Sets a cookie by which the browser is recognized as one that this user signed in with.
    pub(crate) fn remember_browser(&self, cookie: HeaderValue) {
        self.known_cookie.get_or_init(|| cookie);
    }

    pub(crate) fn network(&self) -> Network {
        self.client.map_or(Network::Unknown, Network::of)
    }

    /// The request identifier for the log.
    pub(crate) fn id(&self) -> &str {
        self.id.as_ref().and_then(|id| id.as_header().to_str().ok()).unwrap_or("-")
    }
}
