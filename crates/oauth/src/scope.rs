//! The scope of a token: `scope` (RFC 6749 §3.3).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A set of scope tokens, serialized with a single space between them (RFC 6749 §3.3).
///
/// Their order has no meaning: two scopes are equal if they contain the same tokens. The text keeps the order in which
/// the tokens first occurred; a repeated token is kept once. The default is the empty scope, which permits nothing: a
/// parameter without a value counts as omitted (RFC 6749 §3.1).
///
/// ```
/// use jeton_oauth::Scope;
///
/// let granted: Scope = "orders:read orders:write".parse()?;
/// assert!(granted.contains("orders:read"));
/// assert!(granted.covers(&Scope::parse("orders:write")?));
/// # Ok::<(), jeton_oauth::ScopeError>(())
/// ```
#[derive(Clone, Default)]
pub struct Scope(Box<str>);

/// Why a text is not a scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ScopeError {
    /// A character outside `%x21 / %x23-5B / %x5D-7E`: a control or non-ASCII character, a quote or a backslash.
    #[error("the scope contains an invalid character at byte {position}")]
    Character {
        /// Its position, in bytes from the start.
        position: usize,
    },
    /// More tokens than [`Scope::MAX_TOKENS`].
    #[error("the scope has {found} tokens, at most {max} are allowed", max = Scope::MAX_TOKENS)]
    TooMany {
        /// Their number.
        found: usize,
    },
}

impl ScopeError {
    /// The stable name of this error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Character { .. } => "scope_character",
            Self::TooMany { .. } => "scope_too_many",
        }
    }
}

impl Scope {
    /// The largest number of tokens, repeated ones included. It limits the work of comparing them.
    pub const MAX_TOKENS: usize = 256;

    /// Parses scope tokens, separated by white space: the standard requires a single space, but clients also send two,
    /// one at the end, or the line breaks of a configuration file. The empty text is the empty scope.
    ///
    /// # Errors
    /// [`ScopeError`] for an invalid character, or for too many tokens.
    pub fn parse(text: &str) -> Result<Self, ScopeError> {
        check(text)?;
        let found = text.split_ascii_whitespace().count();
        if found > Self::MAX_TOKENS {
            return Err(ScopeError::TooMany { found });
        }
        let mut canonical = String::with_capacity(text.len());
        for token in text.split_ascii_whitespace() {
            if !holds(&canonical, token) {
                if !canonical.is_empty() {
                    canonical.push(' ');
                }
                canonical.push_str(token);
            }
        }
        Ok(Self(canonical.into()))
    }

    /// Whether `token` is one of the tokens.
    #[must_use]
    pub fn contains(&self, token: &str) -> bool {
        holds(&self.0, token)
    }

    /// Whether every token of `wanted` is among these.
    #[must_use]
    pub fn covers(&self, wanted: &Self) -> bool {
        wanted.tokens().all(|token| self.contains(token))
    }

    /// The tokens of both.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        let both: Vec<_> =
            self.tokens().chain(other.tokens().filter(|token| !self.contains(token))).collect();
        Self(both.join(" ").into())
    }

    /// The tokens for which `keep` returns `true`.
    #[must_use]
    pub fn retain(&self, keep: impl Fn(&str) -> bool) -> Self {
        let kept: Vec<_> = self.tokens().filter(|token| keep(token)).collect();
        Self(kept.join(" ").into())
    }

    /// The tokens, in the order of the text.
    pub fn tokens(&self) -> impl Iterator<Item = &str> {
        self.0.split(' ').filter(|token| !token.is_empty())
    }

    /// Whether there are no tokens.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The tokens with a single space between them.
    #[must_use]
    pub const fn as_str(&self) -> &str {
        &self.0
    }
}

fn check(text: &str) -> Result<(), ScopeError> {
    let allowed = |byte| matches!(byte, b'!' | b'#'..=b'[' | b']'..=b'~');
    match text.bytes().position(|byte| !allowed(byte) && !byte.is_ascii_whitespace()) {
        Some(position) => Err(ScopeError::Character { position }),
        None => Ok(()),
    }
}

fn holds(text: &str, token: &str) -> bool {
    !token.is_empty() && text.split(' ').any(|known| known == token)
}

impl PartialEq for Scope {
    fn eq(&self, other: &Self) -> bool {
        self.covers(other) && other.covers(self)
    }
}

impl Eq for Scope {}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Scope({:?})", self.as_str())
    }
}

impl FromStr for Scope {
    type Err = ScopeError;

    fn from_str(text: &str) -> Result<Self, ScopeError> {
        Self::parse(text)
    }
}

impl Serialize for Scope {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Scope {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}
