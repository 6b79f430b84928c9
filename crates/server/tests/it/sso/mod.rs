//! Single sign-on: OAuth 2.1 and OpenID Connect, as browsers and clients see it.

mod assertions;
mod attacks_browser;
mod attacks_codes;
mod attacks_outbound;
mod attacks_requests;
pub(crate) mod browser;
mod certificates;
pub(crate) mod client;
mod client_documents;
mod client_keys;
mod code_flow;
mod device;
mod dpop;
mod for_one_client;
mod forged;
mod jwt_bearer;
pub(crate) mod listener;
mod logout_delivery;
mod mcp;
mod pushed;
mod registration;
mod request_objects;
mod sign_out;
mod signed_answers;
mod token_exchange;
