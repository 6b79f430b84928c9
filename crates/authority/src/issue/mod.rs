//! Issuing tokens: access tokens, ID tokens, and their claims about a user.

pub(crate) mod access_token;
mod claims;
mod id_token;
mod pair;
pub(crate) mod refresh_token;
mod response;

pub use claims::{UserClaims, scopes_of_claims};
pub(crate) use id_token::{IdTokenRequest, ReturnedIdToken};
pub use pair::TokenPair;
pub(crate) use pair::issue_pair;
pub use response::TokenResponse;
