//! What the endpoints share.

mod readiness;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use jeton_authority::Authority;
use jeton_authority::passkey::{NoRelyingParty, RelyingParty};
use jeton_fetch::Fetcher;

use crate::cookies::Cookies;
use crate::feed::Hub;
use crate::machine::{Clock, ClockAgreement};
use crate::mail::Mailer;
use crate::respond::Document;
use crate::settings::{Limits, ShownSetting, TokenApiOptions};
use crate::tally::{RequestTally, SweepTally};
#[cfg(feature = "otlp")]
use crate::traces::Traces;
use crate::urls::Urls;

pub(crate) use readiness::{About, NotReady, Readiness};

pub(crate) struct App {
    pub(crate) authority: Arc<Authority>,
    pub(crate) clock: Clock,
    pub(crate) limits: Limits,
    pub(crate) urls: Arc<Urls>,
    /// Makes outgoing requests to URLs from clients.
    pub(crate) fetcher: Fetcher,
    pub(crate) readiness: Readiness,
    /// Whether this node's clock agrees with the database's.
    pub(crate) clocks: Arc<ClockAgreement>,
    /// The relying party of passkeys, or why there is none.
    pub(crate) relying_party: Result<RelyingParty, NoRelyingParty>,
    /// The names of the cookies.
    pub(crate) cookies: Cookies,
    /// The settings of the token API.
    pub(crate) token_api: TokenApiOptions,
    /// The URL for clients with certificates, if it differs from the issuer.
    pub(crate) mtls_url: Option<Box<str>>,
    /// The settings in force, as administrators see them.
    pub(crate) shown_settings: Arc<[ShownSetting]>,
    /// The metadata of the authority, ready to be sent.
    pub(crate) metadata: Document,
    /// Who listens to what is revoked.
    pub(crate) feed: Arc<Hub>,
    /// The requests so far.
    pub(crate) requests: RequestTally,
    /// What traces requests, if they are traced.
    #[cfg(feature = "otlp")]
    pub(crate) traces: Option<Traces>,
    /// What sends mail, if any is sent.
    pub(crate) mailer: Option<Arc<Mailer>>,
    /// How far the sweep is.
    pub(crate) swept: SweepTally,
    /// Whether the store could be read when it was last asked.
    pub(crate) store_reachable: AtomicBool,
}

impl App {
    /// Whether the store could be read when it was last asked.
    pub(crate) fn store_is_reachable(&self) -> bool {
        self.store_reachable.load(Ordering::Relaxed)
    }

    /// The URLs of the endpoint at `path`, beginning with the issuer's.
    pub(crate) fn urls_of(&self, path: &str) -> Vec<String> {
        let issuer = self.authority.settings().issuer.as_str();
        [Some(issuer), self.mtls_url.as_deref()]
            .into_iter()
            .flatten()
            .map(|url| format!("{url}{path}"))
            .collect()
    }
}
