//! Metadata documents of clients (OAuth Client ID Metadata Document), which are fetched when a user comes from such a
//! client, and then cached.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use jeton_authority::ports::{ClientDocument, ClientDocuments, FetchFor, TurnedAway};
use jeton_authority::{Network, Refusal};
use jeton_fetch::{FetchError, Fetcher, Freshness, Kept, Origin, RemoteUrl};
use jeton_jose::Timestamp;

use super::known::Known;
use super::places::FetchPlaces;
use crate::machine::Clock;

/// The largest document that is accepted, in bytes (recommended by OAuth Client ID Metadata Document §6.6).
const MAX_BYTES: usize = 5 * 1024;
/// From this age on, a document is fetched again in the background when it is used.
const FRESH: Duration = Duration::from_secs(5 * 60);
/// Up to this age, a document is used immediately while it is fetched again. After that, its user waits for a newer
/// one.
const SERVED_STALE: Duration = Duration::from_secs(60 * 60);
/// Up to this age, a document is used if it cannot be fetched again.
const STALE: Duration = Duration::from_secs(24 * 60 * 60);
/// How long a URL that failed is not fetched again.
const RETRY_PAUSE: Duration = Duration::from_secs(30);

/// The cached documents.
pub(crate) struct RemoteClientDocuments {
    fetcher: Fetcher,
    clock: Clock,
    places: FetchPlaces,
    known: Mutex<Known<Kept<Document>>>,
}

impl RemoteClientDocuments {
    pub(crate) fn new(fetcher: Fetcher, clock: Clock, places: FetchPlaces) -> Self {
        Self { fetcher: fetcher.max_bytes(MAX_BYTES), clock, places, known: Mutex::default() }
    }

    fn document_at(&self, url: &str) -> Option<Kept<Document>> {
        let mut known = self.known();
        if let Some(document) = known.find(url) {
            return Some(document);
        }
        let remote = match RemoteUrl::parse(url) {
            Ok(remote) if remote.is_https() => remote,
            Ok(_) => return None,
            Err(error) => {
                let code = error.code();
                tracing::debug!(url, code, "cannot fetch a client's metadata document: {error}");
                return None;
            }
        };
        let freshness = Freshness {
            refresh_ahead: FRESH,
            max_age: SERVED_STALE,
            stale_if_error: STALE,
            retry_pause: RETRY_PAUSE,
            ..Freshness::default()
        };
        let document = Document { url: remote, fetcher: self.fetcher.clone(), clock: self.clock.clone() };
        let document = Kept::new(document, freshness);
        known.insert(url, document.clone());
        Some(document)
    }

    fn known(&self) -> MutexGuard<'_, Known<Kept<Document>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl ClientDocuments for RemoteClientDocuments {
    async fn document(
        &self,
        url: &str,
        network: Option<Network>,
    ) -> Result<Option<ClientDocument>, TurnedAway> {
        let Some(document) = self.document_at(url) else { return Ok(None) };
        let enter = || self.places.enter(document.origin().url.host(), FetchFor::Stranger(network));
        let fetched = document.wait_admitted(self.clock.now(), enter).await.map_err(|_| TurnedAway)?;
        Ok(fetched.map(|fetched| fetched.document().clone()))
    }

    fn refused(&self, url: &str, reason: &Refusal) {
        let (code, cause) = ("client_document_refused", reason.cause.as_deref());
        tracing::info!(url, code, cause, "refused a client's metadata document: {}", reason.description);
    }

    fn prove(&self, url: &str) {
        self.known().prove(url);
    }
}

struct Document {
    url: RemoteUrl,
    fetcher: Fetcher,
    clock: Clock,
}

impl Origin for Document {
    type Document = ClientDocument;

    async fn fetch(&self) -> Result<(ClientDocument, Box<str>), FetchError> {
        let json = self.fetcher.json(&self.url).await?;
        let tag = String::from_utf8_lossy(&json).into();
        Ok((ClientDocument { json: Arc::from(&*json), fetched_at: self.clock.now() }, tag))
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn changed(&self, _document: &ClientDocument) {
        tracing::debug!(url = %self.url, "fetched a client's metadata document");
    }

    fn failed(&self, error: &FetchError) {
        tracing::info!(url = %self.url, code = error.code(), %error, "failed to fetch a client's metadata document");
    }
}
