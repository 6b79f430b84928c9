//! Keys for signatures: each belongs to one algorithm from the moment it is made.
//!
//! A [`PrivateKey`] signs, its [`PublicKey`] verifies, and a [`SharedSecret`] does both. They are three types, so that
//! a public key can never be taken for a secret.

mod identity;
mod private;
mod public;
mod secret;
mod set;
mod signing;
mod verifying;

pub use private::PrivateKey;
pub use public::{PublicKey, SignatureInvalid};
pub use secret::SharedSecret;
pub use set::KeySet;
pub use signing::SigningKey;
pub use verifying::VerifyingKey;
