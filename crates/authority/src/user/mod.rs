//! Users: the people who sign in.

mod adding;
mod attributes;
mod claim_mapping;
mod imported;
mod meant;
mod renaming;
mod standing;
mod update;

pub use adding::{NewUser, Taken, UserAddition, add};
pub use attributes::{Attributes, AttributesError};
pub use claim_mapping::{ClaimMapping, ClaimMappingError};
pub use imported::{ImportedUser, LastImport};
pub use meant::meant;
pub use renaming::taken_name;
pub use standing::{
    EndingGrants, UserDecision, UserStanding, attributes_changed, change_password, described_anew, disable,
    enable, remove, sign_out_everywhere,
};
pub use update::{AccountUpdate, PasswordFate, update};

use std::borrow::Cow;
use std::fmt;

use jeton_jose::Timestamp;
use unicode_normalization::UnicodeNormalization as _;

use crate::UserId;
use crate::password::PasswordHash;

/// A name that a user signs in with: 1 to [`Username::MAX_CHARS`] characters, none of them a control character, no
/// white space at either end. Kept as it was given; [`meant`] says which account a typed name means.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Username(Box<str>);

/// Why a text is no username.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UsernameError {
    /// It is empty.
    #[error("a username must not be empty")]
    Empty,
    /// It is longer than [`Username::MAX_CHARS`].
    #[error("a username must have at most {} characters, found {found}", Username::MAX_CHARS)]
    TooLong {
        /// How many characters it has.
        found: usize,
    },
    /// It holds a control character.
    #[error("a username must not contain control characters")]
    Control,
    /// It begins or ends with white space.
    #[error("a username must not begin or end with white space")]
    OuterSpace,
}

impl UsernameError {
    /// The stable name of this error.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Empty => "username_empty",
            Self::TooLong { .. } => "username_too_long",
            Self::Control => "username_control",
            Self::OuterSpace => "username_outer_space",
        }
    }
}

impl Username {
    /// The most characters of a username: as many as an email address has (RFC 5321), which some sign in with.
    pub const MAX_CHARS: usize = 254;

    /// Parses a username.
    ///
    /// # Errors
    /// Names the rule that the text breaks.
    pub fn parse(text: &str) -> Result<Self, UsernameError> {
        let found = text.chars().count();
        if found == 0 {
            Err(UsernameError::Empty)
        } else if found > Self::MAX_CHARS {
            Err(UsernameError::TooLong { found })
        } else if text.chars().any(char::is_control) {
            Err(UsernameError::Control)
        } else if text.trim() != text {
            Err(UsernameError::OuterSpace)
        } else {
            Ok(Self(text.into()))
        }
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name without what people neither see nor mean: case, and how letters are composed (NFKC and lower case, as RFC 8265
    /// §3.3 prepares usernames). Two accounts whose folded names are equal look alike to those who sign in.
    pub fn folded(&self) -> String {
        self.0.nfkc().flat_map(char::to_lowercase).nfkc().collect()
    }
}

/// The folded name that somebody typed, be it a username or not.
pub(crate) fn folded(typed: &str) -> Cow<'_, str> {
    match Username::parse(typed) {
        Ok(username) => Cow::Owned(username.folded()),
        Err(_) => Cow::Borrowed(typed),
    }
}

impl fmt::Display for Username {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Username {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Username({:?})", self.0)
    }
}

/// Whether a user may sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserStatus {
    /// May sign in.
    Active,
    /// May not; every grant of theirs has ended.
    Disabled,
}

/// Whether a user administers the authority.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Signs in to applications.
    Member,
    /// May also administer the authority.
    Admin,
}

/// A user as the store keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The authority's own identifier.
    pub id: UserId,
    /// The key that the user had in the system it was imported from; it goes into tokens in place of `id`.
    pub imported_key: Option<Box<str>>,
    /// The username.
    pub username: Username,
    /// The user's e-mail address, if known.
    pub email: Option<Box<str>>,
    /// What passwords are verified against.
    pub password: PasswordHash,
    /// Grows with each change of password and each disabling, so that a sign-in that was under way meanwhile fails.
    pub epoch: u64,
    /// Whether the user may sign in.
    pub status: UserStatus,
    /// What the user may do at the authority.
    pub role: Role,
    /// When the account was made.
    pub created_at: Timestamp,
    /// What else is known of them, from which claims are taken.
    pub attributes: Attributes,
}

impl User {
    /// What tokens call the user (`sub` and `user_id`): the imported key, or else the identifier in hex.
    pub fn subject(&self) -> Subject {
        Subject::of(self.id, self.imported_key.as_deref())
    }
}

/// What tokens call a user: `sub` (RFC 7519 §4.1.2) and simplejwt's `user_id`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Subject(Box<str>);

impl Subject {
    /// The subject of a user: the imported key, or else the identifier in hex.
    pub fn of(id: UserId, imported_key: Option<&str>) -> Self {
        match imported_key {
            Some(key) => Self(key.into()),
            None => Self(crate::id::hex(id.as_bytes(), &mut [0; 32]).into()),
        }
    }

    /// The subject as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
