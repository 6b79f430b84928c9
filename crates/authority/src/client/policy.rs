//! What the operator decides about a client, beside what it says of itself.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::SecurityProfile;
use crate::pkce::PkcePolicy;

/// What the operator decides about a client. Its default is what a stored record means that leaves something out; what a new client gets is
/// [`ClientPolicy::of_new_client`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ClientPolicy {
    /// Whether users are asked for consent.
    pub consent: ConsentPolicy,
    /// Whether its codes have to be bound by PKCE.
    pub pkce: PkcePolicy,
    /// The security profile that it is held to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<SecurityProfile>,
    /// The resources that it may ask for tokens for (RFC 8707), beside the authority's own audience.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<String>,
    /// Claims of its tokens beyond those of the scopes: the claim, and the user's attribute that it is taken from.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub claims: BTreeMap<String, String>,
    /// What its ID tokens say of the user, beside those claims.
    #[serde(skip_serializing_if = "IdTokenClaims::is_default")]
    pub id_token_claims: IdTokenClaims,
    /// Which tokens it is told about at introspection (RFC 7662).
    #[serde(skip_serializing_if = "IntrospectionPolicy::is_default")]
    pub introspection: IntrospectionPolicy,
    /// What it may exchange tokens for (RFC 8693).
    #[serde(skip_serializing_if = "ExchangePolicy::is_default")]
    pub exchange: ExchangePolicy,
    /// Whose assertions are taken from it (RFC 7523 §2.1).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub trusted_issuers: Vec<TrustedIssuer>,
    /// How it came to be known.
    pub source: ClientSource,
    /// Whether it may ask for anything at all.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub disabled: bool,
}

/// Whether users are asked before a client gets anything.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConsentPolicy {
    /// They are not: it is the operator's own application.
    #[default]
    Implied,
    /// Asked, and their answer is remembered.
    Asked,
}

/// What a client's ID tokens say of the user.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdTokenClaims {
    /// What was asked for one by one; what the scopes stand for is at userinfo (OpenID Connect Core §5.4). Records from before clients said
    /// it mean this.
    #[default]
    Requested,
    /// The claims of the granted scopes as well: many libraries look nowhere else.
    Scopes,
}

impl IdTokenClaims {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// Which access tokens a client is told about at introspection (RFC 7662 §4). Of others it hears that they are not active.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IntrospectionPolicy {
    /// Those that were issued to it, and those that are for it: whose audience is its identifier, one of its resources, or one of the
    /// audiences that it is itself.
    #[default]
    Own,
    /// Every one, those of the token API too: for an API or a gateway that asks about whatever it is sent.
    All,
}

impl IntrospectionPolicy {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// What a client may exchange tokens for (RFC 8693). It may not at all where there is no target.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ExchangePolicy {
    /// The resources and audiences that it may exchange tokens for.
    pub targets: Vec<String>,
    /// The audiences that the client is itself: it may exchange tokens that are for these, beside those issued to it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub accepts: Vec<String>,
    /// Who acts where the client presents no token of an actor.
    pub actor: ExchangeActor,
}

impl ExchangePolicy {
    /// A policy without targets may still name what the client accepts, which introspection asks.
    fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// Whether the client may not exchange tokens.
    pub fn is_off(&self) -> bool {
        self.targets.is_empty()
    }
}

/// Who acts where a client exchanges a token and presents none of an actor.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExchangeActor {
    /// The client does, and the token says so: delegation (RFC 8693 §1.1).
    #[default]
    Client,
    /// Nobody is named: impersonation. The token cannot be told from one that its subject asked for.
    Nobody,
}

/// Somebody whose assertions about users are believed, where a client presents them (RFC 7523 §2.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrustedIssuer {
    /// What it calls itself in `iss`.
    pub issuer: String,
    /// Its public keys, as a JWK Set.
    pub jwks: Value,
    /// The claim that says a user's name; `sub` where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim: Option<String>,
}

impl TrustedIssuer {
    /// The claim that says a user's name.
    pub fn user_claim(&self) -> &str {
        self.claim.as_deref().unwrap_or("sub")
    }
}

/// How a client came to be known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientSource {
    /// The operator added it.
    #[default]
    Operator,
    /// It registered itself (RFC 7591).
    Registered,
    /// Its identifier is the URL of its description (OAuth Client ID Metadata Document).
    MetadataDocument,
}
