//! The documents that clients are named by (OAuth Client ID Metadata Document), fetched when somebody comes from such a client
//! and kept for a while.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use jeton_authority::client::{ClientDocument, ClientDocuments};
use jeton_fetch::{Fetcher, RemoteUrl};
use jeton_jose::Timestamp;
use tokio::sync::{Mutex as Turn, Semaphore};

use crate::clock::Clock;

/// The most documents that are remembered. Beyond that all are forgotten at once, which is seldom.
const REMEMBERED: usize = 1024;
/// The most documents that are fetched at once: anybody can name any address.
const AT_ONCE: usize = 16;
/// The largest document that is taken, in bytes (OAuth Client ID Metadata Document §6.6 recommends it).
const MAX_BYTES: usize = 5 * 1024;
/// For how long a document is taken as it is.
const FRESH: Duration = Duration::from_secs(5 * 60);
/// For how long a document that cannot be fetched again is still used.
const STALE: Duration = Duration::from_secs(24 * 60 * 60);
/// For how long an address that failed is left alone.
const RETRY_PAUSE: Duration = Duration::from_secs(30);

/// The documents that were asked for.
pub(crate) struct RemoteClientDocuments {
    fetcher: Fetcher,
    clock: Clock,
    known: Mutex<HashMap<Box<str>, Arc<Turn<Known>>>>,
    at_once: Semaphore,
}

/// What is known of one document.
#[derive(Default)]
struct Known {
    document: Option<ClientDocument>,
    failed_at: Option<Timestamp>,
}

impl RemoteClientDocuments {
    pub(crate) fn new(fetcher: Fetcher, clock: Clock) -> Self {
        let at_once = Semaphore::new(AT_ONCE);
        Self { fetcher: fetcher.max_bytes(MAX_BYTES), clock, known: Mutex::default(), at_once }
    }

    fn known(&self, url: &str) -> Arc<Turn<Known>> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(document) = known.get(url) {
            return Arc::clone(document);
        }
        if known.len() == REMEMBERED {
            known.clear();
        }
        Arc::clone(known.entry(url.into()).or_default())
    }

    async fn fetch(&self, url: &str) -> Option<ClientDocument> {
        // Whoever comes when this many are under way is turned away rather than queued.
        let _permit = self.at_once.try_acquire().ok()?;
        let url = match RemoteUrl::parse(url) {
            Ok(url) if url.is_https() => url,
            Ok(_) => return None,
            Err(error) => {
                tracing::info!(
                    url,
                    code = error.code(),
                    "the document of a client cannot be fetched: {error}"
                );
                return None;
            }
        };
        match self.fetcher.json(&url).await {
            Ok(json) => Some(ClientDocument { json: Arc::from(&*json), fetched_at: self.clock.now() }),
            Err(error) => {
                tracing::info!(%url, code = error.code(), %error, "the document of a client was not fetched");
                None
            }
        }
    }
}

#[async_trait]
impl ClientDocuments for RemoteClientDocuments {
    async fn document(&self, url: &str) -> Option<ClientDocument> {
        let known = self.known(url);
        // One fetch of a document at a time, however many wait for it.
        let mut known = known.lock().await;
        let now = self.clock.now();
        let younger = |since: Timestamp, than: Duration| now < since.saturating_add(than);
        let kept = known.document.clone().filter(|document| younger(document.fetched_at, STALE));
        let fresh = kept.as_ref().is_some_and(|document| younger(document.fetched_at, FRESH));
        if fresh || known.failed_at.is_some_and(|failed_at| younger(failed_at, RETRY_PAUSE)) {
            return kept;
        }
        match self.fetch(url).await {
            Some(document) => {
                *known = Known { document: Some(document.clone()), failed_at: None };
                Some(document)
            }
            None => {
                known.failed_at = Some(self.clock.now());
                kept
            }
        }
    }
}
