//! What the operator decides about the server, beside what the authority's own settings say.

pub mod limits;
mod origins;
mod token_api;
mod username_field;

pub use limits::Limits;
pub use origins::{OriginError, Origins};
pub use token_api::{TokenApi, TokenApiOptions};
pub(crate) use username_field::PASSWORD;
pub use username_field::{UsernameField, UsernameFieldError};
