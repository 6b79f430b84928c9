//! X.509 certificates (RFC 5280): as a key in another wrapping, and as a reason to trust a key.
//!
//! Wherever a key is read in PEM or DER, a certificate will do: [`PublicKey::from_pem`](crate::PublicKey::from_pem) takes the
//! key out of it and nothing else, like from any file that its caller trusts.
//!
//! A key that comes with a token is another matter. The `x5c` of a header is never looked at, unless by a [`Verifier`]
//! that was given the roots to trust and the name to expect:
//!
//! ```
//! use jeton_jose::x509::{CertificateName, TrustRoots, Verifier};
//! use jeton_jose::{Algorithm, Timestamp, jwt};
//! # use serde_json::Value;
//!
//! # fn example(roots_pem: &str, token: &str, now: Timestamp) -> Result<(), Box<dyn std::error::Error>> {
//! let roots = TrustRoots::from_pem(roots_pem)?;
//! let certificates = Verifier::new(roots, CertificateName::dns("issuer.example"), [Algorithm::ES256]);
//!
//! let key = certificates.key_of(token, now)?; // chain, lifetimes, usage and name are good
//! let verified = jwt::Verifier::new("https://issuer.example", "api", key).verify::<Value>(token, now)?;
//! # Ok(())
//! # }
//! ```
//!
//! What a certificate says of its holder, such as its names, is in [`Certificate`].
//!
//! To send certificates along: [`jwt::Signer::certificates`](crate::jwt::Signer::certificates),
//! [`jws::Signer::certificates`](crate::jws::Signer::certificates), and
//! [`Jwk::with_certificates`](crate::Jwk::with_certificates). The `x5c` and `x5t#S256` of a JWK count only where they fit its key
//! and one another (RFC 7517 §4.7, §4.9): otherwise the key is read without them. The SHA-1 thumbprint `x5t` is never read, and
//! nothing fetches `x5u` or `jku`.
//!
//! Revocation is not looked up, for this crate does no I/O: prefer certificates that live for days, and take a root away
//! by building a new verifier.

mod holder;
mod name;
mod purpose;
mod roots;
mod verifier;

pub use holder::{AlternativeName, NameAttribute};
pub use name::CertificateName;
pub use purpose::Purpose;
pub use roots::TrustRoots;
pub use verifier::Verifier;

pub use crate::certificate::CertificateChain;
pub use crate::encoding::certificate::Certificate;
pub use crate::material::CertificateError;
