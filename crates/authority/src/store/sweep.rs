//! Removing rows that nothing needs any longer. Which rows these are, the rules of [`crate::sweep`] say.

use std::time::Duration;

use async_trait::async_trait;
use jeton_jose::Timestamp;

use super::StoreError;
use crate::one_time::OneTimeKind;
use crate::{GrantId, SessionId};

/// Which of the rows that may be used once are needless, by the time at which they expired.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Needless {
    /// Those that were never used and expired at this time or before.
    pub unused: Timestamp,
    /// Those that were used and expired at this time or before.
    pub used: Timestamp,
}

/// A session in the order in which sessions expire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExpiredSession {
    /// When it expired.
    pub expires_at: Timestamp,
    /// Its identifier.
    pub id: SessionId,
}

/// How far one step got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SweepStep<C> {
    /// How many rows it removed.
    pub removed: u64,
    /// Where the next step begins, or `None` when this one reached the end.
    pub next: Option<C>,
}

/// Removes what is needless. Each method is one step of at most `limit` rows, and finds them without looking through a
/// table while others wait to write.
#[async_trait]
pub trait SweepStore {
    /// Removes needless rows of one kind that may be used once; answers how many.
    async fn sweep_one_time(
        &self,
        kind: OneTimeKind,
        needless: Needless,
        limit: u32,
    ) -> Result<u64, StoreError>;

    /// Removes needless device authorizations; answers how many. One is used when it gave a grant.
    async fn sweep_devices(&self, needless: Needless, limit: u32) -> Result<u64, StoreError>;

    /// Removes sessions from `from` on that expired at `expired_by` or before, have no grant that is not revoked, and were not
    /// replaced by one with whose secret nobody has come yet.
    async fn sweep_sessions(
        &self,
        from: Option<ExpiredSession>,
        expired_by: Timestamp,
        limit: u32,
    ) -> Result<SweepStep<ExpiredSession>, StoreError>;

    /// Looks at the next grants from `from` on, eight times `limit` at most, and removes those that can never be asked for
    /// again: past `expires_at`, or `idle_lifetime` past the minting of their token (revoked ones too: until then a replay is
    /// still told apart from garbage).
    async fn sweep_grants(
        &self,
        from: Option<GrantId>,
        limit: u32,
        idle_lifetime: Duration,
        now: Timestamp,
    ) -> Result<SweepStep<GrantId>, StoreError>;

    /// Ends what is left of clients that were removed; answers of how many.
    async fn end_removed_clients(&self) -> Result<u64, StoreError>;

    /// Removes networks that users signed in from, where the last sign-in was noted before `before`; answers how many.
    async fn sweep_known_networks(&self, before: Timestamp, limit: u32) -> Result<u64, StoreError>;

    /// Removes places of the status list that are free at `now`, from the end to the last one that is not; answers how many.
    async fn sweep_status_places(&self, now: Timestamp, limit: u32) -> Result<u64, StoreError>;

    /// Removes users who asked for it, and whose time has come ([`crate::user::has_left`]), as [`super::AccountStore::remove_user`] does, on
    /// their own behalf; answers how many.
    async fn remove_leaving_users(&self, now: Timestamp, limit: u32) -> Result<u64, StoreError>;

    /// Removes events of the revocation feed from before `before`; answers how many.
    async fn sweep_revocations(&self, before: Timestamp, limit: u32) -> Result<u64, StoreError>;

    /// Removes requests to set a new password whose time is over at `now`; answers how many.
    async fn sweep_resets(&self, now: Timestamp, limit: u32) -> Result<u64, StoreError>;

    /// Removes mails that were sent before `sent`, and others that failed or expired before `failed`; answers how many.
    async fn sweep_mails(&self, sent: Timestamp, failed: Timestamp, limit: u32) -> Result<u64, StoreError>;

    /// Removes audit records from before `before`; answers how many.
    async fn sweep_audit(&self, before: Timestamp, limit: u32) -> Result<u64, StoreError>;
}
