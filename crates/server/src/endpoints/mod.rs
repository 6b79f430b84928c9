//! One file an endpoint. Each translates between HTTP and the authority, and decides nothing.

pub(crate) mod assets;
pub(crate) mod authorize;
mod client_request;
pub(crate) mod device;
pub(crate) mod device_authorization;
pub(crate) mod discovery;
pub(crate) mod end_session;
pub(crate) mod health;
pub(crate) mod introspect;
pub(crate) mod jwks;
pub(crate) mod par;
pub(crate) mod register;
pub(crate) mod revoke;
pub(crate) mod token;
mod token_api;
pub(crate) mod token_blacklist;
pub(crate) mod token_obtain;
pub(crate) mod token_refresh;
pub(crate) mod token_verify;
pub(crate) mod userinfo;
