//! Whom a token comes from, and whom it is for.

use std::fmt;
use std::sync::Arc;

use crate::shown::ShownAll;

/// Gives a type that holds names, or none for any, what both need.
macro_rules! names {
    ($type:ident) => {
        impl $type {
            /// Whether a token must name one at all.
            pub(crate) fn is_required(&self) -> bool {
                self.0.is_some()
            }

            pub(crate) fn accepts(&self, name: &str) -> bool {
                self.0.as_ref().is_none_or(|wanted| wanted.iter().any(|wanted| **wanted == *name))
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self.names() {
                    Some(names) => write!(f, "{}", ShownAll(names)),
                    None => f.write_str("any"),
                }
            }
        }

        impl From<&str> for $type {
            fn from(name: &str) -> Self {
                Self::new(name)
            }
        }

        impl From<String> for $type {
            fn from(name: String) -> Self {
                Self::new(name)
            }
        }
    };
}

/// The issuer that tokens must name in `iss`, compared exactly (RFC 7519 §4.1.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuer(Names);

/// The audience of which tokens must name one in `aud` (RFC 7519 §4.1.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audience(Names);

type Names = Option<Arc<[Box<str>]>>;

fn named<N: Into<String>>(names: impl IntoIterator<Item = N>) -> Names {
    Some(names.into_iter().map(|name| name.into().into_boxed_str()).collect())
}

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
        Self(named(issuers))
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
}

impl Audience {
    /// This audience.
    #[must_use]
    pub fn new(audience: impl Into<String>) -> Self {
        Self::one_of([audience])
    }

    /// One of these: the names under which the verifier is known.
    #[must_use]
    pub fn one_of<A: Into<String>>(audiences: impl IntoIterator<Item = A>) -> Self {
        Self(named(audiences))
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
}

names!(Issuer);
names!(Audience);
