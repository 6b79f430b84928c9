//! The sign-in sessions of browsers.

use std::time::Duration;

use async_trait::async_trait;
use jeton_jose::Timestamp;
use jeton_oauth::client::ClientId;

use super::StoreError;
use crate::audit::Actor;
use crate::grant::GrantsEnded;
use crate::session::{LapsedSession, NewSession, Session, SessionOpening, SessionSecretHash, SessionSummary};
use crate::user::User;
use crate::{GrantId, SessionId, UserId};

/// The outcome of ending a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionEnding {
    /// It ended with this call, and grants with it.
    Ended(GrantsEnded),
    /// It had ended before.
    AlreadyEnded,
    /// There is no such session.
    Unknown,
}

/// What the authority remembers of browsers' sessions. `by` is who does it, for the audit trail.
#[async_trait]
pub trait SessionStore {
    /// Opens a session, if its user is active and their epoch is still the one that was verified. The session that the
    /// browser's secret so far stands for ([`crate::session::session_of_browser`]) is replaced in the same transaction, as
    /// [`crate::session::succeed`] decides: its grants go over to the new one, or it ends with them. Audited.
    async fn open_session(
        &self,
        session: NewSession,
        replaces: Option<SessionSecretHash>,
    ) -> Result<SessionOpening, StoreError>;

    /// The session that a secret stands for when its browser signs out though nobody is signed in with it
    /// ([`crate::session::session_of_browser`]).
    async fn find_lapsed_session(
        &self,
        secret: &SessionSecretHash,
    ) -> Result<Option<LapsedSession>, StoreError>;

    /// The session that a client knows by this `sid` ([`Grant::sid`](crate::grant::Grant::sid)), and whose it is; none where it has
    /// ended.
    async fn find_session_of_sid(&self, sid: GrantId) -> Result<Option<(SessionId, UserId)>, StoreError>;

    /// A grant of the client that has neither ended nor expired, of the session that the client calls by this `sid`: the one that
    /// lasts longest where there are several.
    async fn find_grant_of_sid(
        &self,
        sid: GrantId,
        client: &ClientId,
        now: Timestamp,
    ) -> Result<Option<GrantId>, StoreError>;

    /// The session of this secret and its user, where it is neither ended nor expired, was used within `idle_lifetime`, and
    /// its user is active and of the same epoch still.
    async fn find_session(
        &self,
        secret: &SessionSecretHash,
        idle_lifetime: Duration,
        now: Timestamp,
    ) -> Result<Option<(Session, User)>, StoreError>;

    /// Notes that a session was used, and that somebody came with its secret.
    async fn touch_session(&self, session: SessionId, now: Timestamp) -> Result<(), StoreError>;

    /// Ends a session, expired or not, and, in the same transaction, the grants that came from it, but for those that were given to outlive
    /// it (`offline_access`). Whichever clients know it ([`NewGrant::told_of`](crate::grant::NewGrant::told_of)) and want to hear of its
    /// end are noted for [`super::LogoutStore`], each once, and so are those of other grants that ended. Audited.
    async fn end_session(
        &self,
        session: SessionId,
        by: Actor,
        now: Timestamp,
    ) -> Result<SessionEnding, StoreError>;

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
