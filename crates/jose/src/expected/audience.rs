//! Whom a token comes from, and whom it is for.

use std::fmt;
use std::sync::Arc;

use crate::shown::ShownAll;

/// Makes a type that holds names, or none for any.
macro_rules! names {
    (
        $(#[$type_doc:meta])* $type:ident
        $(#[$new_doc:meta])* new
        $(#[$one_of_doc:meta])* one_of
        $(#[$any_doc:meta])* any
        $(#[$names_doc:meta])* names
    ) => {
        $(#[$type_doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $type(Option<Arc<[Box<str>]>>);

        impl $type {
            $(#[$new_doc])*
            #[must_use]
            pub fn new(name: impl Into<String>) -> Self {
                Self::one_of([name])
            }

            $(#[$one_of_doc])*
            #[must_use]
            pub fn one_of<N: Into<String>>(names: impl IntoIterator<Item = N>) -> Self {
                Self(Some(names.into_iter().map(|name| name.into().into_boxed_str()).collect()))
            }

            $(#[$any_doc])*
            #[must_use]
            pub fn any() -> Self {
                Self(None)
            }

            $(#[$names_doc])*
            #[must_use]
            pub fn names(&self) -> Option<&[Box<str>]> {
                self.0.as_deref()
            }

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

names! {
    /// The issuer that tokens must name in `iss`, compared exactly (RFC 7519 §4.1.1).
    Issuer

    /// This issuer.
    new

    /// One of these: the names of one issuer, such as Google's `https://accounts.google.com` and `accounts.google.com`.
    ///
    /// The verifier's keys are trusted under each of the names. So they must all be names of those who hold the keys: for
    /// several issuers make a verifier for each.
    one_of

    /// Any issuer, or none. Then only the key tells whom a token comes from.
    any

    /// The names of the issuer wanted; nothing where any will do.
    names
}

names! {
    /// The audience of which tokens must name one in `aud` (RFC 7519 §4.1.3).
    Audience

    /// This audience.
    new

    /// One of these: the names under which the verifier is known.
    one_of

    /// Any audience, or none. A token that was made for somebody else is then accepted too.
    any

    /// The audiences of which one is wanted; nothing where any will do.
    names
}
