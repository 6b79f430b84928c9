//! SD-JWT: tokens whose holder chooses which claims to disclose (RFC 9901).
//!
//! An issuer replaces claims by digests, and adds the claims themselves to the token as *disclosures*. The holder
//! passes on some of them, and proves possession of the key that the token is bound to.

mod disclosure;
mod error;
mod holder;
mod issuer;
mod verifier;

pub use error::SdJwtError;
pub use holder::Presentation;
pub use issuer::SdJwtIssuer;
pub use verifier::{SdJwtVerifier, VerifiedSdJwt};

/// The `typ` of the holder's proof (RFC 9901 §4.3).
const KEY_BINDING: &str = "kb+jwt";

/// Claims that the verifier needs to judge the token at all, and which are never hidden (RFC 9901 §9.7).
const ALWAYS_SHOWN: &[&str] =
    &["iss", "aud", "exp", "nbf", "iat", "cnf", "vct", "status", "_sd_alg", "_sd", "..."];
