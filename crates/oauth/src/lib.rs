//! The words of OAuth 2 and OpenID Connect as types. No I/O, no clock, no HTTP library.
//!
//! Each type is parsed once, at the edge, and cannot be wrong from there on: a [`Scope`] holds nothing that RFC 6749
//! forbids, a [`BearerChallenge`] cannot be broken out of. Both sides of the wire share them: the authority that writes
//! them and the resource server or the client that reads them.
//!
//! A module is about one thing that goes over the wire, with its RFC's name.

mod access_token;
mod audience;
pub mod authorization;
mod bearer;
pub mod client;
mod error;
mod error_description;
mod parameters;
pub mod pkce;
mod redirect_uri;
mod resource;
pub mod revocations;
mod scope;
mod words;

pub use access_token::{ACCESS_TOKEN_TYP, AccessTokenClaims, Confirmation, TokenUse};
pub use audience::Audiences;
pub use bearer::{BearerChallenge, BearerError, Realm, RealmError};
pub use error::ErrorCode;
pub use error_description::{ErrorDescription, ErrorDescriptionError};
pub use parameters::{Parameters, ParametersError};
pub use redirect_uri::{RedirectUri, RedirectUriError};
pub use resource::is_same_resource;
pub use scope::{Scope, ScopeError};
