//! Explicit typing (RFC 8725 §3.11): a token of one kind is never taken for one of another.

use std::borrow::Cow;
use std::fmt;

use crate::shown::Shown;

/// The `typ` that tokens must have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenType {
    /// `JWT`, or no `typ` at all: what untyped tokens look like.
    #[default]
    JwtOrNone,
    /// This media type, such as `at+jwt` (RFC 9068). Letter case and the prefix `application/` do not matter (RFC 7515
    /// §4.1.9).
    Named(Cow<'static, str>),
    /// Any `typ`, or none. Tokens of every kind are then accepted.
    Any,
}

impl TokenType {
    pub(crate) fn accepts(&self, found: Option<&str>) -> bool {
        match (self, found) {
            (Self::Any, _) | (Self::JwtOrNone, None) => true,
            (Self::JwtOrNone, Some(found)) => same(found, "JWT"),
            (Self::Named(_), None) => false,
            (Self::Named(wanted), Some(found)) => same(found, wanted),
        }
    }
}

impl fmt::Display for TokenType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::JwtOrNone => f.write_str("\"JWT\" or none"),
            Self::Named(name) => Shown(name).fmt(f),
            Self::Any => f.write_str("any"),
        }
    }
}

impl From<&'static str> for TokenType {
    fn from(name: &'static str) -> Self {
        Self::Named(Cow::Borrowed(name))
    }
}

impl From<String> for TokenType {
    fn from(name: String) -> Self {
        Self::Named(Cow::Owned(name))
    }
}

/// Compares media types; `application/` may be left out where no other slash follows.
pub(crate) fn same(one: &str, other: &str) -> bool {
    short(one).eq_ignore_ascii_case(short(other))
}

fn short(name: &str) -> &str {
    match name.split_at_checked("application/".len()) {
        Some((prefix, rest)) if prefix.eq_ignore_ascii_case("application/") && !rest.contains('/') => rest,
        _ => name,
    }
}
