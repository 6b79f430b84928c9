//! What a record concerns.

use crate::{GrantId, SessionId, UserId};

/// What a record concerns. Several may be named: the grant that ended, and whose it was.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditSubject {
    /// The user.
    pub user: Option<UserId>,
    /// The grant.
    pub grant: Option<GrantId>,
    /// The browser's session.
    pub session: Option<SessionId>,
    /// The client, by the identifier that it has on the wire.
    pub client: Option<Box<str>>,
    /// The key, by its `kid`.
    pub key: Option<Box<str>>,
}

impl AuditSubject {
    /// A user.
    pub fn user(user: UserId) -> Self {
        Self { user: Some(user), ..Self::default() }
    }

    /// A client.
    pub fn client(client: &str) -> Self {
        Self { client: Some(client.into()), ..Self::default() }
    }

    /// A key.
    pub fn key(kid: &str) -> Self {
        Self { key: Some(kid.into()), ..Self::default() }
    }

    /// And a grant.
    #[must_use]
    pub fn with_grant(self, grant: GrantId) -> Self {
        Self { grant: Some(grant), ..self }
    }

    /// And a browser's session.
    #[must_use]
    pub fn with_session(self, session: SessionId) -> Self {
        Self { session: Some(session), ..self }
    }

    /// And a client.
    #[must_use]
    pub fn with_client(self, client: &str) -> Self {
        Self { client: Some(client.into()), ..self }
    }
}
