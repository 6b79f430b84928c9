//! Clients, and what users allowed them.

use async_trait::async_trait;
use jeton_jose::Timestamp;
use jeton_oauth::client::ClientId;

use super::StoreError;
use crate::UserId;
use crate::client::{Consent, StoredClient};

/// The outcome of writing a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientChange {
    /// It is written.
    Done,
    /// There is a client of that identifier already; nothing was changed.
    IdTaken,
    /// There is no such client.
    Unknown,
}

/// The outcome of removing a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientRemoval {
    /// It is gone; so many grants of it ended.
    Removed {
        /// How many grants that were alive ended.
        grants_ended: u64,
    },
    /// There is no such client.
    Unknown,
}

/// What the authority remembers of clients.
#[async_trait]
pub trait ClientStore {
    /// Adds a client. Audited.
    async fn add_client(&self, client: StoredClient) -> Result<ClientChange, StoreError>;

    /// Puts another description in the place of a client's. Since when it is known, its grants and what users allowed it
    /// stay; where it no longer wants to hear of sign-outs, those it was still to be told of are forgotten. Audited.
    async fn change_client(&self, client: StoredClient, now: Timestamp) -> Result<ClientChange, StoreError>;

    /// Removes a client; its grants end, its devices wait in vain, and what users allowed it is forgotten, in the same
    /// transaction. Audited.
    async fn remove_client(&self, client: &ClientId, now: Timestamp) -> Result<ClientRemoval, StoreError>;

    /// The client of this identifier.
    async fn find_client(&self, client: &ClientId) -> Result<Option<StoredClient>, StoreError>;

    /// The clients in the order of their identifiers, at most `limit`, from the first after `after`.
    async fn list_clients(
        &self,
        after: Option<&ClientId>,
        limit: u32,
    ) -> Result<Vec<StoredClient>, StoreError>;

    /// What a user has allowed a client; `None` where they were never asked, or took it back.
    async fn find_consent(&self, user: UserId, client: &ClientId) -> Result<Option<Consent>, StoreError>;

    /// Writes what a user allows a client, in the place of what was allowed before.
    async fn give_consent(
        &self,
        user: UserId,
        client: &ClientId,
        consent: &Consent,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// Forgets what a user allowed a client.
    async fn withdraw_consent(&self, user: UserId, client: &ClientId) -> Result<(), StoreError>;
}
