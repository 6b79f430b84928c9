//! Refusing tokens before they expire: the revocation feed of the issuer (feature `remote`).
//!
//! By its signature, an access token is valid until it expires. A Jeton authority publishes within a second which sessions ended, whose claims
//! changed, which clients changed, and which tokens and keys were revoked. [`Revocations`] reads this feed, and guards that use it refuse the tokens concerned.
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
//! - **Several guards:** clones of one [`Revocations`] share one connection.
//! - **An unreachable feed:** [`WhenCutOff`] decides what guards do. [`Revocations::status`] and the log report it.

mod builder;
mod event_stream;
mod follow;
mod named;
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
pub(crate) use named::Named;
pub(crate) use register::{Name, Revocable};

/// What an issuer revoked, according to its feed. Clones share one connection, which closes when the last clone is dropped.
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
    /// The feed named in the issuer's metadata, verified with the issuer's keys.
    #[must_use]
    pub fn discovered(keys: RemoteJwkSet) -> RevocationsBuilder {
        RevocationsBuilder::discovered(keys)
    }

    /// The feed at this URL, verified with the issuer's keys.
    #[must_use]
    pub fn at(url: RemoteUrl, keys: RemoteJwkSet) -> RevocationsBuilder {
        RevocationsBuilder::at(url, keys)
    }

    /// The state of the connection, for readiness checks and metrics.
    #[must_use]
    pub fn status(&self) -> RevocationsStatus {
        self.0.following.status()
    }

    /// Keeps events long enough for a guard with this leeway.
    pub(crate) fn allow_leeway(&self, leeway: Duration) {
        self.0.following.allow_leeway(leeway);
    }

    /// What a client or a token is called among what is revoked.
    pub(crate) fn name(&self, text: &str) -> Name {
        self.0.following.name(text)
    }

    /// Refuses an otherwise valid token if it was revoked.
    pub(crate) fn check(&self, token: Revocable<'_>, now: Timestamp) -> Result<(), Refusal> {
        self.0.following.check(token, now)
    }
}

impl fmt::Debug for Revocations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Revocations").field("status", &self.status()).finish_non_exhaustive()
    }
}
