//! The only module that calls the cryptographic libraries: AWS-LC through `aws-lc-rs`, and RustCrypto for HMAC.

mod content;
mod digest;
mod ecdh;
mod ecdsa;
mod eddsa;
mod hmac;
mod key_wrap;
mod ml_dsa;
mod oaep;
mod pbkdf2;
mod rsa;
mod sign;
mod verify;
#[cfg(test)]
mod wycheproof;

use aws_lc_rs::rand;

pub(crate) use content::{ContentKey, Sealed};
pub(crate) use digest::sha256;
pub(crate) use ecdh::{AgreementCurve, AgreementKey, concat_kdf, x25519_public};
pub(crate) use ecdsa::{generate as generate_ec, public_point};
pub(crate) use eddsa::{generate as generate_ed25519, public as ed25519_public};
pub(crate) use hmac::HmacKey;
pub(crate) use key_wrap::{aes_unwrap, aes_wrap};
pub(crate) use ml_dsa::{
    generate as generate_ml_dsa, public as ml_dsa_public, public_len as ml_dsa_public_len,
};
pub(crate) use oaep::{OaepHash, OaepPrivateKey, OaepPublicKey};
pub(crate) use pbkdf2::{PasswordHash, derive_from_password};
pub(crate) use rsa::{generate as generate_rsa, looks_like_roca};
pub(crate) use sign::{SignKey, SignatureBytes};
pub(crate) use verify::VerifyKey;

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
