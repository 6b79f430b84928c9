//! Clients, and what users allowed them.

use async_trait::async_trait;
use jeton_jose::Timestamp;
use jeton_oauth::client::ClientId;

use super::StoreError;
use crate::ShownDigest;
use crate::audit::Actor;
use crate::client::{ClientChange, ClientRemoval, Consent, GivenConsent, StoredClient};
use crate::grant::GrantsEnded;
use crate::{Network, UserId};

/// What the authority remembers of clients. `by` is who does it, for the audit trail.
#[async_trait]
pub trait ClientStore {
    /// Remembers what the token API's own client is called: removing a client of that name ends none of the token API's sessions,
    /// whatever it is called later. Writes nothing where that is known.
    async fn note_token_api_client(&self, id: &str) -> Result<(), StoreError>;

    /// Adds a client. What is left of another one of its name that was removed ends first. Audited.
    async fn add_client(&self, client: StoredClient, by: Actor) -> Result<ClientChange, StoreError>;

    /// Puts another description in the place of a client's. Since when it is known, its grants and what users allowed it
    /// stay; where it no longer wants to hear of sign-outs, those it was still to be told of are forgotten. Audited.
    async fn change_client(
        &self,
        client: StoredClient,
        by: Actor,
        now: Timestamp,
    ) -> Result<ClientChange, StoreError>;

    /// The same for a client of this version ([`StoredClient::version`]); one that was changed since stays as it is.
    async fn change_client_version(
        &self,
        client: StoredClient,
        expected: ShownDigest,
        by: Actor,
        now: Timestamp,
    ) -> Result<ClientChange, StoreError>;

    /// Removes a client. Its grants, its devices and what users allowed it are left to
    /// [`ClientStore::end_removed_client`] and the sweep: there may be many. Audited.
    async fn remove_client(
        &self,
        client: &ClientId,
        by: Actor,
        now: Timestamp,
    ) -> Result<ClientRemoval, StoreError>;

    /// Ends the grants of a client that was removed and forgets its devices, whom of it to tell of sign-outs, and what users
    /// allowed it, in small steps between which others write. Answers how many grants that were alive ended.
    async fn end_removed_client(&self, client: &ClientId) -> Result<u64, StoreError>;

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

    /// What a user has allowed clients, in the order of their identifiers, at most `limit`.
    async fn list_consents(&self, user: UserId, limit: u32) -> Result<Vec<GivenConsent>, StoreError>;

    /// Forgets what a user allowed a client, and ends the grants of the client for the user, in one transaction. Clients that want to hear of
    /// sign-outs are noted for [`super::LogoutStore`]. Audited, unless nothing was left to take back.
    async fn withdraw_consent(
        &self,
        user: UserId,
        client: &ClientId,
        network: Network,
        now: Timestamp,
    ) -> Result<GrantsEnded, StoreError>;
}
