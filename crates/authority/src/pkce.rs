//! Whether codes must be bound by PKCE (RFC 7636).

use jeton_oauth::client::{ClientMetadata, TokenEndpointAuthMethod};
use serde::{Deserialize, Serialize};

/// Whether a client must use PKCE (RFC 7636). A client that starts with PKCE must also finish with it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PkcePolicy {
    /// Always required, with S256. This is the meaning of records from before this was stored.
    #[default]
    Required,
    /// Required, unless the client authenticates and requests an ID token with a `nonce`, which binds the code to the
    /// browser as well (OAuth 2.1 §7.5.1).
    Auto,
    /// A client that authenticates may omit both, for old libraries.
    Lenient,
}

/// What a request for a code contains instead of PKCE.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InsteadOfPkce {
    /// A `nonce`, which is returned in the ID token.
    Nonce,
    /// Nothing.
    Nothing,
}

impl PkcePolicy {
    /// The policy for a client with this metadata: a client that does not authenticate must always use PKCE.
    pub fn applied_to(self, metadata: &ClientMetadata) -> Self {
        match metadata.auth_method() {
            TokenEndpointAuthMethod::None => Self::Required,
            _ => self,
        }
    }

    /// Whether such a request may omit PKCE, after the policy was [applied](Self::applied_to) to its client.
    pub const fn may_be_left_out(self, instead: InsteadOfPkce) -> bool {
        match self {
            Self::Required => false,
            Self::Auto => matches!(instead, InsteadOfPkce::Nonce),
            Self::Lenient => true,
        }
    }
}
