//! What is left of a JWS when its signature has been verified.

use std::fmt;

use super::Header;
use crate::Algorithm;

/// Bytes whose signature has been verified.
///
/// It comes out of a [`Verifier`](super::Verifier), and out of nothing else.
#[derive(Clone)]
pub struct Verified {
    pub(super) header: Header,
    pub(super) payload: Vec<u8>,
    pub(super) index: usize,
}

impl Verified {
    /// The bytes that were signed.
    #[must_use]
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// The bytes that were signed.
    #[must_use]
    pub fn into_payload(self) -> Vec<u8> {
        self.payload
    }

    /// The protected header, with all its members.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The algorithm by which they were signed.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.header.algorithm
    }

    /// The protected `kid`.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.header.kid.as_deref()
    }

    /// The protected `typ`.
    #[must_use]
    pub fn typ(&self) -> Option<&str> {
        self.header.typ.as_deref()
    }

    /// The protected `cty`: what the payload is.
    #[must_use]
    pub fn cty(&self) -> Option<&str> {
        self.header.cty.as_deref()
    }

    /// Which of several signatures was verified, counted from 0. The others may be wrong.
    #[must_use]
    pub fn signature_index(&self) -> usize {
        self.index
    }
}

impl fmt::Debug for Verified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verified")
            .field("header", &self.header)
            .field("index", &self.index)
            .finish_non_exhaustive()
    }
}
