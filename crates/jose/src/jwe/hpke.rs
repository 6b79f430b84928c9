//! HPKE as JOSE uses it (draft-ietf-jose-hpke-encrypt), in base mode.

use super::ContentEncryption;
use crate::crypto::{AgreementCurve, HpkeAead, HpkeAlgorithms};
use crate::material::KeyError;

/// The algorithms that HPKE combines. Each KEM derives with the hash of the KDF.
///
/// `HPKE-5` and `HPKE-6` are not there, since AWS-LC does not have X448.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HpkeSuite {
    /// `HPKE-0`: P-256, SHA-256, AES-128-GCM.
    P256Aes128,
    /// `HPKE-1`: P-384, SHA-384, AES-256-GCM.
    P384Aes256,
    /// `HPKE-2`: P-521, SHA-512, AES-256-GCM.
    P521Aes256,
    /// `HPKE-3`: X25519, SHA-256, AES-128-GCM.
    X25519Aes128,
    /// `HPKE-4`: X25519, SHA-256, ChaCha20-Poly1305.
    X25519ChaCha20,
    /// `HPKE-7`: P-256, SHA-256, AES-256-GCM.
    P256Aes256,
}

/// The names of what is on X448.
const ON_X448: &[&str] = &["HPKE-5", "HPKE-6", "HPKE-5-KE", "HPKE-6-KE"];

/// An algorithm that is known, yet cannot be had, is refused by name.
pub(super) fn check_available(alg: &str) -> Result<(), KeyError> {
    if ON_X448.contains(&alg) {
        return Err(KeyError::Unsupported { what: "HPKE on X448 (AWS-LC does not have it)" });
    }
    Ok(())
}

impl HpkeSuite {
    /// The `alg` that encrypts the content itself.
    pub(super) const fn integrated_name(self) -> &'static str {
        match self {
            Self::P256Aes128 => "HPKE-0",
            Self::P384Aes256 => "HPKE-1",
            Self::P521Aes256 => "HPKE-2",
            Self::X25519Aes128 => "HPKE-3",
            Self::X25519ChaCha20 => "HPKE-4",
            Self::P256Aes256 => "HPKE-7",
        }
    }

    /// The `alg` that encrypts the content encryption key.
    pub(super) const fn key_encryption_name(self) -> &'static str {
        match self {
            Self::P256Aes128 => "HPKE-0-KE",
            Self::P384Aes256 => "HPKE-1-KE",
            Self::P521Aes256 => "HPKE-2-KE",
            Self::X25519Aes128 => "HPKE-3-KE",
            Self::X25519ChaCha20 => "HPKE-4-KE",
            Self::P256Aes256 => "HPKE-7-KE",
        }
    }

    pub(super) const fn algorithms(self) -> HpkeAlgorithms {
        let (curve, aead) = match self {
            Self::P256Aes128 => (AgreementCurve::P256, HpkeAead::Aes128Gcm),
            Self::P384Aes256 => (AgreementCurve::P384, HpkeAead::Aes256Gcm),
            Self::P521Aes256 => (AgreementCurve::P521, HpkeAead::Aes256Gcm),
            Self::X25519Aes128 => (AgreementCurve::X25519, HpkeAead::Aes128Gcm),
            Self::X25519ChaCha20 => (AgreementCurve::X25519, HpkeAead::ChaCha20Poly1305),
            Self::P256Aes256 => (AgreementCurve::P256, HpkeAead::Aes256Gcm),
        };
        HpkeAlgorithms { curve, aead }
    }
}

/// The `Recipient_structure` of key encryption, which binds the encrypted key to its `enc`; without anything of the
/// application's own. Integrated encryption has empty `info`.
pub(super) fn recipient_structure(enc: ContentEncryption) -> Vec<u8> {
    [b"JOSE-HPKE rcpt\xff", enc.as_str().as_bytes(), b"\xff"].concat()
}
