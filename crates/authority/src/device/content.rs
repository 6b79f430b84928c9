//! What is kept of a device's request and of its user's answer.

use jeton_oauth::Scope;
use jeton_oauth::authorization::AuthorizationDetails;
use jeton_oauth::client::ClientId;
use serde::{Deserialize, Serialize};

use crate::UserId;
use crate::grant::GrantDetail;

/// What a device asked for beside its scope.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct RequestContent {
    /// The resources that its access tokens are for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) resources: Vec<Box<str>>,
    /// What it asked for in detail (RFC 9396).
    #[serde(default, skip_serializing_if = "AuthorizationDetails::is_empty")]
    pub(crate) authorization_details: AuthorizationDetails,
}

/// What the grant of a device is to be made of.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Approval {
    /// The device's client: nobody else may use the code.
    pub(crate) client: ClientId,
    /// What was allowed.
    pub(crate) scope: Scope,
    /// Who allowed it.
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

    /// Reads what [`Approval::to_json`] wrote; nothing where a newer version did.
    pub(crate) fn from_json(json: &str) -> Option<Self> {
        serde_json::from_str(json).ok()
    }
}
