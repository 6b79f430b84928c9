//! Signing with a prepared key.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{EcdsaKeyPair, Ed25519KeyPair, PqdsaKeyPair, RsaKeyPair, RsaSignatureEncoding};

use super::{HmacKey, Refused};

/// A key that signs by one algorithm.
pub(crate) enum SignKey {
    Hmac(Box<HmacKey>),
    Rsa { key: Box<RsaKeyPair>, encoding: &'static RsaSignatureEncoding },
    Ecdsa(Box<EcdsaKeyPair>),
    Ed25519(Box<Ed25519KeyPair>),
    MlDsa(Box<PqdsaKeyPair>),
}

impl SignKey {
    pub(crate) fn sign(&self, message: &[u8]) -> Result<SignatureBytes, Refused> {
        match self {
            Self::Hmac(key) => Ok(key.tag(message)),
            Self::Rsa { key, encoding } => {
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(*encoding, &SystemRandom::new(), message, &mut signature)?;
                Ok(SignatureBytes::Long(signature))
            }
            Self::Ecdsa(key) => Ok(SignatureBytes::short(key.sign(&SystemRandom::new(), message)?.as_ref())),
            Self::Ed25519(key) => Ok(SignatureBytes::short(key.try_sign(message)?.as_ref())),
            Self::MlDsa(key) => {
                let mut signature = vec![0; key.algorithm().signature_len()];
                let len = key.sign(message, &mut signature)?;
                signature.truncate(len);
                Ok(SignatureBytes::Long(signature))
            }
        }
    }

    /// How long its signatures are.
    pub(crate) fn signature_len(&self) -> usize {
        match self {
            Self::Hmac(key) => key.tag_len(),
            Self::Ed25519(_) => 64,
            Self::Rsa { key, .. } => key.public_modulus_len(),
            // P-521, the longest.
            Self::Ecdsa(_) => 132,
            Self::MlDsa(key) => key.algorithm().signature_len(),
        }
    }
}

/// A signature, on the stack where it is short.
pub(crate) enum SignatureBytes {
    Short { bytes: [u8; 132], len: u8 },
    Long(Vec<u8>),
}

impl SignatureBytes {
    pub(super) fn short(signature: &[u8]) -> Self {
        let mut bytes = [0; 132];
        match (bytes.get_mut(..signature.len()), u8::try_from(signature.len())) {
            (Some(room), Ok(len)) => {
                room.copy_from_slice(signature);
                Self::Short { bytes, len }
            }
            _ => Self::Long(signature.to_vec()),
        }
    }

    pub(crate) fn as_slice(&self) -> &[u8] {
        match self {
            Self::Short { bytes, len } => bytes.get(..usize::from(*len)).unwrap_or_default(),
            Self::Long(bytes) => bytes,
        }
    }
}
