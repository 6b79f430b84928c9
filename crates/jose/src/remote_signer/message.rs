//! What is to be signed.

use std::fmt;

use crate::Algorithm;
use crate::crypto;

/// The bytes to be signed. Some services want them whole, others want their hash.
#[derive(Clone, Copy)]
pub struct Message<'a> {
    algorithm: Algorithm,
    bytes: &'a [u8],
}

impl<'a> Message<'a> {
    pub(super) fn new(algorithm: Algorithm, bytes: &'a [u8]) -> Self {
        Self { algorithm, bytes }
    }

    /// The algorithm to sign by: that of the signer's public key.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// All of it.
    #[must_use]
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Its hash, as the algorithm takes it: SHA-256, SHA-384 or SHA-512. Nothing for Ed25519 and ML-DSA, which sign the whole.
    #[must_use]
    pub fn digest(&self) -> Option<Vec<u8>> {
        crypto::message_digest(self.algorithm, self.bytes)
    }
}

impl fmt::Debug for Message<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("algorithm", &self.algorithm)
            .field("len", &self.bytes.len())
            .finish_non_exhaustive()
    }
}
