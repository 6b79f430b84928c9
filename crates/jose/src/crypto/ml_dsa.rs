//! ML-DSA, pure and with an empty context (FIPS 204, RFC 9964).

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::encoding::AsRawBytes;
use aws_lc_rs::signature::{
    KeyPair, ML_DSA_44, ML_DSA_44_SIGNING, ML_DSA_65, ML_DSA_65_SIGNING, ML_DSA_87, ML_DSA_87_SIGNING,
    ParsedPublicKey, PqdsaKeyPair, PqdsaSigningAlgorithm, PqdsaVerificationAlgorithm,
};
use zeroize::Zeroizing;

use super::{Refused, SignKey, VerifyKey};
use crate::Algorithm;

fn signing(algorithm: Algorithm) -> &'static PqdsaSigningAlgorithm {
    match algorithm {
        Algorithm::MlDsa44 => &ML_DSA_44_SIGNING,
        Algorithm::MlDsa65 => &ML_DSA_65_SIGNING,
        _ => &ML_DSA_87_SIGNING,
    }
}

fn verification(algorithm: Algorithm) -> &'static PqdsaVerificationAlgorithm {
    match algorithm {
        Algorithm::MlDsa44 => &ML_DSA_44,
        Algorithm::MlDsa65 => &ML_DSA_65,
        _ => &ML_DSA_87,
    }
}

/// How many bytes a public key has.
pub(crate) fn public_len(algorithm: Algorithm) -> usize {
    signing(algorithm).public_key_len()
}

impl SignKey {
    /// `seed` must belong to `public`.
    pub(crate) fn ml_dsa(algorithm: Algorithm, seed: &[u8], public: &[u8]) -> Result<Self, Refused> {
        let key = PqdsaKeyPair::from_seed(signing(algorithm), seed)?;
        if key.public_key().as_ref() != public {
            return Err(Refused);
        }
        Ok(Self::MlDsa(Box::new(key)))
    }
}

impl VerifyKey {
    pub(crate) fn ml_dsa(algorithm: Algorithm, public: &[u8]) -> Result<Self, Refused> {
        if public.len() != public_len(algorithm) {
            return Err(Refused);
        }
        let key = ParsedPublicKey::new(verification(algorithm), public)?;
        Ok(Self::Public { key: Box::new(key), signature_len: signing(algorithm).signature_len() })
    }
}

/// A fresh seed and its public key.
pub(crate) fn generate(algorithm: Algorithm) -> Result<(Zeroizing<Vec<u8>>, Vec<u8>), Refused> {
    let mut seed = Zeroizing::new(vec![0; 32]);
    super::fill_random(&mut seed);
    let public = public(algorithm, &seed)?;
    Ok((seed, public))
}

/// The public key that belongs to `seed`.
pub(crate) fn public(algorithm: Algorithm, seed: &[u8]) -> Result<Vec<u8>, Refused> {
    Ok(PqdsaKeyPair::from_seed(signing(algorithm), seed)?.public_key().as_ref().to_vec())
}

/// Whether `expanded` is the private key (FIPS 204 §7.2) that `seed` expands to.
pub(crate) fn expands_to(algorithm: Algorithm, seed: &[u8], expanded: &[u8]) -> bool {
    PqdsaKeyPair::from_seed(signing(algorithm), seed)
        .ok()
        .and_then(|key| key.private_key().as_raw_bytes().ok())
        .is_some_and(|own| verify_slices_are_equal(own.as_ref(), expanded).is_ok())
}
