//! Users: the people who sign in.

mod adding;
mod administering;
mod attributes;
mod claim_mapping;
mod editing;
mod email;
mod imported;
mod imported_key;
mod leaving;
mod meant;
mod renaming;
mod role;
mod standing;
mod update;

pub use adding::{NewUser, Taken, UserAddition, add};
pub use administering::{Act, ActRefusal, Privileges, permit};
pub use attributes::{AttributeChange, Attributes, AttributesError};
pub use claim_mapping::{ClaimMapping, ClaimMappingError};
pub use editing::{UserEdit, UserEdited, edit};
pub use email::email_of;
pub use imported::{ImportedUser, LastImport};
pub use imported_key::{ImportedKey, ImportedKeyError};
pub use leaving::{Leaving, LeavingChange, has_left, leave};
pub use meant::meant;
pub use renaming::taken_name;
pub use role::{Right, Role, UnknownRole, may};
pub use standing::{
    EndingGrants, UserDecision, UserStanding, attributes_changed, change_password, described_anew, disable,
    enable, end_again, remove, sign_out_everywhere,
};
pub use update::{AccountUpdate, PasswordFate, update};

use std::borrow::Cow;
use std::fmt;

use jeton_jose::Timestamp;
use unicode_normalization::UnicodeNormalization as _;

use crate::UserId;
use crate::factor::Enrolled;
use crate::password::PasswordHash;

/// A username: 1 to [`Username::MAX_CHARS`] characters, without control characters, and without white space at either
/// end. It is stored as it was given; [`meant`] says which account a typed name means.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Username(Box<str>);

/// Why a text is not a username.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UsernameError {
    /// The text is empty.
    #[error("a username must not be empty")]
    Empty,
    /// The text is longer than [`Username::MAX_CHARS`].
    #[error("a username must have at most {} characters, found {found}", Username::MAX_CHARS)]
    TooLong {
        /// Its length in characters.
        found: usize,
    },
    /// The text contains a control character.
    #[error("a username must not contain control characters")]
    Control,
    /// The text begins or ends with white space.
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
    /// The largest number of characters in a username: that of an email address (RFC 5321), which some users sign in
    /// with.
    pub const MAX_CHARS: usize = 254;

    /// Parses a username.
    ///
    /// # Errors
    /// Names the violated rule.
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

    /// The name without differences that people neither see nor mean: case and composition (NFKC and lower case, as
    /// RFC 8265 §3.3 prepares usernames). Accounts with equal folded names look alike to users.
    pub fn folded(&self) -> String {
        self.0.nfkc().flat_map(char::to_lowercase).nfkc().collect()
    }
}

/// The folded form of a typed name, valid or not.
pub(crate) fn folded(typed: &str) -> Cow<'_, str> {
    match Username::parse(typed) {
        Ok(username) => Cow::Owned(username.folded()),
        Err(_) => Cow::Borrowed(typed),
    }
}

/// The beginning of a name as it is compared with [folded](Username::folded) names.
pub fn folded_prefix(typed: &str) -> String {
    typed.trim_start().nfkc().flat_map(char::to_lowercase).nfkc().collect()
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UserStatus {
    /// May sign in.
    Active,
    /// May not sign in; all grants have ended.
    Disabled,
}

/// A stored user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The authority's own identifier.
    pub id: UserId,
    /// The user's key in the system that it was imported from, which replaces `id` in tokens.
    pub imported_key: Option<Box<str>>,
    /// The username.
    pub username: Username,
    /// The user's e-mail address, if known.
    pub email: Option<Box<str>>,
    /// The password hash.
    pub password: PasswordHash,
    /// Increases whenever the password is changed or the user is disabled, so that a concurrent sign-in fails.
    pub epoch: u64,
    /// Whether the user may sign in.
    pub status: UserStatus,
    /// The user's role.
    pub role: Role,
    /// When the account was created.
    pub created_at: Timestamp,
    /// The attributes, which supply claims.
    pub attributes: Attributes,
    /// What the user has set up besides the password.
    pub enrolled: Enrolled,
}

impl User {
    /// Texts about the user that whoever knows them tries first as a password, beside the host of the issuer.
    pub fn related_texts<'a>(&'a self, issuer: &'a str) -> Vec<&'a str> {
        let host = issuer.split("//").nth(1).unwrap_or_default();
        let name = self.attributes.get("name").and_then(|name| name.as_str());
        [Some(self.username.as_str()), self.email.as_deref(), name, Some(host)]
            .into_iter()
            .flatten()
            .collect()
    }

    /// The user's subject in tokens (`sub` and `user_id`): the imported key, or else the identifier in hex.
    pub fn subject(&self) -> Subject {
        Subject::of(self.id, self.imported_key.as_deref())
    }
}

/// A user's subject in tokens: `sub` (RFC 7519 §4.1.2) and simplejwt's `user_id`.
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
