//! What a verifier expects of a token: from whom, for whom, and of which type.

mod audience;
mod token_type;

pub use audience::{Audience, Issuer};
pub use token_type::TokenType;
#[cfg(feature = "jwe")]
pub(crate) use token_type::same as same_media_type;
