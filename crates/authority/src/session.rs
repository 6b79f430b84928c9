//! The sign-in session of a browser: that somebody signed in here, when and how. Grants come from it.
//!
//! It stays inside the authority: clients see grants. The browser holds a random secret in a cookie, the store its hash.

mod rule;
mod succession;

pub use rule::{SessionOpening, end, is_signed_in, open};
pub use succession::{SessionStanding, Succession, heir, session_of_browser, succeed};

use std::fmt;

use jeton_jose::{Timestamp, base64url};
use sha2::{Digest, Sha256};

use crate::factor::Factor;
use crate::random::Random;
use crate::user::{Subject, Username};
use crate::{Network, SessionId, UserId};

/// The secret in a browser's cookie: 256 random bits. Never stored and never shown.
#[derive(Clone)]
pub struct SessionSecret(Box<str>);

impl SessionSecret {
    /// Draws one.
    pub fn draw(random: &dyn Random) -> Self {
        let mut bytes = [0; 32];
        random.fill(&mut bytes);
        Self(base64url::encode(bytes).into())
    }

    /// Takes what a cookie holds; nothing where it cannot be a secret of ours.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = base64url::decode(text).ok()?;
        (bytes.len() == 32).then(|| Self(text.into()))
    }

    /// The text, for the cookie.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What the store keeps of it.
    pub fn hash(&self) -> SessionSecretHash {
        SessionSecretHash(Sha256::digest(self.0.as_bytes()).into())
    }
}

impl fmt::Debug for SessionSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionSecret(…)")
    }
}

/// The SHA-256 of a browser's secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionSecretHash([u8; 32]);

impl SessionSecretHash {
    /// Takes 32 bytes as the store keeps them.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// A session to be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSession {
    /// Its identifier, drawn at random by the caller.
    pub id: SessionId,
    /// What the browser proves itself with.
    pub secret: SessionSecretHash,
    /// Who signed in.
    pub user: UserId,
    /// The user's epoch that was verified; the session holds only as long as it does.
    pub epoch: u64,
    /// How they proved it.
    pub methods: Vec<Factor>,
    /// From where.
    pub network: Network,
    /// When: `auth_time`.
    pub authenticated_at: Timestamp,
    /// When it ends however often it is used.
    pub expires_at: Timestamp,
}

/// A session as the store keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Its identifier.
    pub id: SessionId,
    /// Who signed in.
    pub user: UserId,
    /// How they proved it.
    pub methods: Vec<Factor>,
    /// From where.
    pub network: Network,
    /// When: `auth_time`.
    pub authenticated_at: Timestamp,
    /// When it was last used, to the minute.
    pub last_used_at: Timestamp,
    /// When it ends however often it is used.
    pub expires_at: Timestamp,
    /// Whether anybody has come with its secret.
    pub seen: bool,
}

/// A session that nobody is signed in with any more, but that has not ended: it was not used for too long, or the answer that
/// handed its secret to the browser was lost. Grants may still hang on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LapsedSession {
    /// Its identifier.
    pub id: SessionId,
    /// Whose it is.
    pub user: UserId,
    /// What tokens call them.
    pub subject: Subject,
}

/// A session as lists show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionSummary {
    /// The session.
    pub session: Session,
    /// What its user signs in with.
    pub username: Username,
}
