//! Verifying with a prepared key.

use aws_lc_rs::signature::ParsedPublicKey;

#[cfg(feature = "prepared-keys")]
use super::prepared::{PreparedKey, SIGNATURE_LEN};
use super::{HmacKey, Refused};

/// A key that verifies by one algorithm.
pub(crate) enum VerifyKey {
    Hmac(Box<HmacKey>),
    Public {
        key: Box<ParsedPublicKey>,
        /// The only length a signature may have.
        signature_len: usize,
    },
    /// With a table of its multiples.
    #[cfg(feature = "prepared-keys")]
    Prepared(PreparedKey),
}

impl VerifyKey {
    pub(crate) fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), Refused> {
        match self {
            Self::Hmac(key) => key.verify(message, signature),
            Self::Public { key, signature_len } => {
                if signature.len() != *signature_len {
                    return Err(Refused);
                }
                Ok(key.verify_sig(message, signature)?)
            }
            #[cfg(feature = "prepared-keys")]
            Self::Prepared(key) => key.verify(message, signature),
        }
    }

    /// For ES256, with a table. `point` must be an uncompressed one on P-256.
    #[cfg(feature = "prepared-keys")]
    pub(crate) fn prepared_p256(point: &[u8]) -> Result<Self, Refused> {
        Ok(Self::Prepared(PreparedKey::p256(point)?))
    }

    /// For Ed25519, with a table. `public` must be the one encoding of a point.
    #[cfg(feature = "prepared-keys")]
    pub(crate) fn prepared_ed25519(public: &[u8]) -> Result<Self, Refused> {
        Ok(Self::Prepared(PreparedKey::ed25519(public)?))
    }

    /// How long its signatures are (bytes).
    pub(crate) fn signature_len(&self) -> usize {
        match self {
            Self::Hmac(key) => key.tag_len(),
            Self::Public { signature_len, .. } => *signature_len,
            #[cfg(feature = "prepared-keys")]
            Self::Prepared(_) => SIGNATURE_LEN,
        }
    }
}
