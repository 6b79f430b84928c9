//! What the operator decides about the token API.

use super::{Origins, UsernameField};

/// Whether the token API is served, where applications themselves take passwords.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TokenApi {
    /// It is.
    #[default]
    Served,
    /// It is not: passwords are typed on the authority's own page and nowhere else.
    Off,
}

/// What the operator decides about the token API.
#[derive(Debug, Clone, Default)]
pub struct TokenApiOptions {
    /// The origins whose scripts may use it. Setting `token_api.origins`.
    pub origins: Origins,
    /// The field that the username is posted in. Setting `token_api.username_field`.
    pub username_field: UsernameField,
}
