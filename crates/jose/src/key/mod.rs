//! Keys for signatures: each belongs to one algorithm from the moment it is made.
//!
//! A [`PrivateKey`] signs, its [`PublicKey`] verifies, and a [`SharedSecret`] does both. They are three types, so that
//! a public key can never be taken for a secret.

mod candidates;
mod curve;
mod error;
mod identity;
mod material;
mod private;
mod public;
mod secret;
mod set;
mod signing;
mod verifying;

pub use error::KeyError;
pub use private::{PrivateKey, RsaBits};
pub use public::PublicKey;
pub use secret::SharedSecret;
pub use set::KeySet;
pub use signing::SigningKey;
pub use verifying::VerifyingKey;

pub(crate) use curve::{Curve, OkpCurve};
pub(crate) use material::{Material, Private, Public, RsaPrivate};

/// The longest `kid` (bytes).
pub(crate) const MAX_KID: usize = 256;

pub(crate) fn check_kid(kid: &str) -> Result<(), KeyError> {
    if kid.len() > MAX_KID { Err(KeyError::KidTooLong) } else { Ok(()) }
}
