//! What is known of a request before any endpoint sees it.

use std::convert::Infallible;
use std::net::IpAddr;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use axum::extract::FromRequestParts;
use http::request::Parts;
use http::{Extensions, HeaderValue};
use jeton_authority::{Caller, KnownBrowser, Network};
use jeton_oauth::Parameters;

use super::id::RequestId;
use super::reader::Reader;
use crate::cors::ReadableBy;
use crate::urls::Urls;

/// What is known of a request before any endpoint sees it, and what its endpoint has the service and the log know. The service puts
/// it into the request's extensions. Cheap to clone: all copies are the same.
#[derive(Debug, Clone)]
pub(crate) struct RequestContext(Arc<Known>);

/// What a [`RequestContext`] holds.
#[derive(Debug)]
pub(crate) struct Known {
    /// What the log and the answer call the request. `None` only if the router is driven without its service.
    pub(crate) id: Option<RequestId>,
    /// The client's address, as far as it can be trusted; `None` where it is unknown.
    pub(crate) client: Option<IpAddr>,
    pub(crate) reader: Reader,
    pub(crate) urls: Arc<Urls>,
    /// The browser, where somebody signed in at it before.
    pub(crate) browser: Option<KnownBrowser>,
    /// What the answer has the browser remember.
    pub(crate) known_cookie: OnceLock<HeaderValue>,
    /// Whose scripts may read the answer, where its endpoint says so.
    pub(crate) readable_by: OnceLock<ReadableBy>,
    /// The client of OAuth that it names, as it was sent, for the log alone.
    client_id: OnceLock<Box<str>>,
    /// The redirect URI that it names, likewise.
    redirect_uri: OnceLock<Box<str>>,
    /// Set where its client authenticated by the header `Authorization`.
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
    /// By the header `Authorization`.
    InHeader,
    /// By the body or its certificate, or not at all.
    Elsewhere,
}

/// How much of what a client sent the log repeats, in characters.
const MAX_LOGGED: usize = 256;

/// As much of what a client sent as the log repeats. The log escapes what it is given.
pub(crate) fn logged(text: &str) -> &str {
    text.char_indices().nth(MAX_LOGGED).map_or(text, |(end, _)| &text[..end])
}

impl RequestContext {
    pub(crate) fn of(extensions: &Extensions) -> Self {
        let known = extensions.get().cloned();
        known.unwrap_or_else(|| Self::new(None, None, Reader::Program, Arc::new(Urls::of("")), None))
    }

    /// The context of a request that nothing else is known of.
    pub(crate) fn new(
        id: Option<RequestId>,
        client: Option<IpAddr>,
        reader: Reader,
        urls: Arc<Urls>,
        browser: Option<KnownBrowser>,
    ) -> Self {
        Self(Arc::new(Known {
            id,
            client,
            reader,
            urls,
            browser,
            known_cookie: OnceLock::new(),
            readable_by: OnceLock::new(),
            client_id: OnceLock::new(),
            redirect_uri: OnceLock::new(),
            authorization_used: OnceLock::new(),
        }))
    }

    /// Remembers that the client authenticated by the header `Authorization`, whatever came of it.
    pub(crate) fn uses_authorization(&self) {
        self.authorization_used.get_or_init(|| ());
    }

    /// Where the client's credentials were looked for.
    pub(crate) fn credentials(&self) -> Credentials {
        match self.authorization_used.get() {
            Some(()) => Credentials::InHeader,
            None => Credentials::Elsewhere,
        }
    }

    /// Remembers which client the request names.
    pub(crate) fn names_client(&self, id: &str) {
        self.client_id.get_or_init(|| logged(id).into());
    }

    /// Remembers what a request of a browser names.
    pub(crate) fn names(&self, parameters: &Parameters) {
        if let Some(id) = parameters.get("client_id") {
            self.names_client(id);
        }
        if let Some(uri) = parameters.get("redirect_uri") {
            self.redirect_uri.get_or_init(|| logged(uri).into());
        }
    }

    /// The client that it names, for the log.
    pub(crate) fn client_id(&self) -> Option<&str> {
        self.client_id.get().map(|id| &**id)
    }

    /// The redirect URI that it names, for the log.
    pub(crate) fn redirect_uri(&self) -> Option<&str> {
        self.redirect_uri.get().map(|uri| &**uri)
    }

    /// Who asks to be signed in.
    pub(crate) fn caller(&self) -> Caller {
        Caller::at(self.client).with_browser(self.browser.clone())
    }

    /// Has the browser remember who signed in at it, by a cookie that the answer takes along.
    pub(crate) fn remember_browser(&self, cookie: HeaderValue) {
        self.known_cookie.get_or_init(|| cookie);
    }

    pub(crate) fn network(&self) -> Network {
        self.client.map_or(Network::Unknown, Network::of)
    }

    /// The request's identifier for the log.
    pub(crate) fn id(&self) -> &str {
        self.id.as_ref().and_then(|id| id.as_header().to_str().ok()).unwrap_or("-")
    }
}
