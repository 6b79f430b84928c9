//! What an authorization fixes about its grant.

use jeton_jose::Timestamp;
use jeton_oauth::authorization::{AuthorizationDetails, ClaimsRequest};
use serde::{Deserialize, Serialize};

use crate::factor::Factor;

/// What an authorization fixes about its grant, and every token of it then says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrantDetail {
    /// When the user signed in: `auth_time`.
    pub auth_time: Timestamp,
    /// How they did: `amr`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub amr: Vec<Factor>,
    /// The resources that access tokens are for (RFC 8707); the authority's own audience where there is none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<Box<str>>,
    /// Which claims were asked for one by one.
    #[serde(default, skip_serializing_if = "ClaimsRequest::is_empty")]
    pub claims: ClaimsRequest,
    /// What was allowed in detail (RFC 9396).
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
    /// As the store keeps it.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("a grant's detail is JSON")
    }

    /// Reads what [`GrantDetail::to_json`] wrote; nothing where it is something else.
    pub fn from_json(json: &str) -> Option<Self> {
        serde_json::from_str(json).ok()
    }
}
