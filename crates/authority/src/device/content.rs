//! The stored content of a device's request and of its user's answer.

use jeton_oauth::Scope;
use jeton_oauth::authorization::AuthorizationDetails;
use jeton_oauth::client::ClientId;
use serde::{Deserialize, Serialize};

use crate::UserId;
use crate::grant::GrantDetail;

/// What a device requested besides its scope.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct RequestContent {
    /// The resources that its access tokens are for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) resources: Vec<Box<str>>,
    /// The requested authorization details (RFC 9396).
    #[serde(default, skip_serializing_if = "AuthorizationDetails::is_empty")]
    pub(crate) authorization_details: AuthorizationDetails,
}

/// What the grant of a device is created from.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Approval {
    /// The device's client; no other may use the code.
    pub(crate) client: ClientId,
    /// What the user allowed.
    pub(crate) scope: Scope,
    /// The user who allowed it.
    pub(crate) user: UserId,
    pub(crate) epoch: u64,
    pub(crate) detail: GrantDetail,
}

impl RequestContent {
    pub(crate) fn to_json(&self) -> Box<str> {
        serde_json::to_string(self).expect("a device's request is JSON").into()
    }

    pub(crate) fn from_json(json: &str) -> Option<Self> {
        serde_json::from_str(json).ok()
    }
}

impl Approval {
    pub(crate) fn to_json(&self) -> Box<str> {
        serde_json::to_string(self).expect("an approval is JSON").into()
    }

    /// Parses what [`Approval::to_json`] wrote; `None` if a newer version wrote it.
    pub(crate) fn from_json(json: &str) -> Option<Self> {
        serde_json::from_str(json).ok()
    }
}
