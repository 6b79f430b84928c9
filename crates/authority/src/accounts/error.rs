//! Why nothing was done to an account.

use crate::password::HashingBusy;
use crate::store::StoreError;
use crate::user::{AttributesError, ImportedKey, Username};

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
    /// Too many passwords wait to be hashed.
    #[error(transparent)]
    Busy(#[from] HashingBusy),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
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
            Self::Busy(busy) => busy.code(),
            Self::Store(error) => error.code(),
        }
    }
}
