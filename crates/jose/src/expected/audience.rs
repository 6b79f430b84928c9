//! Whom a token comes from, and whom it is for.

use std::fmt;
use std::sync::Arc;

use crate::shown::ShownAll;

/// The issuer that tokens must name in `iss`, compared exactly (RFC 7519 §4.1.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuer(Option<Arc<[Box<str>]>>);

impl Issuer {
    /// This issuer.
    #[must_use]
    pub fn new(issuer: impl Into<String>) -> Self {
        Self::one_of([issuer])
    }

    /// One of these: the names of one issuer, such as Google's `https://accounts.google.com` and `accounts.google.com`.
    ///
    /// The verifier's keys are trusted under each of the names. So they must all be names of those who hold the keys: for
    /// several issuers make a verifier for each.
    #[must_use]
    pub fn one_of<I: Into<String>>(issuers: impl IntoIterator<Item = I>) -> Self {
        Self(Some(issuers.into_iter().map(|issuer| issuer.into().into_boxed_str()).collect()))
    }

    /// Any issuer, or none. Then only the key tells whom a token comes from.
    #[must_use]
    pub fn any() -> Self {
        Self(None)
    }

    /// The names of the issuer wanted; nothing where any will do.
    #[must_use]
    pub fn names(&self) -> Option<&[Box<str>]> {
        self.0.as_deref()
    }

    /// Whether a token must name an issuer at all.
    pub(crate) fn is_required(&self) -> bool {
        self.0.is_some()
    }

    pub(crate) fn accepts(&self, issuer: &str) -> bool {
        self.0.as_ref().is_none_or(|wanted| wanted.iter().any(|wanted| **wanted == *issuer))
    }
}

impl fmt::Display for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        wanted(self.names(), f)
    }
}

impl fmt::Display for Audience {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        wanted(self.names(), f)
    }
}

fn wanted(names: Option<&[Box<str>]>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match names {
        Some(names) => write!(f, "{}", ShownAll(names)),
        None => f.write_str("any"),
    }
}

impl From<&str> for Issuer {
    fn from(issuer: &str) -> Self {
        Self::new(issuer)
    }
}

impl From<String> for Issuer {
    fn from(issuer: String) -> Self {
        Self::new(issuer)
    }
}

/// The audience of which tokens must name one in `aud` (RFC 7519 §4.1.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audience(Option<Arc<[Box<str>]>>);

impl Audience {
    /// This audience.
    #[must_use]
    pub fn new(audience: impl Into<String>) -> Self {
        Self::one_of([audience])
    }

    /// One of these: the names under which the verifier is known.
    #[must_use]
    pub fn one_of<A: Into<String>>(audiences: impl IntoIterator<Item = A>) -> Self {
        Self(Some(audiences.into_iter().map(|audience| audience.into().into_boxed_str()).collect()))
    }

    /// Any audience, or none. A token that was made for somebody else is then accepted too.
    #[must_use]
    pub fn any() -> Self {
        Self(None)
    }

    /// The audiences of which one is wanted; nothing where any will do.
    #[must_use]
    pub fn names(&self) -> Option<&[Box<str>]> {
        self.0.as_deref()
    }

    /// Whether a token must name an audience at all.
    pub(crate) fn is_required(&self) -> bool {
        self.0.is_some()
    }

    pub(crate) fn accepts(&self, audience: &str) -> bool {
        self.0.as_ref().is_none_or(|wanted| wanted.iter().any(|wanted| **wanted == *audience))
    }
}

impl From<&str> for Audience {
    fn from(audience: &str) -> Self {
        Self::new(audience)
    }
}

impl From<String> for Audience {
    fn from(audience: String) -> Self {
        Self::new(audience)
    }
}
