//! Tokens that are refused before they expire: the revocation feed of the issuer (feature `remote`).
//!
//! An access token is good until it expires, as far as cryptography can tell. A Jeton authority says within a second which sessions ended,
//! whose claims changed and which keys were withdrawn; [`Revocations`] listens, and guards that were given it refuse those tokens.
//!
//! ```no_run
//! use jeton_guard::Guard;
//! use jeton_guard::remote::RemoteJwkSet;
//! use jeton_guard::revocations::Revocations;
//!
//! # async fn run() -> Result<(), jeton_guard::remote::FetchError> {
//! let keys = RemoteJwkSet::discovered("https://auth.example");
//! let revocations = Revocations::discovered(keys.clone()).start()?;
//! let guard = Guard::remote("https://api.example", keys).revocations(revocations.clone()).build();
//! # Ok(()) }
//! ```
//!
//! - **Several guards?** Clones of one [`Revocations`] share one connection.
//! - **The feed cannot be reached?** [`WhenCutOff`] decides; [`Revocations::status`] says it, for readiness and metrics, and so does the log.

mod builder;
mod event_stream;
mod follow;
mod pace;
mod reading;
mod register;
mod status;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jeton_jose::Timestamp;
use tokio::task::AbortHandle;

pub use builder::RevocationsBuilder;
pub use status::{FeedState, RevocationsStatus, WhenCutOff};

use crate::refusal::Refusal;
use crate::remote::{RemoteJwkSet, RemoteUrl};
use follow::Following;
pub(crate) use register::{Revocable, Sid, parse_sid};

/// What an issuer revoked, as its feed says it. Clones are one; the connection ends with the last of them.
#[derive(Clone)]
pub struct Revocations(Arc<Handle>);

struct Handle {
    following: Arc<Following>,
    task: AbortHandle,
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Revocations {
    /// The feed that the issuer's metadata name, verified with the issuer's keys.
    #[must_use]
    pub fn discovered(keys: RemoteJwkSet) -> RevocationsBuilder {
        RevocationsBuilder::discovered(keys)
    }

    /// The feed at this URL, verified with the issuer's keys.
    #[must_use]
    pub fn at(url: RemoteUrl, keys: RemoteJwkSet) -> RevocationsBuilder {
        RevocationsBuilder::at(url, keys)
    }

    /// How it stands, for readiness checks and metrics.
    #[must_use]
    pub fn status(&self) -> RevocationsStatus {
        self.0.following.status()
    }

    /// Keeps what was revoked for as long as a guard with this leeway takes tokens from before it.
    pub(crate) fn allow_leeway(&self, leeway: Duration) {
        self.0.following.allow_leeway(leeway);
    }

    /// Why a token is refused that is good otherwise, if it is.
    pub(crate) fn check(&self, token: Revocable<'_>, now: Timestamp) -> Result<(), Refusal> {
        self.0.following.check(token, now)
    }
}

impl fmt::Debug for Revocations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Revocations").field("status", &self.status()).finish_non_exhaustive()
    }
}
