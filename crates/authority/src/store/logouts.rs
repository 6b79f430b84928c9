//! Clients that must still be notified of a sign-out (OpenID Connect Back-Channel Logout).

use async_trait::async_trait;
use jeton_jose::Timestamp;
use jeton_oauth::client::ClientId;

use super::StoreError;
use crate::GrantId;
use crate::user::Subject;

/// A client that must be notified of the end of a session. It is stored until the logout token is delivered, or given
/// up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogoutDelivery {
    /// Its number in the queue.
    pub number: i64,
    /// The client.
    pub client: ClientId,
    /// The `sid` that the client knows ([`Grant::sid`](crate::grant::Grant::sid)).
    pub sid: GrantId,
    /// The user.
    pub subject: Subject,
    /// How many attempts failed.
    pub attempts: u32,
}

/// The stored queue of logout tokens.
#[async_trait]
pub trait LogoutStore {
    /// Due deliveries that nobody has claimed, at most `limit`, and at most `per_client` for each client, including
    /// claimed ones, or one if the client failed before. Clients take turns: first those that did not fail, then the
    /// longest overdue, so that an unresponsive client delays no other.
    async fn due_logouts(
        &self,
        now: Timestamp,
        per_client: u32,
        limit: u32,
    ) -> Result<Vec<LogoutDelivery>, StoreError>;

    /// Claims those of these deliveries that are due and unclaimed, until `until`: nobody else attempts them
    /// meanwhile. Returns the claimed ones.
    async fn claim_logouts(
        &self,
        numbers: Vec<i64>,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<Vec<i64>, StoreError>;

    /// Removes a delivery: it succeeded, or was given up.
    async fn finish_logout(&self, number: i64) -> Result<(), StoreError>;

    /// Releases the claim of a delivery after a failed attempt, postpones everything that is due for its client, and
    /// counts the attempt for each. If this delivery is no longer due, another attempt for the same client has
    /// postponed it, and nothing changes.
    async fn postpone_logout(&self, number: i64, due_at: Timestamp, now: Timestamp)
    -> Result<(), StoreError>;
}
