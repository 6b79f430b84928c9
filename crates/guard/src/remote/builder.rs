//! The settings of a remote JWK Set.

use std::time::Duration;

use jeton_fetch::{Fetcher, Freshness, Kept, RemoteUrl};
use jeton_jose::Algorithm;

use super::jwk_set::{IssuerKeys, Location, RemoteJwkSet};
use crate::clock::Clock;

/// The settings of a [`RemoteJwkSet`].
#[derive(Debug)]
pub struct RemoteJwkSetBuilder {
    keys: IssuerKeys,
    freshness: Freshness,
}

impl RemoteJwkSetBuilder {
    /// The JWK Set of this issuer at this URL.
    #[must_use]
    pub fn new(issuer: impl Into<String>, url: RemoteUrl) -> Self {
        Self::at(issuer.into(), Location::Known(url))
    }

    /// The JWK Set in the metadata of this issuer.
    #[must_use]
    pub fn discovered(issuer: impl Into<String>) -> Self {
        Self::at(issuer.into(), Location::InMetadata)
    }

    fn at(issuer: String, location: Location) -> Self {
        Self {
            keys: IssuerKeys {
                issuer: issuer.into(),
                location,
                fetcher: Fetcher::new(),
                clock: Clock::system(),
                default_algorithm: None,
            },
            freshness: Freshness::default(),
        }
    }

    /// Uses this fetcher, which may reach further or trust others.
    #[must_use]
    pub fn fetcher(mut self, fetcher: Fetcher) -> Self {
        self.keys.fetcher = fetcher;
        self
    }

    /// Uses this clock.
    #[must_use]
    pub fn clock(mut self, clock: impl Into<Clock>) -> Self {
        self.keys.clock = clock.into();
        self
    }

    /// Uses keys that have no algorithm, and whose type allows several, for this one. Microsoft Entra ID publishes RSA
    /// keys in this way and means RS256. By default, such keys are skipped.
    #[must_use]
    pub fn default_algorithm(mut self, algorithm: Algorithm) -> Self {
        self.keys.default_algorithm = Some(algorithm);
        self
    }

    /// Sets how long keys are used before a request waits for newer ones (default: 10 minutes), and therefore how long
    /// a key that the issuer withdraws remains valid. They are refreshed in the second half of this time.
    #[must_use]
    pub fn max_age(mut self, max_age: Duration) -> Self {
        self.freshness.max_age = max_age;
        self.freshness.refresh_ahead = max_age / 2;
        self
    }

    /// Sets how long after their fetch old keys are used if the issuer is unreachable (default: 1 hour).
    #[must_use]
    pub fn stale_if_error(mut self, limit: Duration) -> Self {
        self.freshness.stale_if_error = limit;
        self
    }

    /// Sets the shortest interval between two fetches because of unknown keys (default: 30 seconds).
    #[must_use]
    pub fn cool_down(mut self, cool_down: Duration) -> Self {
        self.freshness.cool_down = cool_down;
        self
    }

    /// Builds the set. Nothing is fetched until it is needed, or until [`RemoteJwkSet::reload`].
    #[must_use]
    pub fn build(self) -> RemoteJwkSet {
        RemoteJwkSet::of(Kept::new(self.keys, self.freshness))
    }
}
