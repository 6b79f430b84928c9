//! Adding, changing and removing clients at the request of an operator.

use async_trait::async_trait;
use jeton_jose::Timestamp;
use jeton_oauth::client::{ClientId, ClientMetadata};

use super::{ClientAdminError, ClientDescription, Drafted, NotOfSector, SecretChoice, draft};
use crate::ShownDigest;
use crate::audit::Actor;
use crate::client::{Client, NewClient, is_token_apis_own};
use crate::keyring::make_for_client;
use crate::keys::MasterKey;
use crate::random::Random;
use crate::store::{ClientChange, ClientRemoval, Store, StoreError};

/// How many clients are read at once.
const PAGE: u32 = 1_000;

/// Sees whether a client belongs to the sector that it names (OpenID Connect Dynamic Client Registration §5).
#[async_trait]
pub trait SectorCheck: Send + Sync {
    /// Fetches the list of the sector, if the client names one.
    ///
    /// # Errors
    /// [`NotOfSector`] where the client does not belong to it, or the list cannot be had.
    async fn check(&self, metadata: &ClientMetadata) -> Result<(), NotOfSector>;
}

/// Adds, changes and removes clients of an open store. No server has to run; one that does follows by itself.
pub struct ClientLifecycle<'a> {
    /// Where clients are kept.
    pub store: &'a dyn Store,
    /// What their secrets are sealed under.
    pub master: &'a MasterKey,
    /// What draws their secrets.
    pub random: &'a dyn Random,
    /// What sees whether they belong to their sectors.
    pub sectors: &'a dyn SectorCheck,
    /// What the token API's own client is called.
    pub token_api_client: &'a str,
}

impl ClientLifecycle<'_> {
    /// The client of this identifier.
    ///
    /// # Errors
    /// [`ClientAdminError::Unknown`] where there is none, or its description cannot be read.
    pub async fn find(&self, id: &ClientId) -> Result<Client, ClientAdminError> {
        let stored = self.store.find_client(id).await?;
        let stored = stored.ok_or_else(|| ClientAdminError::Unknown(id.clone()))?;
        Ok(Client::from_stored(&stored, self.master)?)
    }

    /// All clients, in the order of their identifiers.
    ///
    /// # Errors
    /// When the store fails, or a description cannot be read.
    pub async fn list(&self) -> Result<Vec<Client>, ClientAdminError> {
        let (mut clients, mut after) = (Vec::new(), None);
        let store = self.store.for_lists().unwrap_or(self.store);
        loop {
            let page = store.list_clients(after.as_ref(), PAGE).await?;
            let Some(last) = page.last() else { return Ok(clients) };
            after = Some(last.id.clone());
            for stored in &page {
                clients.push(Client::from_stored(stored, self.master)?);
            }
        }
    }

    /// Adds a client. What is not said of it is what most libraries expect.
    ///
    /// # Errors
    /// [`ClientAdminError`] says why not.
    pub async fn add(
        &self,
        id: ClientId,
        description: &ClientDescription,
        secret: SecretChoice,
        by: Actor,
        now: Timestamp,
    ) -> Result<Drafted, ClientAdminError> {
        if is_token_apis_own(&id, self.token_api_client) {
            return Err(ClientAdminError::Reserved(id));
        }
        let (metadata, policy) = description.of_new_client()?;
        let new = NewClient { id, metadata, policy, secret: None, registration_token: None, created_at: now };
        let drafted = draft(new, secret, self.random)?;
        self.sectors.check(&drafted.client.metadata).await?;
        make_for_client(self.store, self.master, &drafted.client, now).await?;
        match self.store.add_client(drafted.client.to_stored(self.master), by).await? {
            ClientChange::Done => Ok(drafted),
            _ => Err(ClientAdminError::Exists(drafted.client.id)),
        }
    }

    /// Changes what is said of a client, and its secret. Its grants and what users allowed it stay.
    ///
    /// # Errors
    /// [`ClientAdminError`] says why not.
    pub async fn change(
        &self,
        id: &ClientId,
        description: &ClientDescription,
        secret: SecretChoice,
        by: Actor,
        now: Timestamp,
    ) -> Result<Drafted, ClientAdminError> {
        self.change_version(id, None, description, secret, by, now).await
    }

    /// The same for a client of the expected version ([`crate::client::StoredClient::version`]), if it matters.
    ///
    /// # Errors
    /// [`ClientAdminError::Outdated`] if the client was changed since; as [`ClientLifecycle::change`].
    pub async fn change_version(
        &self,
        id: &ClientId,
        expected: Option<ShownDigest>,
        description: &ClientDescription,
        secret: SecretChoice,
        by: Actor,
        now: Timestamp,
    ) -> Result<Drafted, ClientAdminError> {
        let mut client = self.find(id).await?;
        description.change(&mut client.metadata, &mut client.policy)?;
        let drafted = draft(client.into(), secret, self.random)?;
        self.sectors.check(&drafted.client.metadata).await?;
        self.write(drafted, expected, by, now).await
    }

    /// Refuses a client whatever it asks for. No session ends: [`ClientLifecycle::enable`] reverts everything.
    ///
    /// # Errors
    /// As [`ClientLifecycle::change`].
    pub async fn disable(
        &self,
        id: &ClientId,
        by: Actor,
        now: Timestamp,
    ) -> Result<Drafted, ClientAdminError> {
        let mut client = self.find(id).await?;
        client.policy.disabled = true;
        self.write(draft(client.into(), SecretChoice::AsNeeded, self.random)?, None, by, now).await
    }

    /// Lets a disabled client ask again.
    ///
    /// # Errors
    /// As [`ClientLifecycle::change`].
    pub async fn enable(
        &self,
        id: &ClientId,
        by: Actor,
        now: Timestamp,
    ) -> Result<Drafted, ClientAdminError> {
        let mut client = self.find(id).await?;
        client.policy.disabled = false;
        self.write(draft(client.into(), SecretChoice::AsNeeded, self.random)?, None, by, now).await
    }

    /// Removes a client: whatever it asks for is refused from now on. [`ClientLifecycle::end_removed`] ends its grants.
    ///
    /// # Errors
    /// [`ClientAdminError::Unknown`] where there is no such client, or the store fails.
    pub async fn remove(&self, id: &ClientId, by: Actor, now: Timestamp) -> Result<(), ClientAdminError> {
        match self.store.remove_client(id, by, now).await? {
            ClientRemoval::Removed => Ok(()),
            ClientRemoval::Unknown => Err(ClientAdminError::Unknown(id.clone())),
        }
    }

    /// Ends the grants of a client that was removed, and forgets what users allowed it. Answers how many grants that were alive
    /// ended. A running server does it otherwise, after a while.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn end_removed(&self, id: &ClientId) -> Result<u64, StoreError> {
        self.store.end_removed_client(id).await
    }

    async fn write(
        &self,
        drafted: Drafted,
        expected: Option<ShownDigest>,
        by: Actor,
        now: Timestamp,
    ) -> Result<Drafted, ClientAdminError> {
        make_for_client(self.store, self.master, &drafted.client, now).await?;
        let before = self.store.find_client(&drafted.client.id).await?;
        let before = before.ok_or_else(|| ClientAdminError::Unknown(drafted.client.id.clone()))?;
        let stored = drafted.client.to_stored_instead_of(&before, self.master);
        let change = match expected {
            Some(expected) => self.store.change_client_version(stored, expected, by, now).await?,
            None => self.store.change_client(stored, by, now).await?,
        };
        match change {
            ClientChange::Done => Ok(drafted),
            ClientChange::Outdated => Err(ClientAdminError::Outdated),
            _ => Err(ClientAdminError::Unknown(drafted.client.id)),
        }
    }
}
