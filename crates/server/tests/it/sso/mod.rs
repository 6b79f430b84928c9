//! Single sign-on: OAuth 2.1 and OpenID Connect, as browsers and clients see it.

pub(crate) mod browser;
pub(crate) mod client;
mod code_flow;
mod device;
mod jwt_bearer;
mod registration;
mod token_exchange;
mod dpop;
