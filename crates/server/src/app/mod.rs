//! What the endpoints share.

mod readiness;

use std::sync::Arc;

use jeton_authority::Authority;
use jeton_fetch::Fetcher;

use crate::cookies::Cookies;
use crate::machine::Clock;
use crate::respond::Document;
use crate::settings::{Limits, TokenApiOptions};
use crate::urls::Urls;

pub(crate) use readiness::Readiness;

pub(crate) struct App {
    pub(crate) authority: Arc<Authority>,
    pub(crate) clock: Clock,
    pub(crate) limits: Limits,
    pub(crate) urls: Arc<Urls>,
    /// What asks others, at addresses that clients name.
    pub(crate) fetcher: Fetcher,
    pub(crate) readiness: Readiness,
    /// What the browser's cookies are called.
    pub(crate) cookies: Cookies,
    /// What the operator decides about the token API.
    pub(crate) token_api: TokenApiOptions,
    /// Where clients with certificates come to, if it is another URL than the issuer's.
    pub(crate) mtls_url: Option<Box<str>>,
    /// What describes the authority to clients, ready to be sent.
    pub(crate) metadata: Document,
}

impl App {
    /// The URLs that clients may know the endpoint at `path` by, the issuer's first.
    pub(crate) fn urls_of(&self, path: &str) -> Vec<String> {
        let issuer = self.authority.settings().issuer.as_str();
        [Some(issuer), self.mtls_url.as_deref()]
            .into_iter()
            .flatten()
            .map(|url| format!("{url}{path}"))
            .collect()
    }
}
