//! What every key has beside its numbers: the one algorithm that it belongs to, and its `kid`.

use std::sync::Arc;

use crate::Algorithm;
use crate::material::{KeyError, check_kid};

/// The algorithm and the `kid` of a key.
#[derive(Clone, Debug)]
pub(super) struct Identity {
    pub(super) algorithm: Algorithm,
    pub(super) kid: Option<Arc<str>>,
}

impl Identity {
    pub(super) fn new(algorithm: Algorithm) -> Self {
        Self { algorithm, kid: None }
    }

    /// Refuses a `kid` that no verifier takes.
    pub(super) fn check(&self) -> Result<(), KeyError> {
        self.kid.as_deref().map_or(Ok(()), check_kid)
    }
}

/// Gives a type that has an `identity` its accessors, and a `Debug` that shows the identity and nothing else.
macro_rules! identified {
    ($key:ident) => {
        impl $key {
            /// The one algorithm that it belongs to.
            #[must_use]
            pub fn algorithm(&self) -> $crate::Algorithm {
                self.identity.algorithm
            }

            /// Its `kid`.
            #[must_use]
            pub fn kid(&self) -> Option<&str> {
                self.identity.kid.as_deref()
            }
        }

        impl ::std::fmt::Debug for $key {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.debug_struct(stringify!($key))
                    .field("algorithm", &self.identity.algorithm)
                    .field("kid", &self.identity.kid)
                    .finish_non_exhaustive()
            }
        }
    };
}

/// Lets the holder of a key name it.
macro_rules! renamed {
    ($key:ident) => {
        impl $key {
            /// The same key under this `kid` (at most 256 bytes, or signing fails and verifiers refuse the token).
            #[must_use]
            pub fn with_kid(mut self, kid: impl Into<String>) -> Self {
                self.identity.kid = Some(::std::sync::Arc::from(kid.into()));
                self
            }
        }
    };
}

pub(super) use {identified, renamed};
