//! Whether a user may be added: no two go by one name or one key.

use jeton_jose::Timestamp;

use super::standing::record;
use super::{Attributes, Role, UserStatus, Username};
use crate::UserId;
use crate::audit::{Actor, AuditEvent, Decided};
use crate::password::PasswordHash;

/// A user to be added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewUser {
    /// Its identifier, drawn at random by the caller.
    pub id: UserId,
    /// The key that it had in the system it comes from.
    pub imported_key: Option<Box<str>>,
    /// What the user signs in with.
    pub username: Username,
    /// An address to reach the user.
    pub email: Option<Box<str>>,
    /// What passwords will be verified against.
    pub password: PasswordHash,
    /// What the user may do at the authority.
    pub role: Role,
    /// Whether the user may sign in.
    pub status: UserStatus,
    /// When the account is made.
    pub created_at: Timestamp,
    /// What else is known of them.
    pub attributes: Attributes,
}

/// The outcome of adding a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserAddition {
    /// The user exists from now on.
    Added,
    /// Another user has that name; nothing was changed.
    NameTaken,
    /// The name of another user differs in nothing but case or composition; nothing was changed.
    SimilarNameTaken,
    /// Another user has that imported key; nothing was changed.
    ImportedKeyTaken,
}

/// What of a new user another one has already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Taken {
    /// The very name.
    pub name: bool,
    /// A name that looks like it: it differs in nothing but case or composition.
    pub similar_name: bool,
    /// The imported key, or the identifier that it reads as ([`NewUser::key_as_id`]).
    pub key: bool,
}

impl NewUser {
    /// The identifier that the imported key reads as. A user without a key goes by their identifier, and no two may go by the same.
    pub fn key_as_id(&self) -> Option<UserId> {
        self.imported_key.as_deref()?.parse().ok()
    }
}

/// Adds a user.
pub fn add(user: &NewUser, taken: Taken, by: &Actor) -> Decided<UserAddition> {
    match taken {
        Taken { name: true, .. } => Decided::nothing(UserAddition::NameTaken),
        Taken { similar_name: true, .. } => Decided::nothing(UserAddition::SimilarNameTaken),
        Taken { key: true, .. } => Decided::nothing(UserAddition::ImportedKeyTaken),
        Taken { .. } => {
            let record = record(AuditEvent::UserAdded, user.id, by, user.created_at);
            Decided::recorded(UserAddition::Added, record)
        }
    }
}
