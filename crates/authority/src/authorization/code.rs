//! The content of an authorization code, as the store keeps it.

use jeton_jose::Timestamp;
use jeton_oauth::client::ClientId;
use jeton_oauth::pkce::CodeChallenge;
use jeton_oauth::{RedirectUri, Scope};
use serde::{Deserialize, Serialize};

use crate::grant::GrantDetail;
use crate::{SessionId, UserId};

/// The content of an authorization code. What is absent takes no space: two codes of the usual size then share one page of an SQLite
/// database, and a redemption writes half as many pages.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct CodeContent {
    pub(crate) client: ClientId,
    pub(crate) redirect_uri: RedirectUri,
    pub(crate) redirect_uri_named: bool,
    #[serde(with = "challenge")]
    pub(crate) code_challenge: Option<CodeChallenge>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) dpop_jkt: Option<Box<str>>,
    pub(crate) scope: Scope,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) nonce: Option<Box<str>>,
    pub(crate) user: UserId,
    pub(crate) epoch: u64,
    /// The session that the grant ends with; `None` if the grant outlives it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) session: Option<SessionId>,
    /// The session in which the code was issued, if it is not the one above.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) given_in: Option<SessionId>,
    /// When the session that the grant ends with expires.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) session_expires_at: Option<Timestamp>,
    pub(crate) detail: GrantDetail,
}

impl CodeContent {
    /// The session whose end the client is notified of: the one in which it gets an ID token.
    pub(crate) fn told_of(&self) -> Option<SessionId> {
        self.given_in.or(self.session).filter(|_| self.scope.contains("openid"))
    }

    pub(crate) fn to_json(&self) -> Box<str> {
        serde_json::to_string(self).expect("a code's content is JSON").into()
    }

    /// Parses what [`CodeContent::to_json`] wrote; `None` if a newer version wrote it.
    pub(crate) fn from_json(json: &str) -> Option<Self> {
        serde_json::from_str(json).ok()
    }
}

/// A challenge as the client sent it.
mod challenge {
    use jeton_oauth::pkce::CodeChallenge;
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

    pub(super) fn serialize<S: Serializer>(
        challenge: &Option<CodeChallenge>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        challenge.as_ref().map(CodeChallenge::as_str).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<CodeChallenge>, D::Error> {
        let text = Option::<Box<str>>::deserialize(deserializer)?;
        text.map(|text| CodeChallenge::parse(&text).map_err(de::Error::custom)).transpose()
    }
}
