//! What a remote JWK Set is made of.

use std::time::Duration;

use jeton_fetch::{Fetcher, Freshness, Kept, RemoteUrl};
use jeton_jose::Algorithm;

use super::jwk_set::{IssuerKeys, Location, RemoteJwkSet};
use crate::clock::Clock;

/// What a [`RemoteJwkSet`] is made of.
#[derive(Debug)]
pub struct RemoteJwkSetBuilder {
    keys: IssuerKeys,
    freshness: Freshness,
}

impl RemoteJwkSetBuilder {
    /// The set of this issuer at this URL.
    #[must_use]
    pub fn new(issuer: impl Into<String>, url: RemoteUrl) -> Self {
        Self::at(issuer.into(), Location::Known(url))
    }

    /// The set that the metadata of this issuer name.
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

    /// Fetches with this fetcher, which may reach further, or trust others.
    #[must_use]
    pub fn fetcher(mut self, fetcher: Fetcher) -> Self {
        self.keys.fetcher = fetcher;
        self
    }

    /// Takes the time from this clock.
    #[must_use]
    pub fn clock(mut self, clock: impl Into<Clock>) -> Self {
        self.keys.clock = clock.into();
        self
    }

    /// Takes keys that name no algorithm, and whose type allows several, to be for this one. Microsoft Entra ID publishes
    /// RSA keys in this way, and means RS256. Such keys are left out unless this is said.
    #[must_use]
    pub fn default_algorithm(mut self, algorithm: Algorithm) -> Self {
        self.keys.default_algorithm = Some(algorithm);
        self
    }

    /// Uses keys for this long before a request waits for newer ones (10 minutes unless set): how long a key that the issuer
    /// withdraws remains valid. They are refreshed in the second half of this time.
    #[must_use]
    pub fn max_age(mut self, max_age: Duration) -> Self {
        self.freshness.max_age = max_age;
        self.freshness.refresh_ahead = max_age / 2;
        self
    }

    /// Keeps using old keys for this long after their fetch while the issuer is unreachable (1 hour unless set).
    #[must_use]
    pub fn stale_if_error(mut self, limit: Duration) -> Self {
        self.freshness.stale_if_error = limit;
        self
    }

    /// Lets unknown keys cause at most one fetch in this time (30 seconds unless set).
    #[must_use]
    pub fn cool_down(mut self, cool_down: Duration) -> Self {
        self.freshness.cool_down = cool_down;
        self
    }

    /// The set. Nothing is fetched before it is needed, or [`RemoteJwkSet::reload`] asks for it.
    #[must_use]
    pub fn build(self) -> RemoteJwkSet {
        RemoteJwkSet::of(Kept::new(self.keys, self.freshness))
    }
}
