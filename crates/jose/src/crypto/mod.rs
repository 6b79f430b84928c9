//! The only module that calls the cryptographic libraries: AWS-LC through `aws-lc-rs`, and RustCrypto for HMAC.

#[cfg(feature = "jwe")]
mod content;
mod digest;
#[cfg(feature = "jwe")]
mod ecdh;
mod ecdsa;
mod eddsa;
mod hmac;
mod hmac_sha256;
#[cfg(feature = "hpke")]
mod hpke;
#[cfg(all(test, feature = "hpke"))]
mod hpke_examples;
#[cfg(feature = "jwe")]
mod key_wrap;
mod ml_dsa;
#[cfg(feature = "jwe")]
mod oaep;
#[cfg(feature = "jwe")]
mod pbkdf2;
mod rsa;
mod sign;
mod verify;
#[cfg(all(test, feature = "jwe"))]
mod wycheproof;
mod x25519;

use aws_lc_rs::rand;

#[cfg(feature = "jwe")]
pub(crate) use content::{ContentKey, ContentTag, MAX_IV, MAX_PADDING};
pub(crate) use digest::{message_digest, sha256};
#[cfg(feature = "jwe")]
pub(crate) use ecdh::{AgreementCurve, AgreementKey, PeerKey, concat_kdf};
pub(crate) use ecdsa::{generate as generate_ec, public_point};
pub(crate) use eddsa::{generate as generate_ed25519, public as ed25519_public};
pub(crate) use hmac::HmacKey;
#[cfg(feature = "hpke")]
pub(crate) use hpke::{HpkeAead, HpkeAlgorithms};
#[cfg(feature = "jwe")]
pub(crate) use key_wrap::{aes_unwrap, aes_wrap};
pub(crate) use ml_dsa::{
    expands_to as ml_dsa_expands_to, generate as generate_ml_dsa, public as ml_dsa_public,
    public_len as ml_dsa_public_len,
};
#[cfg(feature = "jwe")]
pub(crate) use oaep::{OaepHash, OaepPrivateKey, OaepPublicKey};
#[cfg(feature = "jwe")]
pub(crate) use pbkdf2::{PasswordHash, derive_from_password};
pub use rsa::RsaBits;
pub(crate) use rsa::{RsaPrivate, generate as generate_rsa, looks_like_roca};
pub(crate) use sign::{SignKey, SignatureBytes};
pub(crate) use verify::VerifyKey;
pub(crate) use x25519::public as x25519_public;

/// Secret bytes, wiped when dropped.
pub(crate) type SecretBytes = zeroize::Zeroizing<Vec<u8>>;

/// The cryptographic library refused a key or an operation. It says no more, and need not.
#[derive(Debug)]
pub(crate) struct Refused;

impl From<aws_lc_rs::error::Unspecified> for Refused {
    fn from(_: aws_lc_rs::error::Unspecified) -> Self {
        Self
    }
}

impl From<aws_lc_rs::error::KeyRejected> for Refused {
    fn from(_: aws_lc_rs::error::KeyRejected) -> Self {
        Self
    }
}

pub(crate) fn fill_random(bytes: &mut [u8]) {
    rand::fill(bytes).expect("AWS-LC ends the process rather than answer without entropy");
}
