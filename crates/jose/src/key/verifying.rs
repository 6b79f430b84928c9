//! Any key that verifies.

use std::fmt;
use std::sync::Arc;

use super::{PublicKey, SharedSecret};
use crate::Algorithm;
use crate::crypto::{Refused, VerifyKey};

/// Any key that verifies, under its one algorithm.
///
/// Cloning is cheap.
#[derive(Clone)]
pub struct VerifyingKey {
    algorithm: Algorithm,
    kid: Option<Arc<str>>,
    /// Absent where `key_ops` of a secret allow signing only: such a key verifies nothing.
    prepared: Option<Arc<VerifyKey>>,
}

impl VerifyingKey {
    /// The algorithm it verifies by.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Its `kid`.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    pub(crate) fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), Refused> {
        self.prepared.as_ref().ok_or(Refused)?.verify(message, signature)
    }

    /// How long its signatures are (bytes).
    pub(crate) fn signature_len(&self) -> usize {
        self.prepared.as_ref().map_or(0, |key| key.signature_len())
    }
}

impl From<PublicKey> for VerifyingKey {
    fn from(key: PublicKey) -> Self {
        Self { algorithm: key.algorithm(), kid: key.kid_of(), prepared: Some(key.prepared()) }
    }
}

impl From<SharedSecret> for VerifyingKey {
    fn from(key: SharedSecret) -> Self {
        Self { algorithm: key.algorithm(), kid: key.kid_of(), prepared: key.verifying() }
    }
}

impl From<&PublicKey> for VerifyingKey {
    fn from(key: &PublicKey) -> Self {
        key.clone().into()
    }
}

impl From<&SharedSecret> for VerifyingKey {
    fn from(key: &SharedSecret) -> Self {
        key.clone().into()
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifyingKey")
            .field("algorithm", &self.algorithm)
            .field("kid", &self.kid)
            .finish_non_exhaustive()
    }
}
