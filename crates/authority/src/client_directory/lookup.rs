//! The clients in use: read from the store once, and again when something changed.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use jeton_jose::Timestamp;
use jeton_oauth::client::ClientId;

use super::ClientDirectory;
use crate::Network;
use crate::audit::Actor;
use crate::client::{Client, is_token_apis_own};
use crate::client_directory::is_document_url;
use crate::oauth_error::OAuthError;
use crate::store::{ClientChange, ClientRemoval, StoreError};

/// The most clients that are remembered. Beyond that all are forgotten at once, which is seldom.
const REMEMBERED: usize = 4096;

/// The clients that were asked for since something last changed.
#[derive(Default)]
pub(crate) struct ClientCache {
    clients: RwLock<HashMap<ClientId, Arc<Client>>>,
    /// How often they were forgotten.
    forgotten: AtomicU64,
}

impl ClientCache {
    fn get(&self, id: &ClientId) -> Option<Arc<Client>> {
        self.clients.read().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
    }

    /// Remembers a client that was read once they had been forgotten so often. One that changed while it was read is not remembered.
    fn put(&self, client: &Arc<Client>, forgotten: u64) {
        let mut clients = self.clients.write().unwrap_or_else(PoisonError::into_inner);
        if self.forgotten.load(Ordering::Relaxed) != forgotten {
            return;
        }
        if clients.len() == REMEMBERED {
            clients.clear();
        }
        clients.insert(client.id.clone(), Arc::clone(client));
    }

    /// Forgets all of them.
    pub(crate) fn forget(&self) {
        let mut clients = self.clients.write().unwrap_or_else(PoisonError::into_inner);
        self.forgotten.fetch_add(1, Ordering::Relaxed);
        clients.clear();
    }
}

/// What became of the client that a token was issued to.
pub(crate) enum ClientOfToken {
    /// It has no entry in the store: it is the token API's own, or it is known by its document.
    Unlisted,
    /// It may use its tokens.
    Enabled(Arc<Client>),
    /// It was disabled or removed.
    Disabled,
}

impl ClientDirectory {
    /// The client of this identifier.
    ///
    /// # Errors
    /// When the store fails, or its description cannot be read.
    pub async fn find(&self, id: &ClientId) -> Result<Option<Arc<Client>>, OAuthError> {
        self.find_asked_from(id, None).await
    }

    /// The client of this identifier, at the request of somebody in this network: its document may have to be fetched.
    ///
    /// # Errors
    /// As [`ClientDirectory::find`]; [`OAuthError::TurnedAway`] where too much is fetched already.
    pub(crate) async fn find_asked_from(
        &self,
        id: &ClientId,
        network: Option<Network>,
    ) -> Result<Option<Arc<Client>>, OAuthError> {
        match self.stored(id).await? {
            Some(client) => Ok(Some(client)),
            None => Ok(self.of_document(id, network).await?),
        }
    }

    /// Whether the client that a token was issued to was disabled or removed. A client that is known by its document has no
    /// entry in the store and can be neither.
    pub(crate) async fn is_disabled(&self, id: &str) -> Result<bool, OAuthError> {
        Ok(matches!(self.of_token(id).await?, ClientOfToken::Disabled))
    }

    /// What became of the client that a token was issued to.
    pub(crate) async fn of_token(&self, id: &str) -> Result<ClientOfToken, OAuthError> {
        // The token API's own; every check of one of its tokens comes through here.
        if id == self.settings.client_id {
            return Ok(ClientOfToken::Unlisted);
        }
        let Ok(id) = ClientId::parse(id) else { return Ok(ClientOfToken::Unlisted) };
        Ok(match self.stored(&id).await? {
            Some(client) if client.policy.disabled => ClientOfToken::Disabled,
            Some(client) => ClientOfToken::Enabled(client),
            None if is_document_url(id.as_str()) => ClientOfToken::Unlisted,
            None => ClientOfToken::Disabled,
        })
    }

    pub(crate) async fn stored(&self, id: &ClientId) -> Result<Option<Arc<Client>>, OAuthError> {
        if let Some(client) = self.known.get(id) {
            return Ok(Some(client));
        }
        let forgotten = self.known.forgotten.load(Ordering::Relaxed);
        let Some(stored) = self.store.find_client(id).await? else { return Ok(None) };
        let client = Arc::new(Client::from_stored(&stored, self.keys.master())?);
        self.known.put(&client, forgotten);
        Ok(Some(client))
    }

    /// Adds a client.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn add_client(&self, client: &Client, by: Actor) -> Result<ClientChange, StoreError> {
        if is_token_apis_own(&client.id, &self.settings.client_id) {
            return Ok(ClientChange::IdTaken);
        }
        self.store.add_client(client.to_stored(self.keys.master()), by).await
    }

    /// Changes a client.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn change_client(
        &self,
        client: &Client,
        by: Actor,
        now: Timestamp,
    ) -> Result<ClientChange, StoreError> {
        let Some(before) = self.store.find_client(&client.id).await? else {
            return Ok(ClientChange::Unknown);
        };
        let stored = client.to_stored_instead_of(&before, self.keys.master());
        let outcome = self.store.change_client(stored, by, now).await;
        self.known.forget();
        outcome
    }

    /// Removes a client. Whatever it asks for is refused from then on; the sweep ends its grants.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn remove_client(
        &self,
        id: &ClientId,
        by: Actor,
        now: Timestamp,
    ) -> Result<ClientRemoval, StoreError> {
        let outcome = self.store.remove_client(id, by, now).await;
        self.known.forget();
        outcome
    }
}
