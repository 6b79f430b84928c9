//! The operator's policy for a client, besides the client's own metadata.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::SecurityProfile;
use crate::pkce::PkcePolicy;

/// The operator's policy for a client. The default is the meaning of members that a stored record omits; a new client
/// gets [`ClientPolicy::of_new_client`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ClientPolicy {
    /// Whether users are asked for consent.
    pub consent: ConsentPolicy,
    /// Whether its codes must be bound by PKCE.
    pub pkce: PkcePolicy,
    /// Whether its users must present a second factor.
    #[serde(skip_serializing_if = "SecondFactorPolicy::is_default")]
    pub second_factor: SecondFactorPolicy,
    /// The security profile that it must follow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<SecurityProfile>,
    /// The resources that it may request tokens for (RFC 8707), besides the authority's default audience.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<String>,
    /// Additional claims in its tokens: the claim, and the user attribute that supplies it.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub claims: BTreeMap<String, String>,
    /// Which claims about the user its ID tokens contain, besides those.
    #[serde(skip_serializing_if = "IdTokenClaims::is_default")]
    pub id_token_claims: IdTokenClaims,
    /// Which tokens it may introspect (RFC 7662).
    #[serde(skip_serializing_if = "IntrospectionPolicy::is_default")]
    pub introspection: IntrospectionPolicy,
    /// What it may exchange tokens for (RFC 8693).
    #[serde(skip_serializing_if = "ExchangePolicy::is_default")]
    pub exchange: ExchangePolicy,
    /// Issuers whose assertions it may present (RFC 7523 §2.1).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub trusted_issuers: Vec<TrustedIssuer>,
    /// Whether its access tokens have a place in the status list.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub status_list: bool,
    /// How it became known.
    pub source: ClientSource,
    /// Whether all its requests are refused.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub disabled: bool,
}

/// Whether users are asked for consent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConsentPolicy {
    /// Users are not asked: it is the operator's own application.
    #[default]
    Implied,
    /// Users are asked, and their answer is stored.
    Asked,
}

/// Whether users of a client must present a second factor.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SecondFactorPolicy {
    /// Those who have set one up.
    #[default]
    IfSetUp,
    /// Everybody. Who has none must set one up first.
    Required,
}

impl SecondFactorPolicy {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// Which claims about the user a client's ID tokens contain.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdTokenClaims {
    /// Individually requested claims; the claims of the scopes are at userinfo (OpenID Connect Core §5.4). This is the
    /// meaning of records from before this was stored.
    #[default]
    Requested,
    /// Also the claims of the granted scopes: many libraries look nowhere else.
    Scopes,
}

impl IdTokenClaims {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// Which access tokens a client may introspect (RFC 7662 §4). Others are reported as inactive.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IntrospectionPolicy {
    /// Tokens that were issued to it, and tokens whose audience is its identifier, one of its resources, or one of the
    /// audiences that identify it.
    #[default]
    Own,
    /// Every token, including those of the token API: for an API or gateway that introspects whatever it receives.
    All,
}

impl IntrospectionPolicy {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// What a client may exchange tokens for (RFC 8693). Without a target, it may not exchange tokens.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ExchangePolicy {
    /// The resources and audiences that it may exchange tokens for.
    pub targets: Vec<String>,
    /// The audiences that identify the client: it may exchange tokens for these, besides tokens issued to it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub accepts: Vec<String>,
    /// The actor if the client presents no actor token.
    pub actor: ExchangeActor,
}

impl ExchangePolicy {
    /// A policy without targets can still name what the client accepts, which introspection uses.
    fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// Whether the client may not exchange tokens.
    pub fn is_off(&self) -> bool {
        self.targets.is_empty()
    }
}

/// The actor if a client exchanges a token and presents no actor token.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExchangeActor {
    /// The client, and the token says so: delegation (RFC 8693 §1.1).
    #[default]
    Client,
    /// Nobody: impersonation. The token cannot be distinguished from one that its subject requested.
    Nobody,
}

/// An issuer whose assertions about users are trusted if a client presents them (RFC 7523 §2.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrustedIssuer {
    /// The issuer's `iss`.
    pub issuer: String,
    /// Its public keys, as a JWK Set.
    pub jwks: Value,
    /// The claim with the username; `sub` if it is omitted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim: Option<String>,
}

impl TrustedIssuer {
    /// The claim with the username.
    pub fn user_claim(&self) -> &str {
        self.claim.as_deref().unwrap_or("sub")
    }
}

/// How a client became known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientSource {
    /// The operator added it.
    #[default]
    Operator,
    /// It registered itself (RFC 7591).
    Registered,
    /// Its identifier is the URL of its metadata document (OAuth Client ID Metadata Document).
    MetadataDocument,
}
