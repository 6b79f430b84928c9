//! Any key that signs.

use super::{PrivateKey, SharedSecret};
use crate::Algorithm;
use crate::crypto::{Refused, SignatureBytes};
use crate::material::KeyError;

/// Any key that signs, under its one algorithm.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum SigningKey {
    /// A private key, whose signatures others verify with the public one.
    Private(PrivateKey),
    /// A secret that the verifiers share.
    Secret(SharedSecret),
}

impl SigningKey {
    /// The algorithm it signs by.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        match self {
            Self::Private(key) => key.algorithm(),
            Self::Secret(key) => key.algorithm(),
        }
    }

    /// Its `kid`.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        match self {
            Self::Private(key) => key.kid(),
            Self::Secret(key) => key.kid(),
        }
    }

    /// Refuses a key that must not sign, or under whose `kid` no verifier would take a token.
    pub(crate) fn check(&self) -> Result<(), KeyError> {
        match self {
            Self::Private(key) => key.check(),
            Self::Secret(key) if key.signing().is_none() => Err(KeyError::Use),
            Self::Secret(key) => key.check(),
        }
    }

    /// Refuses certificates whose first one is not for this key.
    #[cfg(feature = "x509")]
    pub(crate) fn check_certificates(
        &self,
        chain: &crate::certificate::CertificateChain,
    ) -> Result<(), KeyError> {
        match self {
            Self::Private(key) => chain.check_key(&key.public()),
            Self::Secret(_) => Err(KeyError::Kind { found: "a shared secret", wanted: "a private key" }),
        }
    }

    pub(crate) fn sign(&self, message: &[u8]) -> Result<SignatureBytes, Refused> {
        match self {
            Self::Private(key) => key.sign(message),
            Self::Secret(key) => key.signing().ok_or(Refused)?.sign(message),
        }
    }

    /// The longest signature it makes (bytes).
    pub(crate) fn signature_len(&self) -> usize {
        match self {
            Self::Private(key) => key.signature_len(),
            Self::Secret(key) => key.signing().map_or(0, crate::crypto::SignKey::signature_len),
        }
    }
}

impl From<PrivateKey> for SigningKey {
    fn from(key: PrivateKey) -> Self {
        Self::Private(key)
    }
}

impl From<SharedSecret> for SigningKey {
    fn from(key: SharedSecret) -> Self {
        Self::Secret(key)
    }
}

impl From<&PrivateKey> for SigningKey {
    fn from(key: &PrivateKey) -> Self {
        Self::Private(key.clone())
    }
}

impl From<&SharedSecret> for SigningKey {
    fn from(key: &SharedSecret) -> Self {
        Self::Secret(key.clone())
    }
}
