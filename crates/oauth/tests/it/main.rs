//! What the words of OAuth accept, refuse and write.

mod access_token;
mod authorization_details;
mod bearer;
mod parameters;
mod pkce;
mod redirect_uri;
mod scope;
