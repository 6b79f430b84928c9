//! Settings of the token API.

use super::{Origins, UsernameField};

/// Whether the token API, with which applications themselves ask for passwords, is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TokenApi {
    /// It is served.
    #[default]
    Served,
    /// It is not served: users type passwords only on the authority's own page.
    Off,
}

/// Settings of the token API.
#[derive(Debug, Clone, Default)]
pub struct TokenApiOptions {
    /// The origins whose scripts may use it. Setting `token_api.origins`.
    pub origins: Origins,
    /// The name of the username field. Setting `token_api.username_field`.
    pub username_field: UsernameField,
}
