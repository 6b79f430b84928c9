//! The sign-in sessions of browsers.

use std::time::Duration;

use async_trait::async_trait;
use jeton_jose::Timestamp;

use super::StoreError;
use crate::session::{NewSession, Session, SessionSecretHash, SessionSummary};
use crate::user::User;
use crate::{SessionId, UserId};

/// The outcome of opening a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionOpening {
    /// The session is open.
    Opened,
    /// The user was disabled or deleted, or their password changed, since it was verified.
    CredentialsChanged,
}

/// The outcome of ending a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionEnding {
    /// It ended with this call, and so many grants with it.
    Ended {
        /// How many grants that were alive ended.
        grants_ended: u64,
    },
    /// It had ended before.
    AlreadyEnded,
    /// There is no such session.
    Unknown,
}

/// What the authority remembers of browsers' sessions.
#[async_trait]
pub trait SessionStore {
    /// Opens a session, if its user is active and their epoch is still the one that was verified. The session `replaces`
    /// ends in the same transaction, without its grants, where its user is the same; with them otherwise. Audited.
    async fn open_session(
        &self,
        session: NewSession,
        replaces: Option<SessionId>,
    ) -> Result<SessionOpening, StoreError>;

    /// The session of this secret and its user, where it is neither ended nor expired, was used within `idle_lifetime`, and
    /// its user is active and of the same epoch still.
    async fn find_session(
        &self,
        secret: &SessionSecretHash,
        idle_lifetime: Duration,
        now: Timestamp,
    ) -> Result<Option<(Session, User)>, StoreError>;

    /// Notes that a session was used.
    async fn touch_session(&self, session: SessionId, now: Timestamp) -> Result<(), StoreError>;

    /// Ends a session, expired or not, and, in the same transaction, the grants that came from it, but for those that were given to outlive
    /// it (`offline_access`). Clients that want to hear of it are noted for [`super::LogoutStore`]. Audited.
    async fn end_session(&self, session: SessionId, now: Timestamp) -> Result<SessionEnding, StoreError>;

    /// The live sessions of a user, the newest first, at most `limit`.
    async fn list_sessions(
        &self,
        user: UserId,
        limit: u32,
        idle_lifetime: Duration,
        now: Timestamp,
    ) -> Result<Vec<Session>, StoreError>;

    /// The live sessions of everybody, in the order of their identifiers, at most `limit`, from the first after `after`.
    async fn list_all_sessions(
        &self,
        after: Option<SessionId>,
        limit: u32,
        idle_lifetime: Duration,
        now: Timestamp,
    ) -> Result<Vec<SessionSummary>, StoreError>;
}
