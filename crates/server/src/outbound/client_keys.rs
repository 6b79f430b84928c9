//! The JWK Sets that clients publish (`jwks_uri`), fetched when they are needed and then kept fresh.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use jeton_authority::ports::{ClientKeys, FetchFor, TurnedAway};
use jeton_fetch::{FetchError, Fetcher, Freshness, Kept, Origin, RemoteUrl};
use jeton_jose::{Jwk, JwkSet, Timestamp};

use super::known::Known;
use super::places::FetchPlaces;
use crate::machine::Clock;

/// The cached JWK Sets.
pub(crate) struct RemoteClientKeys {
    fetcher: Fetcher,
    clock: Clock,
    places: FetchPlaces,
    sets: Mutex<Known<Kept<PublishedSet>>>,
}

impl RemoteClientKeys {
    pub(crate) fn new(fetcher: Fetcher, clock: Clock, places: FetchPlaces) -> Self {
        Self { fetcher, clock, places, sets: Mutex::default() }
    }

    fn set(&self, uri: &str) -> Option<Kept<PublishedSet>> {
        let mut sets = self.sets();
        if let Some(known) = sets.find(uri) {
            return Some(known);
        }
        let url = match RemoteUrl::parse(uri) {
            Ok(url) => url,
            Err(error) => {
                tracing::warn!(uri, code = error.code(), "cannot fetch a client's keys: {error}");
                return None;
            }
        };
        let set = PublishedSet { url, fetcher: self.fetcher.clone(), clock: self.clock.clone() };
        let set = Kept::new(set, Freshness::default());
        sets.insert(uri, set.clone());
        Some(set)
    }

    fn sets(&self) -> MutexGuard<'_, Known<Kept<PublishedSet>>> {
        self.sets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl ClientKeys for RemoteClientKeys {
    async fn jwk_set(
        &self,
        uri: &str,
        wanted_kid: Option<&str>,
        cause: FetchFor,
    ) -> Result<Option<Arc<JwkSet>>, TurnedAway> {
        let Some(set) = self.set(uri) else { return Ok(None) };
        if cause == FetchFor::OperatorsClient {
            self.prove(uri);
        }
        let now = self.clock.now();
        let enter = || self.places.enter(set.origin().url.host(), cause);
        let Some(fetched) = set.wait_admitted(now, enter).await.map_err(|_| TurnedAway)? else {
            return Ok(None);
        };
        let has = |kid| fetched.document().keys().iter().any(|key: &Jwk| key.kid() == Some(kid));
        if wanted_kid.is_none_or(has) {
            return Ok(Some(Arc::clone(fetched.document())));
        }
        let newer = set.look_for_admitted(wanted_kid, &fetched, now, enter).await;
        let newest = newer.map_err(|_| TurnedAway)?.unwrap_or(fetched);
        Ok(Some(Arc::clone(newest.document())))
    }

    fn prove(&self, uri: &str) {
        self.sets().prove(uri);
    }
}

struct PublishedSet {
    url: RemoteUrl,
    fetcher: Fetcher,
    clock: Clock,
}

impl Origin for PublishedSet {
    type Document = Arc<JwkSet>;

    async fn fetch(&self) -> Result<(Arc<JwkSet>, Box<str>), FetchError> {
        let set = self.fetcher.jwk_set(&self.url).await?;
        set.check_public()?;
        if set.keys().is_empty() {
            return Err(FetchError::NoUsableKey);
        }
        let tag = set.to_json().as_str().into();
        Ok((Arc::new(set), tag))
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn changed(&self, set: &Arc<JwkSet>) {
        tracing::info!(uri = %self.url, keys = set.keys().len(), "fetched a client's keys");
        for key in set.skipped() {
            tracing::info!(uri = %self.url, code = key.reason().code(), %key, "skipped an unusable key of a client");
        }
    }

    fn failed(&self, error: &FetchError) {
        tracing::warn!(uri = %self.url, code = error.code(), %error, "failed to fetch a client's keys");
    }
}
