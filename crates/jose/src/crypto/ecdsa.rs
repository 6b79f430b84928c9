//! ECDSA with signatures of fixed width (RFC 7518 §3.4, RFC 8812).

use aws_lc_rs::encoding::{AsBigEndian, EcPrivateKeyBin};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P256K1_SHA256_FIXED,
    ECDSA_P256K1_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED, ECDSA_P384_SHA384_FIXED_SIGNING,
    ECDSA_P521_SHA512_FIXED, ECDSA_P521_SHA512_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm,
    EcdsaVerificationAlgorithm, KeyPair, ParsedPublicKey,
};
use zeroize::Zeroizing;

use super::{Refused, SignKey, VerifyKey};
use crate::curve::Curve;
use crate::der;

fn signing(curve: Curve) -> &'static EcdsaSigningAlgorithm {
    match curve {
        Curve::P256 => &ECDSA_P256_SHA256_FIXED_SIGNING,
        Curve::P384 => &ECDSA_P384_SHA384_FIXED_SIGNING,
        Curve::P521 => &ECDSA_P521_SHA512_FIXED_SIGNING,
        Curve::Secp256k1 => &ECDSA_P256K1_SHA256_FIXED_SIGNING,
    }
}

fn verification(curve: Curve) -> &'static EcdsaVerificationAlgorithm {
    match curve {
        Curve::P256 => &ECDSA_P256_SHA256_FIXED,
        Curve::P384 => &ECDSA_P384_SHA384_FIXED,
        Curve::P521 => &ECDSA_P521_SHA512_FIXED,
        Curve::Secp256k1 => &ECDSA_P256K1_SHA256_FIXED,
    }
}

impl SignKey {
    /// `scalar` must belong to `point`, an uncompressed one.
    pub(crate) fn ecdsa(curve: Curve, scalar: &[u8], point: &[u8]) -> Result<Self, Refused> {
        let key = EcdsaKeyPair::from_private_key_and_public_key(signing(curve), scalar, point)?;
        Ok(Self::Ecdsa(Box::new(key)))
    }
}

impl VerifyKey {
    /// `point` must be an uncompressed one on the curve.
    pub(crate) fn ecdsa(curve: Curve, point: &[u8]) -> Result<Self, Refused> {
        let key = ParsedPublicKey::new(verification(curve), point)?;
        Ok(Self::Public { key: Box::new(key), signature_len: 2 * curve.coordinate_len() })
    }
}

/// A fresh scalar and its uncompressed point.
pub(crate) fn generate(curve: Curve) -> Result<(Zeroizing<Vec<u8>>, Vec<u8>), Refused> {
    let key = EcdsaKeyPair::generate(signing(curve))?;
    let scalar: EcPrivateKeyBin<'_> = key.private_key().as_be_bytes()?;
    Ok((Zeroizing::new(scalar.as_ref().to_vec()), key.public_key().as_ref().to_vec()))
}

/// The uncompressed point that belongs to `scalar`.
pub(crate) fn public_point(curve: Curve, scalar: &[u8]) -> Result<Vec<u8>, Refused> {
    let der = der::ec_private_key(curve.oid(), scalar, None);
    let key = EcdsaKeyPair::from_private_key_der(signing(curve), &der)?;
    Ok(key.public_key().as_ref().to_vec())
}
