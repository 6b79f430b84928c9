//! Why nothing was done to an account.

use crate::password::HashingBusy;
use crate::store::StoreError;
use crate::user::{ActRefusal, AttributesError, ImportedKey, Username};

/// Why nothing was done to an account.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AccountError {
    /// There is no such user.
    #[error("there is no user {name}")]
    Unknown {
        /// The name that was asked for.
        name: Box<str>,
    },
    /// Another user has the name.
    #[error("user {username} already exists")]
    NameTaken {
        /// The name.
        username: Username,
    },
    /// The name of another user differs in nothing but case or composition.
    #[error(
        "user {other} already exists, and {username} differs only in case or in how letters are composed"
    )]
    SimilarNameTaken {
        /// The name that was asked for.
        username: Username,
        /// The name of the other user.
        other: Username,
    },
    /// Another user has the key, or goes by it.
    #[error("another user already has the key {key}")]
    KeyTaken {
        /// The key.
        key: ImportedKey,
    },
    /// The attributes cannot be those of a user.
    #[error(transparent)]
    Attributes(#[from] AttributesError),
    /// Who asks for it lacks the rights for it, or has fewer rights than the user.
    #[error("this takes rights that you do not have")]
    NotAllowed,
    /// No owner would be left who can sign in.
    #[error("the last owner must stay: make another user an owner first")]
    LastOwner,
    /// The user was changed since the version that the change was made for.
    #[error("the user was changed meanwhile")]
    Outdated,
    /// Too many passwords wait to be hashed.
    #[error(transparent)]
    Busy(#[from] HashingBusy),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<ActRefusal> for AccountError {
    fn from(refusal: ActRefusal) -> Self {
        match refusal {
            ActRefusal::NotAllowed => Self::NotAllowed,
            ActRefusal::LastOwner => Self::LastOwner,
        }
    }
}

impl AccountError {
    /// The stable name of the error.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unknown { .. } => "user_unknown",
            Self::NameTaken { .. } => "username_taken",
            Self::SimilarNameTaken { .. } => "username_similar",
            Self::KeyTaken { .. } => "user_key_taken",
            Self::Attributes(error) => error.code(),
            Self::NotAllowed => "not_allowed",
            Self::LastOwner => "last_owner",
            Self::Outdated => "outdated",
            Self::Busy(busy) => busy.code(),
            Self::Store(error) => error.code(),
        }
    }
}
