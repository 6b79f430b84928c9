//! JOSE and JWT: keys, signatures, encryption, claims.
//!
//! No I/O, no clock, no async, no globals.

mod algorithm;
pub mod base64url;
mod crypto;
pub mod dpop;
mod encoding;
mod error;
pub mod json;
pub mod jwe;
pub mod jwk;
pub mod jws;
pub mod jwt;
mod key;
pub mod nested;
pub mod random;
mod timestamp;
#[cfg(test)]
#[path = "../tests/it/vectors.rs"]
mod vectors;

pub use algorithm::{Algorithm, UnknownAlgorithm};
pub use error::{SignError, VerifyError};
pub use jwk::{Jwk, JwkSet};
pub use key::{KeyError, KeySet, PrivateKey, PublicKey, SharedSecret, SigningKey, VerifyingKey};
pub use timestamp::Timestamp;
