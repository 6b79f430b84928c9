//! A browser session: that a user signed in there, when and how. Grants come from it.
//!
//! Sessions are internal to the authority: clients only see grants. The browser has a random secret in a cookie, and
//! the store has its hash.

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
    /// Generates a secret.
    pub fn draw(random: &dyn Random) -> Self {
        let mut bytes = [0; 32];
        random.fill(&mut bytes);
        Self(base64url::encode(bytes).into())
    }

    /// Parses the value of a cookie; `None` if it cannot be one of our secrets.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = base64url::decode(text).ok()?;
        (bytes.len() == 32).then(|| Self(text.into()))
    }

    /// The text, for the cookie.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The hash that the store keeps.
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
    /// From its 32 bytes in the store.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// A session to be created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSession {
    /// Its identifier, 128 bits drawn by the caller.
    pub id: SessionId,
    /// The hash of the secret in the browser.
    pub secret: SessionSecretHash,
    /// The user.
    pub user: UserId,
    /// The user's epoch when the password was verified. The session is valid only as long as it does not change.
    pub epoch: u64,
    /// How the user signed in.
    pub methods: Vec<Factor>,
    /// The network of the sign-in.
    pub network: Network,
    /// What the browser says that it is, in words; empty if nothing is known.
    pub device: Box<str>,
    /// When the user signed in: `auth_time`.
    pub authenticated_at: Timestamp,
    /// When it expires, however often it is used.
    pub expires_at: Timestamp,
}

/// A stored session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Its identifier.
    pub id: SessionId,
    /// The user.
    pub user: UserId,
    /// How the user signed in.
    pub methods: Vec<Factor>,
    /// The network of the sign-in.
    pub network: Network,
    /// [`NewSession::device`].
    pub device: Box<str>,
    /// When the user signed in: `auth_time`.
    pub authenticated_at: Timestamp,
    /// When it was last used, to the minute.
    pub last_used_at: Timestamp,
    /// When it expires, however often it is used.
    pub expires_at: Timestamp,
    /// Whether its secret has ever been presented.
    pub seen: bool,
}

/// A session with which nobody is signed in any more, but which has not ended: it was unused for too long, or the
/// response with its secret was lost. It may still have grants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LapsedSession {
    /// Its identifier.
    pub id: SessionId,
    /// The user.
    pub user: UserId,
    /// The user's subject.
    pub subject: Subject,
}

/// A session in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionSummary {
    /// The session.
    pub session: Session,
    /// The username.
    pub username: Username,
}
