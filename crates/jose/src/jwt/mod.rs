//! JSON Web Tokens (RFC 7519, RFC 8725): claims that are signed, and verified against a policy.
//!
//! Some mistakes do not compile. A public key does not sign:
//! ```compile_fail,E0277
//! # use jeton_jose::{Algorithm, PrivateKey, jwt::Signer};
//! let public = PrivateKey::generate(Algorithm::ES256).unwrap().public_key();
//! Signer::new(public);
//! ```
//! A public key is no shared secret, so that RS256 cannot be mistaken for HS256:
//! ```compile_fail,E0308
//! # use jeton_jose::{Algorithm, PrivateKey, SharedSecret};
//! let public = PrivateKey::generate(Algorithm::RS256).unwrap().public_key();
//! SharedSecret::new(Algorithm::HS256, &public);
//! ```
//! A private key does not verify; its public key does:
//! ```compile_fail,E0277
//! # use jeton_jose::{Algorithm, PrivateKey, jwt::Verifier};
//! let private = PrivateKey::generate(Algorithm::ES256).unwrap();
//! Verifier::new("issuer", "audience", private);
//! ```
//! A verifier cannot forget the audience:
//! ```compile_fail,E0061
//! # use jeton_jose::{Algorithm, PrivateKey, jwt::Verifier};
//! let public = PrivateKey::generate(Algorithm::ES256).unwrap().public_key();
//! Verifier::new("issuer", public);
//! ```
//! What was only looked at is not verified:
//! ```compile_fail,E0308
//! # use jeton_jose::jwt::{Unverified, Verified};
//! # let token = "";
//! let verified: Verified<serde_json::Value> = Unverified::parse(token).unwrap();
//! ```
//! There is no `none`:
//! ```compile_fail,E0599
//! # use jeton_jose::Algorithm;
//! let algorithm = Algorithm::None;
//! ```

mod known_header;
mod profile;
mod registered;
mod remembered;
mod signer;
mod unverified;
mod verified;
mod verifier;

pub use registered::RegisteredClaims;
pub(crate) use registered::fault;
pub use remembered::Remembered;
pub use signer::Signer;
pub(crate) use signer::claims_json;
pub use unverified::Unverified;
pub use verified::Verified;
pub use verifier::Verifier;

pub use crate::expected::{Audience, Issuer, TokenType};
