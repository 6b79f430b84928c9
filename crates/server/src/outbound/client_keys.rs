//! The JWK Sets that clients publish (`jwks_uri`), fetched when they are needed and kept fresh.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use jeton_authority::client::ClientKeys;
use jeton_fetch::{FetchError, Fetcher, Freshness, Kept, Origin, RemoteUrl};
use jeton_jose::{Jwk, JwkSet, Timestamp};

use crate::clock::Clock;

/// The most sets that are remembered. Beyond that all are forgotten at once, which is seldom.
const REMEMBERED: usize = 1024;

/// The sets that were asked for.
pub(crate) struct RemoteClientKeys {
    fetcher: Fetcher,
    clock: Clock,
    sets: Mutex<HashMap<Box<str>, Kept<PublishedSet>>>,
}

impl RemoteClientKeys {
    pub(crate) fn new(fetcher: Fetcher, clock: Clock) -> Self {
        Self { fetcher, clock, sets: Mutex::default() }
    }

    fn set(&self, uri: &str) -> Option<Kept<PublishedSet>> {
        let mut sets = self.sets.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = sets.get(uri) {
            return Some(known.clone());
        }
        let url = match RemoteUrl::parse(uri) {
            Ok(url) => url,
            Err(error) => {
                tracing::warn!(uri, code = error.code(), "the keys of a client cannot be fetched: {error}");
                return None;
            }
        };
        let set = PublishedSet { url, fetcher: self.fetcher.clone(), clock: self.clock.clone() };
        let set = Kept::new(set, Freshness::default());
        if sets.len() == REMEMBERED {
            sets.clear();
        }
        sets.insert(uri.into(), set.clone());
        Some(set)
    }
}

#[async_trait]
impl ClientKeys for RemoteClientKeys {
    async fn jwk_set(&self, uri: &str, wanted_kid: Option<&str>) -> Option<Arc<JwkSet>> {
        let set = self.set(uri)?;
        let now = self.clock.now();
        let fetched = set.wait(now).await?;
        let has = |kid| fetched.document().keys().iter().any(|key: &Jwk| key.kid() == Some(kid));
        if wanted_kid.is_none_or(has) {
            return Some(Arc::clone(fetched.document()));
        }
        let newer = set.look_for(wanted_kid, &fetched, now).await.unwrap_or(fetched);
        Some(Arc::clone(newer.document()))
    }
}

/// One client's set.
struct PublishedSet {
    url: RemoteUrl,
    fetcher: Fetcher,
    clock: Clock,
}

impl Origin for PublishedSet {
    type Document = Arc<JwkSet>;

    async fn fetch(&self) -> Result<(Arc<JwkSet>, Box<str>), FetchError> {
        let set = self.fetcher.jwk_set(&self.url).await?;
        let tag = set.to_json().as_str().into();
        Ok((Arc::new(set), tag))
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn changed(&self, set: &Arc<JwkSet>) {
        tracing::info!(uri = %self.url, keys = set.keys().len(), "the keys of a client were fetched");
    }

    fn failed(&self, error: &FetchError) {
        tracing::warn!(uri = %self.url, code = error.code(), %error, "the keys of a client were not fetched");
    }
}
