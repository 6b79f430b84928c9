//! HMAC with a key whose padded blocks are hashed once, when it is made, and wiped when it is dropped.
//!
//! RustCrypto's is used because AWS-LC's safe interface copies three contexts for each tag, which costs a third more.

use ::hmac::{Hmac, KeyInit, Mac};
use aws_lc_rs::constant_time;
use sha2::{Sha384, Sha512};

use super::hmac_sha256::HmacSha256;
use super::{Refused, SignatureBytes};
use crate::Algorithm;

/// A prepared HMAC key.
#[derive(Clone)]
pub(crate) enum HmacKey {
    Sha256(HmacSha256),
    Sha384(Hmac<Sha384>),
    Sha512(Hmac<Sha512>),
}

impl HmacKey {
    pub(crate) fn new(algorithm: Algorithm, secret: &[u8]) -> Result<Self, Refused> {
        match algorithm {
            Algorithm::HS256 => return Ok(Self::Sha256(HmacSha256::new(secret))),
            Algorithm::HS384 => Hmac::new_from_slice(secret).map(Self::Sha384),
            Algorithm::HS512 => Hmac::new_from_slice(secret).map(Self::Sha512),
            _ => return Err(Refused),
        }
        .map_err(|_| Refused)
    }

    pub(crate) const fn tag_len(&self) -> usize {
        match self {
            Self::Sha256(_) => 32,
            Self::Sha384(_) => 48,
            Self::Sha512(_) => 64,
        }
    }

    pub(crate) fn tag(&self, message: &[u8]) -> SignatureBytes {
        match self {
            Self::Sha256(key) => SignatureBytes::short(&key.tag(message)),
            Self::Sha384(key) => {
                SignatureBytes::short(&key.clone().chain_update(message).finalize().into_bytes())
            }
            Self::Sha512(key) => {
                SignatureBytes::short(&key.clone().chain_update(message).finalize().into_bytes())
            }
        }
    }

    /// Compares in constant time. A shortened tag is refused.
    pub(crate) fn verify(&self, message: &[u8], tag: &[u8]) -> Result<(), Refused> {
        match self {
            Self::Sha256(key) => return Ok(constant_time::verify_slices_are_equal(&key.tag(message), tag)?),
            Self::Sha384(key) => key.clone().chain_update(message).verify_slice(tag),
            Self::Sha512(key) => key.clone().chain_update(message).verify_slice(tag),
        }
        .map_err(|_| Refused)
    }
}
