//! Configures the connection to a feed.

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

/// Builds [`Revocations`].
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
    /// The default for [`RevocationsBuilder::most`]: 20 MB, enough for 3,000 sign-outs per second.
    pub const DEFAULT_MOST: usize = 1_000_000;
    /// The default for [`RevocationsBuilder::silence`]: two heartbeats of the server, and a moment.
    pub const DEFAULT_SILENCE: Duration = Duration::from_secs(32);

    pub(super) fn discovered(keys: RemoteJwkSet) -> Self {
        Self::new(keys.issuer().to_owned(), Location::InMetadata, FeedKeys::Remote(keys))
    }

    pub(super) fn at(url: RemoteUrl, keys: RemoteJwkSet) -> Self {
        Self::new(keys.issuer().to_owned(), Location::Known(url), FeedKeys::Remote(keys))
    }

    /// The feed at this URL, verified with these keys: for an issuer that shares a secret with its APIs.
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

    /// Connects with this fetcher, which can allow other addresses or trust other roots.
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

    /// Sets what guards do while they are cut off from the feed.
    #[must_use]
    pub fn when_cut_off(mut self, policy: WhenCutOff) -> Self {
        self.when_cut_off = policy;
        self
    }

    /// Reconnects after this long without an event or heartbeat.
    #[must_use]
    pub fn silence(mut self, silence: Duration) -> Self {
        self.silence = silence;
        self
    }

    /// Keeps at most this many sessions, clients and tokens. If the issuer revokes more, guards count as cut off.
    #[must_use]
    pub fn most(mut self, sessions: usize) -> Self {
        self.most = sessions;
        self
    }

    /// Connects, and reads the feed from now on.
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
