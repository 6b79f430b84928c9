//! The response of the token endpoint (RFC 6749 §5.1).

use std::fmt;

use jeton_oauth::Scope;
use jeton_oauth::authorization::AuthorizationDetails;
use serde::Serialize;

use crate::GrantId;
use crate::sender_constraint::TokenType;

/// The response of the token endpoint.
#[derive(Clone, Serialize)]
pub struct TokenResponse {
    /// The access token.
    pub access_token: String,
    /// How the access token is used.
    pub token_type: TokenType,
    /// The lifetime of the access token, in seconds.
    pub expires_in: u64,
    /// The refresh token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
    /// The ID token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_token: Option<String>,
    /// The scope of the access token.
    #[serde(skip_serializing_if = "Scope::is_empty")]
    pub scope: Scope,
    /// The type of the token, after an exchange (RFC 8693 §2.2.1).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issued_token_type: Option<&'static str>,
    /// The authorization details (RFC 9396 §7).
    #[serde(skip_serializing_if = "AuthorizationDetails::is_empty")]
    pub authorization_details: AuthorizationDetails,
    /// The grant that it comes from, for the log.
    #[serde(skip)]
    pub grant: Option<GrantId>,
}

impl fmt::Debug for TokenResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { token_type, scope, grant, .. } = self;
        f.debug_struct("TokenResponse")
            .field("token_type", token_type)
            .field("scope", scope)
            .field("grant", grant)
            .finish_non_exhaustive()
    }
}
