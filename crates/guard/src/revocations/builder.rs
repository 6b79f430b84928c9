//! What the feed of an issuer is followed with.

use std::sync::Arc;
use std::time::Duration;

use jeton_fetch::{FetchError, Fetcher, RemoteUrl};
use jeton_jose::KeySet;
use tokio::runtime::Handle as Runtime;

use super::follow::{Following, Location, follow};
use super::reading::FeedKeys;
use super::status::WhenCutOff;
use super::{Handle, Revocations};
use crate::clock::Clock;
use crate::remote::RemoteJwkSet;

/// What [`Revocations`] are made of.
#[derive(Debug)]
pub struct RevocationsBuilder {
    issuer: String,
    location: Location,
    keys: FeedKeys,
    fetcher: Fetcher,
    clock: Clock,
    when_cut_off: WhenCutOff,
    silence: Duration,
    most: usize,
}

impl RevocationsBuilder {
    /// How many sessions are kept at most, unless set: 20 MB of them, with 3,000 sign-outs a second.
    pub const DEFAULT_MOST: usize = 1_000_000;
    /// After how long without a sign of life the connection counts as dead, unless set: two heartbeats of the server, and a moment.
    pub const DEFAULT_SILENCE: Duration = Duration::from_secs(32);

    pub(super) fn discovered(keys: RemoteJwkSet) -> Self {
        Self::new(keys.issuer().to_owned(), Location::InMetadata, FeedKeys::Remote(keys))
    }

    pub(super) fn at(url: RemoteUrl, keys: RemoteJwkSet) -> Self {
        Self::new(keys.issuer().to_owned(), Location::Known(url), FeedKeys::Remote(keys))
    }

    /// The feed at this URL, verified with these keys: where the issuer publishes none, because it shares a secret with its APIs.
    #[must_use]
    pub fn with_keys(issuer: impl Into<String>, url: RemoteUrl, keys: impl Into<KeySet>) -> Self {
        Self::new(issuer.into(), Location::Known(url), FeedKeys::Fixed(keys.into()))
    }

    fn new(issuer: String, location: Location, keys: FeedKeys) -> Self {
        Self {
            issuer,
            location,
            keys,
            fetcher: Fetcher::new(),
            clock: Clock::system(),
            when_cut_off: WhenCutOff::default(),
            silence: Self::DEFAULT_SILENCE,
            most: Self::DEFAULT_MOST,
        }
    }

    /// Connects with this fetcher, which may reach further, or trust others.
    #[must_use]
    pub fn fetcher(mut self, fetcher: Fetcher) -> Self {
        self.fetcher = fetcher;
        self
    }

    /// Takes the time from this clock.
    #[must_use]
    pub fn clock(mut self, clock: impl Into<Clock>) -> Self {
        self.clock = clock.into();
        self
    }

    /// Decides what guards do while the feed is not heard.
    #[must_use]
    pub fn when_cut_off(mut self, policy: WhenCutOff) -> Self {
        self.when_cut_off = policy;
        self
    }

    /// Takes the connection for dead after this long without a sign of life.
    #[must_use]
    pub fn silence(mut self, silence: Duration) -> Self {
        self.silence = silence;
        self
    }

    /// Keeps at most so many sessions. Where the issuer revokes more, guards count as cut off.
    #[must_use]
    pub fn most(mut self, sessions: usize) -> Self {
        self.most = sessions;
        self
    }

    /// Connects, and listens from now on.
    ///
    /// # Errors
    /// [`FetchError::NoRuntime`] outside of a tokio runtime.
    pub fn start(self) -> Result<Revocations, FetchError> {
        let runtime = Runtime::try_current().map_err(|_| FetchError::NoRuntime)?;
        let Self { issuer, location, keys, fetcher, clock, when_cut_off, silence, most } = self;
        let following =
            Arc::new(Following::new(issuer, location, fetcher, clock, when_cut_off, silence, most));
        let task = runtime.spawn(follow(Arc::clone(&following), keys)).abort_handle();
        Ok(Revocations(Arc::new(Handle { following, task })))
    }
}
