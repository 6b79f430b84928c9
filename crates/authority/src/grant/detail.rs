//! What an authorization fixes for its grant.

use jeton_jose::Timestamp;
use jeton_oauth::authorization::{AuthorizationDetails, ClaimsRequest};
use serde::{Deserialize, Serialize};

use crate::factor::Factor;

/// What an authorization fixes for its grant, and for every token of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrantDetail {
    /// When the user signed in: `auth_time`.
    pub auth_time: Timestamp,
    /// How the user signed in: `amr`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub amr: Vec<Factor>,
    /// The resources that access tokens are for (RFC 8707); the authority's default audience if there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<Box<str>>,
    /// The individually requested claims.
    #[serde(default, skip_serializing_if = "ClaimsRequest::is_empty")]
    pub claims: ClaimsRequest,
    /// The allowed authorization details (RFC 9396).
    #[serde(default, skip_serializing_if = "AuthorizationDetails::is_empty")]
    pub authorization_details: AuthorizationDetails,
    /// The thumbprint of the DPoP key that refresh tokens are bound to (RFC 9449 §5).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jkt: Option<Box<str>>,
    /// The thumbprint of the certificate that refresh tokens are bound to (RFC 8705 §4).
    #[serde(default, rename = "x5t#S256", skip_serializing_if = "Option::is_none")]
    pub x5t_s256: Option<Box<str>>,
}

impl GrantDetail {
    /// The stored form.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("a grant's detail is JSON")
    }

    /// Parses what [`GrantDetail::to_json`] wrote; `None` if it cannot be parsed.
    pub fn from_json(json: &str) -> Option<Self> {
        serde_json::from_str(json).ok()
    }
}
