//! Grants: opening, refreshing, looking at and ending them.

use std::time::Duration;

use async_trait::async_trait;
use jeton_jose::Timestamp;

use super::StoreError;
use crate::audit::Actor;
use crate::grant::{Grant, GrantStanding, GrantSummary, GrantsEnded, LiveGrant, NewGrant, Revocation};
use crate::refresh_token::{Presented, RefreshKind, RefreshRefusal};
use crate::settings::RefreshPolicy;
use crate::tally::RefreshOutcome;
use crate::user::UserStatus;
use crate::{GrantId, SessionId, UserId};

/// The outcome of opening a grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GrantOpening {
    /// The grant is open.
    Opened,
    /// The user was disabled or deleted, their password changed, or their session ended, since it was verified.
    CredentialsChanged,
}

/// The outcome of a refresh.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refresh {
    /// Hand out the token of the grant's state as it is here: it advanced, was excused, or did not change.
    Granted(Box<LiveGrant>, RefreshKind),
    /// A spent token was replayed and the grant ended with this call.
    Replayed(Box<Grant>),
    /// Nothing was handed out and nothing changed.
    Refused(RefreshRefusal),
    /// There is no such grant (or no such user any more).
    Unknown,
}

impl Refresh {
    /// How the outcome is counted.
    pub(crate) fn counted(outcome: &Result<Self, StoreError>) -> RefreshOutcome {
        match outcome {
            Ok(Self::Granted(_, RefreshKind::Advanced)) => RefreshOutcome::Advanced,
            Ok(Self::Granted(_, RefreshKind::StoodStill)) => RefreshOutcome::StoodStill,
            Ok(Self::Granted(_, RefreshKind::KeyHeld)) => RefreshOutcome::KeyHeld,
            Ok(Self::Granted(_, RefreshKind::Excused)) => RefreshOutcome::Excused,
            Ok(Self::Granted(_, RefreshKind::CaughtUp)) => RefreshOutcome::CaughtUp,
            Ok(Self::Replayed(_)) => RefreshOutcome::Replayed,
            Ok(Self::Refused(_)) => RefreshOutcome::Refused,
            Ok(Self::Unknown) => RefreshOutcome::Unknown,
            Err(_) => RefreshOutcome::Failed,
        }
    }
}

/// Which grants a list shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GrantFilter {
    /// Those of everybody.
    All,
    /// Those of one user.
    OfUser(UserId),
}

/// What the authority remembers of grants. `by` is who does it, for the audit trail.
#[async_trait]
pub trait GrantStore {
    /// Opens a grant for somebody who signed in just now, if they are active, their epoch is still the one that the password
    /// was verified at, and the session that it comes from holds. Audited.
    async fn open_grant(&self, grant: NewGrant) -> Result<GrantOpening, StoreError>;

    /// Applies the refresh rules to a grant ([`crate::refresh_token::decide`]) and writes what they change and the record
    /// that they make, in one transaction.
    async fn refresh_grant(
        &self,
        grant: GrantId,
        presented: Presented,
        policy: RefreshPolicy,
        now: Timestamp,
    ) -> Result<Refresh, StoreError>;

    /// A grant with what its tokens say of its user, or `None` if there is no such grant. Revoked and expired ones too.
    async fn find_grant(&self, grant: GrantId) -> Result<Option<(LiveGrant, UserStatus)>, StoreError>;

    /// The same from a replica of the store, which may lag behind what was written. `None` if there is no replica, it does not answer, or it
    /// has no such grant: then [`GrantStore::find_grant`] is to be asked.
    async fn find_replicated_grant(&self, _grant: GrantId) -> Option<(LiveGrant, UserStatus)> {
        None
    }

    /// How a grant stands, or `None` if there is no such grant.
    async fn grant_standing(&self, grant: GrantId) -> Result<Option<GrantStanding>, StoreError>;

    /// Ends a grant at the wish of its client, which knows of it then: sign-out. Audited.
    async fn revoke_grant(&self, grant: GrantId, by: Actor, now: Timestamp)
    -> Result<Revocation, StoreError>;

    /// Ends a grant at somebody else's wish: as [`GrantStore::revoke_grant`], and a client that wants to hear of sign-outs is noted
    /// for [`super::LogoutStore`]. Audited.
    async fn end_grant(&self, grant: GrantId, by: Actor, now: Timestamp) -> Result<Revocation, StoreError>;

    /// Ends all live grants of a user, and their browsers' sessions. The session `keep`, with the grants that came from it, goes on, as in
    /// [`super::UserStore::change_password`]. Audited. `None` if there is no such user.
    async fn revoke_user_grants(
        &self,
        user: UserId,
        keep: Option<SessionId>,
        by: Actor,
        now: Timestamp,
    ) -> Result<Option<GrantsEnded>, StoreError>;

    /// Grants that are neither revoked nor expired at `now`, in the order of their identifiers, at most `limit`, from
    /// the first after `after`.
    ///
    /// A grant expires at its `expires_at`, or `idle_lifetime` after its token was minted.
    async fn list_grants(
        &self,
        filter: GrantFilter,
        after: Option<GrantId>,
        limit: u32,
        idle_lifetime: Duration,
        now: Timestamp,
    ) -> Result<Vec<GrantSummary>, StoreError>;
}
