//! Making the tokens that leave: access tokens, ID tokens, and what they say of a user.

pub(crate) mod access_token;
mod claim_mapping;
mod claims;
mod for_client;
mod id_token;
mod response;

pub use claim_mapping::{ClaimMapping, ClaimMappingError};
pub use claims::{UserClaims, scopes_of_claims};
pub(crate) use for_client::{Content, Encryption};
pub(crate) use id_token::{ACR_SINGLE_FACTOR, IdTokenRequest};
pub use response::{SenderConstraint, TokenResponse, TokenType};
