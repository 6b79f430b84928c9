//! Whom a token comes from, and whom it is for.

use std::sync::Arc;

/// The issuer that tokens must name in `iss`, compared exactly (RFC 7519 §4.1.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuer(Option<Arc<str>>);

impl Issuer {
    /// This issuer.
    #[must_use]
    pub fn new(issuer: impl Into<String>) -> Self {
        Self(Some(Arc::from(issuer.into())))
    }

    /// Any issuer, or none. Then only the key tells whom a token comes from.
    #[must_use]
    pub fn any() -> Self {
        Self(None)
    }

    /// The issuer wanted, if one is.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        self.0.as_deref()
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
