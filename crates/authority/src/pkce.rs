//! Whether codes have to be bound by PKCE (RFC 7636).

use jeton_oauth::client::{ClientMetadata, TokenEndpointAuthMethod};
use serde::{Deserialize, Serialize};

/// Whether a client must use PKCE (RFC 7636). A client that starts with PKCE must also finish with it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PkcePolicy {
    /// Always required, with S256. Records from before clients said it mean this.
    #[default]
    Required,
    /// Required, unless the client authenticates and asks for an ID token with a `nonce`, which binds the code to the browser as
    /// well (OAuth 2.1 §7.5.1).
    Auto,
    /// A client that authenticates may omit both, for old libraries.
    Lenient,
}

/// What there is in the place of PKCE in a request for a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InsteadOfPkce {
    /// A `nonce`, which comes back in the ID token.
    Nonce,
    /// Nothing.
    Nothing,
}

impl PkcePolicy {
    /// The policy as it applies to a client of this description: one that does not authenticate always has to use PKCE.
    pub fn applied_to(self, metadata: &ClientMetadata) -> Self {
        match metadata.auth_method() {
            TokenEndpointAuthMethod::None => Self::Required,
            _ => self,
        }
    }

    /// Whether PKCE may be left out of such a request, once the policy is [applied](Self::applied_to) to its client.
    pub const fn may_be_left_out(self, instead: InsteadOfPkce) -> bool {
        match self {
            Self::Required => false,
            Self::Auto => matches!(instead, InsteadOfPkce::Nonce),
            Self::Lenient => true,
        }
    }
}
