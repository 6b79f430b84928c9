//! Single sign-on: OAuth 2.1 and OpenID Connect, as browsers and clients see it.

mod assertions;
pub(crate) mod browser;
mod certificates;
pub(crate) mod client;
mod code_flow;
mod device;
mod dpop;
mod for_one_client;
mod forged;
mod jwt_bearer;
mod pushed;
mod registration;
mod request_objects;
mod signed_answers;
mod token_exchange;
