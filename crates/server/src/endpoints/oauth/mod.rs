//! OAuth 2.1 and OpenID Connect, as clients ask: no browser and no cookie.

pub(super) mod client_request;
pub(crate) mod device_authorization;
pub(crate) mod discovery;
pub(crate) mod dpop;
pub(crate) mod introspect;
pub(crate) mod jwks;
pub(crate) mod par;
pub(crate) mod register;
pub(crate) mod revoke;
pub(crate) mod token;
pub(crate) mod userinfo;
