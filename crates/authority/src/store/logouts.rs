//! Clients that are still to be told of a sign-out (OpenID Connect Back-Channel Logout).

use async_trait::async_trait;
use jeton_jose::Timestamp;
use jeton_oauth::client::ClientId;

use super::StoreError;
use crate::GrantId;
use crate::user::Subject;

/// One client that is to be told of the end of one session. It is remembered until it is told, or given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogoutDelivery {
    /// Its number in the queue.
    pub number: i64,
    /// Whom to tell.
    pub client: ClientId,
    /// What the client knows it by ([`Grant::sid`](crate::grant::Grant::sid)).
    pub sid: GrantId,
    /// Whose it was.
    pub subject: Subject,
    /// How often it was tried.
    pub attempts: u32,
}

/// What the authority remembers of sign-outs that clients have not heard of yet.
#[async_trait]
pub trait LogoutStore {
    /// Those that are due and that nobody has claimed, at most `limit`. Of each client at most `per_client`, claimed ones included, or a
    /// single one where it failed before. Clients take turns, those that did not fail first, then the longest overdue: one that does not
    /// answer stands in nobody's way.
    async fn due_logouts(
        &self,
        now: Timestamp,
        per_client: u32,
        limit: u32,
    ) -> Result<Vec<LogoutDelivery>, StoreError>;

    /// Claims those of these that are due and that nobody has claimed, until `until`: nobody else tries them meanwhile. Answers which.
    async fn claim_logouts(
        &self,
        numbers: Vec<i64>,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<Vec<i64>, StoreError>;

    /// Forgets one: it was delivered, or is given up.
    async fn finish_logout(&self, number: i64) -> Result<(), StoreError>;

    /// Gives the claim of one up after an attempt that failed, puts off all that is due at its client, and counts the attempt for each of
    /// them. Where this one is not due any more, another attempt at the same client has put it off: nothing changes.
    async fn postpone_logout(&self, number: i64, due_at: Timestamp, now: Timestamp)
    -> Result<(), StoreError>;
}
