//! What another system calls a user.

use std::fmt;
use std::str::FromStr;

/// The key that a user has in the system that they come from, such as its primary key: tokens call the user so (`sub`).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ImportedKey(Box<str>);

/// The text cannot be what tokens call a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the key is neither a number nor a text of up to {} bytes", ImportedKey::MAX_BYTES)]
pub struct ImportedKeyError;

impl ImportedKeyError {
    /// The stable name of the error.
    pub const fn code(&self) -> &'static str {
        "user_key_malformed"
    }
}

impl ImportedKey {
    /// The longest key, in bytes: as long as `sub` may be (OpenID Connect Core §2).
    pub const MAX_BYTES: usize = 255;

    /// Takes a key: neither empty nor too long, and without control characters.
    ///
    /// # Errors
    /// [`ImportedKeyError`] where the text is no such key.
    pub fn parse(text: &str) -> Result<Self, ImportedKeyError> {
        let is_key = !text.is_empty() && text.len() <= Self::MAX_BYTES && !text.contains(char::is_control);
        is_key.then(|| Self(text.into())).ok_or(ImportedKeyError)
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ImportedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for ImportedKey {
    type Err = ImportedKeyError;

    fn from_str(text: &str) -> Result<Self, ImportedKeyError> {
        Self::parse(text)
    }
}

impl From<ImportedKey> for Box<str> {
    fn from(key: ImportedKey) -> Self {
        key.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_short_and_has_something_to_show() {
        for good in ["7", "a b", "4f2c-11", &"x".repeat(255)] {
            assert_eq!(ImportedKey::parse(good).map(|key| key.as_str().to_owned()), Ok(good.to_owned()));
        }
        for bad in ["", "a\nb", "\0", &"x".repeat(256), &"é".repeat(128)] {
            assert_eq!(ImportedKey::parse(bad), Err(ImportedKeyError), "{bad:?}");
        }
    }
}
