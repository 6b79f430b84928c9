//! What goes over the wire of the revocation feed: Security Event Tokens (RFC 8417), and lists of many events in one token.
//!
//! Both name sessions (`sid`), clients, keys (`kid`) and tokens (`jti`), never users: the feed is public.

use std::collections::BTreeMap;

use jeton_jose::Timestamp;
use serde::{Deserialize, Serialize};

/// The `typ` of a Security Event Token (RFC 8417 §2.3).
pub const SECURITY_EVENT_TYP: &str = "secevent+jwt";
/// The `typ` of a list of events.
pub const REVOCATION_LIST_TYP: &str = "revocations+jwt";

/// The claims of a Security Event Token of the feed (RFC 8417 §2.2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecurityEvent {
    /// The issuer.
    pub iss: String,
    /// When the token was signed.
    pub iat: Timestamp,
    /// The identifier of the event: the same from every node.
    pub jti: String,
    /// The session, the client, the token or the key that it is about.
    pub sub_id: SubjectIdentifier,
    /// What happened: one event.
    pub events: SecurityEvents,
}

/// The subject of an event (RFC 9493).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubjectIdentifier {
    /// The format: `opaque` (RFC 9493 §3.2.7).
    pub format: String,
    /// The `sid`, `client_id` or `jti` of access tokens, or the `kid` of a key.
    pub id: String,
}

impl SubjectIdentifier {
    /// The format of identifiers that only their issuer understands.
    pub const OPAQUE: &'static str = "opaque";

    /// An identifier that only its issuer understands.
    pub fn opaque(id: impl Into<String>) -> Self {
        Self { format: Self::OPAQUE.to_owned(), id: id.into() }
    }
}

/// The events that a reader of the feed knows, by their URIs. Others are passed over.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecurityEvents {
    /// The session ended: all its access tokens are revoked (CAEP 1.0 §3.1).
    #[serde(
        rename = "https://schemas.openid.net/secevent/caep/event-type/session-revoked",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub session_revoked: Option<SessionRevoked>,
    /// What the session's access tokens say has changed: those from before are stale (CAEP 1.0 §3.2).
    #[serde(
        rename = "https://schemas.openid.net/secevent/caep/event-type/token-claims-change",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub token_claims_change: Option<TokenClaimsChange>,
    /// What the client may do has changed: its access tokens from before are stale.
    #[serde(
        rename = "urn:jeton:event-type:client-changed",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub client_changed: Option<ClientChanged>,
    /// A single access token was revoked.
    #[serde(rename = "urn:jeton:event-type:token-revoked", default, skip_serializing_if = "Option::is_none")]
    pub token_revoked: Option<TokenRevoked>,
    /// The key was withdrawn: nothing that it signed is good.
    #[serde(rename = "urn:jeton:event-type:key-withdrawn", default, skip_serializing_if = "Option::is_none")]
    pub key_withdrawn: Option<KeyWithdrawn>,
}

/// A session ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionRevoked {
    /// When.
    pub event_timestamp: Timestamp,
}

/// Claims changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenClaimsChange {
    /// When. Tokens that were issued at this time or before are stale.
    pub event_timestamp: Timestamp,
    /// The claims and their new values, which CAEP demands. Always empty: everybody can read the feed.
    pub claims: BTreeMap<String, String>,
}

/// A client changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientChanged {
    /// When. Tokens that were issued at this time or before are stale.
    pub event_timestamp: Timestamp,
}

/// An access token was revoked by its `jti`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenRevoked {
    /// When.
    pub event_timestamp: Timestamp,
}

/// A key was withdrawn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyWithdrawn {
    /// When.
    pub event_timestamp: Timestamp,
}

/// Many events in one token: what a reader begins with, and what happened at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevocationList {
    /// The issuer.
    pub iss: String,
    /// When the token was signed.
    pub iat: Timestamp,
    /// For how many seconds after its time an event matters.
    pub matters_for: u64,
    /// This list and those after it have all events from this time on; absent where the list has only what is new.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Timestamp>,
    /// Whether another part of the same list follows.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub more: bool,
    /// Sessions that ended, and when.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub ended: BTreeMap<String, Timestamp>,
    /// Sessions whose access tokens are stale where they were issued at this time or before.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub stale: BTreeMap<String, Timestamp>,
    /// Clients whose access tokens are stale where they were issued at this time or before.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub clients: BTreeMap<String, Timestamp>,
    /// Single access tokens that were revoked, by their `jti`, and when.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tokens: BTreeMap<String, Timestamp>,
    /// Keys that were withdrawn, and when.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub keys: BTreeMap<String, Timestamp>,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_event_has_the_form_of_caep() {
        let event = SecurityEvent {
            iss: "https://auth.example".to_owned(),
            iat: Timestamp::from_unix(1_800_000_001),
            jti: "a1".to_owned(),
            sub_id: SubjectIdentifier::opaque("5d1c"),
            events: SecurityEvents {
                token_claims_change: Some(TokenClaimsChange {
                    event_timestamp: Timestamp::from_unix(1_800_000_000),
                    claims: BTreeMap::new(),
                }),
                ..SecurityEvents::default()
            },
        };
        let wire = json!({
            "iss": "https://auth.example", "iat": 1_800_000_001, "jti": "a1",
            "sub_id": {"format": "opaque", "id": "5d1c"},
            "events": {"https://schemas.openid.net/secevent/caep/event-type/token-claims-change":
                {"event_timestamp": 1_800_000_000, "claims": {}}},
        });
        assert_eq!(serde_json::to_value(&event).expect("JSON"), wire);
        assert_eq!(serde_json::from_value::<SecurityEvent>(wire).expect("an event"), event);
    }

    #[test]
    fn an_event_of_another_kind_is_none_that_is_known() {
        let events: SecurityEvents =
            serde_json::from_value(json!({"https://schemas.example/event": {"any": ["thing"]}}))
                .expect("events");
        assert_eq!(events, SecurityEvents::default());
    }
}
