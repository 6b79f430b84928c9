//! Users of another system.

use jeton_jose::{Timestamp, base64url};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::{Attributes, AttributesError, ImportedKey, NewUser, Role, UserStatus, Username};
use crate::UserId;
use crate::password::PasswordHash;

/// A user, as another system currently has it.
#[derive(Debug, Clone, PartialEq)]
pub struct ImportedUser {
    /// The username.
    pub username: Username,
    /// The user's e-mail address.
    pub email: Option<Box<str>>,
    /// The password hash; [`PasswordHash::unusable`] if it cannot be verified here.
    pub password: PasswordHash,
    /// The user's role.
    pub role: Role,
    /// Whether the user may sign in.
    pub status: UserStatus,
    /// The attributes that the system provides; `null` for those without a value. It provides no others.
    pub attributes: Map<String, Value>,
}

impl ImportedUser {
    /// The user to add, and what to store about the import.
    ///
    /// # Errors
    /// [`AttributesError`] if the attributes cannot be those of a user.
    pub fn to_new(
        &self,
        id: UserId,
        key: Option<&ImportedKey>,
        now: Timestamp,
    ) -> Result<(NewUser, LastImport), AttributesError> {
        let given = self.attributes.iter().filter(|(_, value)| !value.is_null());
        let user = NewUser {
            id,
            imported_key: key.map(|key| key.as_str().into()),
            username: self.username.clone(),
            email: self.email.clone(),
            password: self.password.clone(),
            role: self.role,
            status: self.status,
            created_at: now,
            attributes: Attributes::new(given.map(|(name, value)| (name.clone(), value.clone())).collect())?,
        };
        Ok((user, LastImport::of(self)))
    }
}

/// What another system said about a user at the last import. With it, an update can distinguish changes made there
/// from changes made here.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LastImport {
    pub(super) username: Box<str>,
    pub(super) email: Option<Box<str>>,
    /// A digest of the hash. It reveals changes, but does not help to guess a password, because it hides the salt.
    pub(super) password: Box<str>,
    pub(super) admin: bool,
    pub(super) active: bool,
    pub(super) attributes: Map<String, Value>,
}

impl LastImport {
    /// What to store about an imported user.
    pub fn of(user: &ImportedUser) -> Self {
        Self {
            username: user.username.as_str().into(),
            email: user.email.clone(),
            password: digest(&user.password),
            admin: user.role == Role::Owner,
            active: user.status == UserStatus::Active,
            attributes: user.attributes.clone(),
        }
    }

    /// Parses what [`LastImport::to_json`] wrote.
    pub fn from_json(json: &str) -> Option<Self> {
        serde_json::from_str(json).ok()
    }

    /// The stored form.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("it holds nothing but texts and JSON")
    }
}

/// Distinguishes hashes. All hashes that never match are alike, because Django generates a different mark each time.
pub(super) fn digest(hash: &PasswordHash) -> Box<str> {
    let text = if hash.is_unusable() { "!" } else { hash.expose() };
    base64url::encode(Sha256::digest(text)).into()
}
