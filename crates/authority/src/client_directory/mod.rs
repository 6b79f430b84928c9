//! All clients: found in the store or by the URL of their metadata document, added, changed and removed.

mod document;
mod for_client;
mod lookup;
mod remote_keys;

pub(crate) use document::is_document_url;
pub(crate) use for_client::Content;
pub(crate) use lookup::ClientOfToken;

use std::sync::Arc;

use self::lookup::ClientCache;
use crate::keyring::Keys;
use crate::ports::{ClientDocuments, ClientKeys};
use crate::settings::Settings;
use crate::store::Store;

/// All clients.
pub struct ClientDirectory {
    store: Arc<dyn Store>,
    settings: Arc<Settings>,
    keys: Arc<Keys>,
    client_keys: Option<Arc<dyn ClientKeys>>,
    client_documents: Option<Arc<dyn ClientDocuments>>,
    known: ClientCache,
}

impl ClientDirectory {
    pub(crate) fn new(
        store: Arc<dyn Store>,
        settings: Arc<Settings>,
        keys: Arc<Keys>,
        client_keys: Option<Arc<dyn ClientKeys>>,
        client_documents: Option<Arc<dyn ClientDocuments>>,
    ) -> Self {
        Self { store, settings, keys, client_keys, client_documents, known: ClientCache::default() }
    }

    /// Clears the cache of stored clients.
    pub(crate) fn forget(&self) {
        self.known.forget();
    }
}
