//! Verifying with a prepared key.

use aws_lc_rs::signature::ParsedPublicKey;

use super::{HmacKey, Refused};

/// A key that verifies by one algorithm.
pub(crate) enum VerifyKey {
    Hmac(Box<HmacKey>),
    Public {
        key: Box<ParsedPublicKey>,
        /// The only length a signature may have.
        signature_len: usize,
    },
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
        }
    }

    /// How long its signatures are (bytes).
    pub(crate) fn signature_len(&self) -> usize {
        match self {
            Self::Hmac(key) => key.tag_len(),
            Self::Public { signature_len, .. } => *signature_len,
        }
    }
}
