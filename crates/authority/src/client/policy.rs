//! What the operator decides about a client, beside what it says of itself.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What the operator decides about a client.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ClientPolicy {
    /// Whether users are asked before it gets anything.
    pub consent: ConsentPolicy,
    /// Whether its codes have to be bound by PKCE.
    pub pkce: PkcePolicy,
    /// The resources that it may ask for tokens for (RFC 8707), beside the authority's own audience.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<String>,
    /// Claims of its tokens beyond those of the scopes: the claim, and the user's attribute that it is taken from.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub claims: BTreeMap<String, String>,
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
    /// They are, and their answer is remembered.
    Asked,
}

/// Whether a client's codes have to be bound by PKCE (RFC 7636).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PkcePolicy {
    /// They have to be, with S256.
    #[default]
    Required,
    /// An old library may do without, where it authenticates. What it begins with PKCE it has to end with it.
    Lenient,
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
