//! Ed25519 (RFC 8032, RFC 8037).

use aws_lc_rs::encoding::AsBigEndian;
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, ParsedPublicKey};
use zeroize::Zeroizing;

use super::{Refused, SignKey, VerifyKey};

impl SignKey {
    /// `seed` must belong to `public`.
    pub(crate) fn ed25519(seed: &[u8], public: &[u8]) -> Result<Self, Refused> {
        Ok(Self::Ed25519(Box::new(Ed25519KeyPair::from_seed_and_public_key(seed, public)?)))
    }
}

impl VerifyKey {
    pub(crate) fn ed25519(public: &[u8]) -> Result<Self, Refused> {
        Ok(Self::Public { key: Box::new(ParsedPublicKey::new(&ED25519, public)?), signature_len: 64 })
    }
}

/// A fresh seed and its public key.
pub(crate) fn generate() -> Result<(Zeroizing<Vec<u8>>, Vec<u8>), Refused> {
    let key = Ed25519KeyPair::generate()?;
    let seed = key.seed()?;
    Ok((Zeroizing::new(seed.as_be_bytes()?.as_ref().to_vec()), key.public_key().as_ref().to_vec()))
}

/// The public key that belongs to `seed`.
pub(crate) fn public(seed: &[u8]) -> Result<Vec<u8>, Refused> {
    Ok(Ed25519KeyPair::from_seed_unchecked(seed)?.public_key().as_ref().to_vec())
}
