//! What an authorization code stands for, as the store keeps it.

use jeton_jose::Timestamp;
use jeton_oauth::client::ClientId;
use jeton_oauth::{RedirectUri, Scope};
use serde::{Deserialize, Serialize};

use crate::SessionId;
use crate::grant::GrantDetail;

/// What an authorization code stands for.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct CodeContent {
    pub(crate) client: ClientId,
    pub(crate) redirect_uri: RedirectUri,
    pub(crate) redirect_uri_named: bool,
    pub(crate) code_challenge: Option<Box<str>>,
    pub(crate) dpop_jkt: Option<Box<str>>,
    pub(crate) scope: Box<str>,
    pub(crate) nonce: Option<Box<str>>,
    /// The user's identifier, in hex.
    pub(crate) user: Box<str>,
    pub(crate) epoch: u64,
    /// The session that the grant ends with, in hex; none where it outlives it.
    pub(crate) session: Option<Box<str>>,
    /// The session in which the code was given, in hex. Codes from before it was noted have none.
    #[serde(default)]
    pub(crate) given_in: Option<Box<str>>,
    /// When the session that the grant ends with does so at the latest.
    pub(crate) session_expires_at: Option<Timestamp>,
    pub(crate) detail: GrantDetail,
}

impl CodeContent {
    /// The session whose end the client is told of: the one in which it gets an ID token.
    pub(crate) fn told_of(&self) -> Option<SessionId> {
        let gets_id_token = Scope::parse(&self.scope).is_ok_and(|scope| scope.contains("openid"));
        self.given_in.as_deref().filter(|_| gets_id_token)?.parse().ok()
    }

    pub(crate) fn to_json(&self) -> Box<str> {
        serde_json::to_string(self).expect("a code's content is JSON").into()
    }

    /// Reads what [`CodeContent::to_json`] wrote; nothing where a newer version did.
    pub(crate) fn from_json(json: &str) -> Option<Self> {
        serde_json::from_str(json).ok()
    }
}
