//! Keys of a set that cannot be used, and why.

use std::fmt;

use super::{KeyError, MAX_KID};
use crate::json::Value;

/// A key of a set that cannot be used. The others of the set can (RFC 7517 §5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SkippedKey {
    index: usize,
    kid: Option<Box<str>>,
    reason: KeyError,
    holds_secret: bool,
}

impl SkippedKey {
    pub(crate) fn new(index: usize, kid: Option<&str>, reason: KeyError) -> Self {
        Self { index, kid: kid.map(Into::into), reason, holds_secret: false }
    }

    /// One of a set that is being read, of which only this much is known.
    pub(crate) fn of(index: usize, key: Value<'_, '_>, holds_secret: bool, reason: KeyError) -> Self {
        let kid = key.get("kid").and_then(Value::as_str).filter(|kid| kid.len() <= MAX_KID);
        Self { holds_secret, ..Self::new(index, kid.as_deref(), reason) }
    }

    /// Its place in the set, counted from 0.
    #[must_use]
    pub fn index(&self) -> usize {
        self.index
    }

    /// Its `kid`, where it has one of at most 256 bytes.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// Why it cannot be used.
    #[must_use]
    pub const fn reason(&self) -> &KeyError {
        &self.reason
    }

    pub(crate) fn holds_secret(&self) -> bool {
        self.holds_secret
    }
}

/// `keys[2] (kid "2026-11"): the RSA key has 1024 bits, allowed are 2048 to 8192`, on one line whatever the `kid` contains.
impl fmt::Display for SkippedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "keys[{}]", self.index)?;
        if let Some(kid) = &self.kid {
            write!(f, " (kid {kid:?})")?;
        }
        write!(f, ": {}", self.reason)
    }
}
