//! What is left of a token when every check has passed.

use std::sync::Arc;

use super::RegisteredClaims;
use crate::Algorithm;
use crate::jws::Header;

/// A token whose signature, type, issuer, audience and lifetime have been verified, with its claims as `C`.
///
/// It comes out of a [`Verifier`](super::Verifier), and out of nothing else.
#[derive(Clone, Debug)]
pub struct Verified<C> {
    header: Arc<Header>,
    registered: RegisteredClaims,
    claims: C,
}

impl<C> Verified<C> {
    pub(super) fn new(header: Arc<Header>, registered: RegisteredClaims, claims: C) -> Self {
        Self { header, registered, claims }
    }

    /// The registered claims.
    #[must_use]
    pub fn registered(&self) -> &RegisteredClaims {
        &self.registered
    }

    /// The whole claims set as the caller's type.
    #[must_use]
    pub fn claims(&self) -> &C {
        &self.claims
    }

    /// The whole claims set as the caller's type.
    #[must_use]
    pub fn into_claims(self) -> C {
        self.claims
    }

    /// The protected header, with all its members.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The algorithm by which it was signed.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.header.algorithm
    }

    /// Its `kid`.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.header.kid.as_deref()
    }

    /// Its `typ`.
    #[must_use]
    pub fn typ(&self) -> Option<&str> {
        self.header.typ.as_deref()
    }
}
