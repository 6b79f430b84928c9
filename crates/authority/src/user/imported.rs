//! Users as another system has them.

use jeton_jose::base64url;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::{Role, UserStatus, Username};
use crate::password::PasswordHash;

/// A user as another system has them now.
#[derive(Debug, Clone, PartialEq)]
pub struct ImportedUser {
    /// The username.
    pub username: Username,
    /// The user's e-mail address.
    pub email: Option<Box<str>>,
    /// What passwords are verified against there; [`PasswordHash::unusable`] where nothing here can.
    pub password: PasswordHash,
    /// What the user may do.
    pub role: Role,
    /// Whether the user may sign in.
    pub status: UserStatus,
    /// What the system says of the user; `null` for what it has no value of. Of other attributes it knows nothing.
    pub attributes: Map<String, Value>,
}

/// What another system said of a user when they were imported last. With it an update tells what changed there from what was
/// changed here.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LastImport {
    pub(super) username: Box<str>,
    pub(super) email: Option<Box<str>>,
    /// The digest of the hash, which lets a change be seen and nobody guess a password: it hides the salt.
    pub(super) password: Box<str>,
    pub(super) admin: bool,
    pub(super) active: bool,
    pub(super) attributes: Map<String, Value>,
}

impl LastImport {
    /// What there is to remember of a user that is imported.
    pub fn of(user: &ImportedUser) -> Self {
        Self {
            username: user.username.as_str().into(),
            email: user.email.clone(),
            password: digest(&user.password),
            admin: user.role == Role::Admin,
            active: user.status == UserStatus::Active,
            attributes: user.attributes.clone(),
        }
    }

    /// Reads what [`LastImport::to_json`] wrote.
    pub fn from_json(json: &str) -> Option<Self> {
        serde_json::from_str(json).ok()
    }

    /// As the store keeps it.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("it holds nothing but texts and JSON")
    }
}

/// What tells one hash from another. All that never match are alike: Django draws another mark each time.
pub(super) fn digest(hash: &PasswordHash) -> Box<str> {
    let text = if hash.is_unusable() { "!" } else { hash.expose() };
    base64url::encode(Sha256::digest(text)).into()
}
