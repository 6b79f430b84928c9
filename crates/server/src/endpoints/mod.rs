//! One file an endpoint. Each translates between HTTP and the authority, and decides nothing.

pub(crate) mod health;
pub(crate) mod jwks;
mod token_api;
pub(crate) mod token_blacklist;
pub(crate) mod token_obtain;
pub(crate) mod token_refresh;
pub(crate) mod token_verify;
