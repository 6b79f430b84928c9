//! What the operator decides about the token API: the origins whose scripts may use it, and the field that its username comes in.

mod origins;
mod username_field;

pub use origins::{OriginError, Origins};
pub(crate) use username_field::PASSWORD;
pub use username_field::{UsernameField, UsernameFieldError};

/// What the operator decides about the token API.
#[derive(Debug, Clone, Default)]
pub struct TokenApiOptions {
    /// The origins whose scripts may use it. Setting `token_api.origins`.
    pub origins: Origins,
    /// The field that the username is posted in. Setting `token_api.username_field`.
    pub username_field: UsernameField,
}
