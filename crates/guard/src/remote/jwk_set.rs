//! The keys of one issuer, kept fresh.

use std::fmt;
use std::sync::Arc;

use jeton_fetch::{FetchError, Fetcher, Kept, Origin, RemoteUrl};
use jeton_jose::{Algorithm, KeySet, Timestamp};

use super::builder::RemoteJwkSetBuilder;
use crate::clock::Clock;

/// The JWK Set of one issuer, fetched when it is needed and kept fresh from then on.
///
/// - One fetch at a time, however many requests wait for it; it continues if they are cancelled.
/// - Keys are refreshed after five minutes while they are used; from ten minutes on a request waits for newer ones.
/// - An issuer that cannot be reached is left alone for five seconds; its last keys are used for up to an hour. A set without
///   one usable key counts as not reached.
/// - A token with an unknown `kid` has the set fetched at once, at most every thirty seconds; a `kid` that the issuer
///   turned out not to have, at most every five minutes.
/// - An answer never takes the place of one that was asked for later.
///
/// Clones are one set: guards for several audiences of one issuer share it. It belongs to its issuer and its URL, so keys
/// of one issuer never verify tokens of another, even where both name one URL.
#[derive(Clone)]
pub struct RemoteJwkSet(Kept<IssuerKeys>);

/// The keys as one fetch brought them.
pub(crate) type Fetched = jeton_fetch::Fetched<KeySet>;

/// Where the keys come from: what stays the same from fetch to fetch.
#[derive(Debug)]
pub(super) struct IssuerKeys {
    pub(super) issuer: Box<str>,
    pub(super) location: Location,
    pub(super) fetcher: Fetcher,
    pub(super) clock: Clock,
    pub(super) default_algorithm: Option<Algorithm>,
}

/// Where the set is.
#[derive(Debug)]
pub(super) enum Location {
    Known(RemoteUrl),
    /// The issuer's metadata say it. They are fetched along each time, so a set that moves is followed.
    InMetadata,
}

impl Origin for IssuerKeys {
    type Document = KeySet;

    async fn fetch(&self) -> Result<(KeySet, Box<str>), FetchError> {
        let set = match &self.location {
            Location::Known(url) => self.fetcher.jwk_set(url).await?,
            Location::InMetadata => self.fetcher.jwk_set_of(&self.issuer).await?,
        };
        let keys = match self.default_algorithm {
            Some(algorithm) => KeySet::from_jwk_set_with(&set, algorithm)?,
            None => KeySet::from_jwk_set(&set)?,
        };
        // An issuer that signs has a key. An empty set is a mistake on its side, which would sign out everybody.
        if keys.is_empty() {
            return Err(FetchError::NoUsableKey);
        }
        Ok((keys, set.to_json().as_str().into()))
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn changed(&self, keys: &KeySet) {
        tracing::info!(issuer = %self.issuer, keys = keys.len(), "fetched the issuer's keys");
        for key in keys.skipped() {
            tracing::info!(issuer = %self.issuer, code = key.reason().code(), %key, "skipped an unusable key of the issuer");
        }
    }

    fn failed(&self, error: &FetchError) {
        tracing::warn!(issuer = %self.issuer, code = error.code(), %error, "failed to fetch the issuer's keys");
    }
}

impl RemoteJwkSet {
    pub(super) fn of(kept: Kept<IssuerKeys>) -> Self {
        Self(kept)
    }

    /// The set of this issuer at this URL.
    #[must_use]
    pub fn new(issuer: impl Into<String>, url: RemoteUrl) -> Self {
        RemoteJwkSetBuilder::new(issuer, url).build()
    }

    /// The set that the metadata of this issuer name.
    #[must_use]
    pub fn discovered(issuer: impl Into<String>) -> Self {
        RemoteJwkSetBuilder::discovered(issuer).build()
    }

    /// Whose keys they are.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.0.origin().issuer
    }

    /// Fetches the keys now: when a program starts, so that its first request need not wait, or when an operator knows
    /// that they have changed. A fetch that began earlier is not taken for it.
    ///
    /// # Errors
    /// Why it failed. The keys from before stay in use as long as they may.
    pub async fn reload(&self) -> Result<(), FetchError> {
        self.0.reload().await
    }

    /// When the keys in use were fetched; nothing before the first time.
    #[must_use]
    pub fn fetched_at(&self) -> Option<Timestamp> {
        self.0.fetched_at()
    }

    /// The keys, where they may be used without waiting.
    pub(crate) fn ready(&self, now: Timestamp) -> Option<Arc<Fetched>> {
        self.0.ready(now)
    }

    /// The keys, after waiting for newer ones where they are too old; nothing where none may be used.
    pub(crate) async fn wait(&self, now: Timestamp) -> Option<Arc<Fetched>> {
        self.0.wait(now).await
    }

    /// Newer keys than `seen`, which lack this `kid`; nothing where there are none, or the issuer must not be asked yet.
    pub(crate) async fn look_for(
        &self,
        kid: Option<&str>,
        seen: &Fetched,
        now: Timestamp,
    ) -> Option<Arc<Fetched>> {
        self.0.look_for(kid, seen, now).await
    }
}

impl fmt::Debug for RemoteJwkSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys = self.0.origin();
        f.debug_struct("RemoteJwkSet")
            .field("issuer", &keys.issuer)
            .field("location", &keys.location)
            .finish_non_exhaustive()
    }
}
