//! Any key that verifies.

use std::sync::Arc;

use super::identity::{Identity, identified};
use super::{PublicKey, SharedSecret};
use crate::crypto::{Refused, VerifyKey};

/// Any key that verifies, under its one algorithm.
///
/// Cloning is cheap.
#[derive(Clone)]
pub struct VerifyingKey {
    identity: Identity,
    /// Absent where `key_ops` of a secret allow signing only: such a key verifies nothing.
    prepared: Option<Arc<VerifyKey>>,
}

impl VerifyingKey {
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
        Self { identity: key.identity(), prepared: Some(key.prepared()) }
    }
}

impl From<SharedSecret> for VerifyingKey {
    fn from(key: SharedSecret) -> Self {
        Self { identity: key.identity(), prepared: key.verifying() }
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

identified!(VerifyingKey);
