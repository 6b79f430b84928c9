//! JSON Web Tokens (RFC 7519, RFC 8725): claims that are signed, and verified against a policy.

mod audience;
mod known_header;
mod registered;
mod signer;
mod token_type;
mod unverified;
mod verified;
mod verifier;

pub use audience::{Audience, Issuer};
pub use registered::RegisteredClaims;
pub use signer::Signer;
pub use token_type::TokenType;
#[cfg(feature = "jwe")]
pub(crate) use token_type::same as same_media_type;
pub use unverified::Unverified;
pub use verified::Verified;
pub use verifier::Verifier;
