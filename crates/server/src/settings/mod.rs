//! The server's settings, besides those of the authority.

pub mod limits;
mod origins;
mod shown;
mod token_api;
mod username_field;

pub use limits::Limits;
pub use origins::{OriginError, Origins};
pub use shown::ShownSetting;
pub use token_api::{TokenApi, TokenApiOptions};
pub(crate) use username_field::PASSWORD;
pub use username_field::{UsernameField, UsernameFieldError};
