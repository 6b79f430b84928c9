//! A verified access token with its content.

use std::sync::Arc;

use jeton_jose::Timestamp;
use jeton_oauth::authorization::AuthorizationDetails;
use jeton_oauth::{Confirmation, Scope};
use serde::Serialize;
use serde_json::Value;

use crate::GrantId;
use crate::sender_constraint::TokenType;

/// An access token that is genuine and has not expired, with its content. It may have been revoked.
#[derive(Debug)]
pub(crate) struct Recognised {
    /// The grant that it came from; `None` if no user is involved.
    pub(crate) grant: Option<GrantId>,
    pub(crate) claims: Arc<IntrospectionClaims>,
}

/// The content of a valid token (RFC 7662 §2.2).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct IntrospectionClaims {
    /// Its scope.
    #[serde(skip_serializing_if = "Scope::is_empty")]
    pub scope: Scope,
    /// Its client.
    pub client_id: Box<str>,
    /// The username.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<Box<str>>,
    /// The type of an access token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_type: Option<TokenType>,
    /// When it expires.
    pub exp: Timestamp,
    /// When it was issued.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iat: Option<Timestamp>,
    /// Its subject.
    pub sub: Box<str>,
    /// Its audience.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub aud: Vec<String>,
    /// Its issuer.
    pub iss: Box<str>,
    /// Its identifier.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jti: Option<Box<str>>,
    /// The user's session at its client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sid: Option<Box<str>>,
    /// The key that the sender must prove possession of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cnf: Option<Confirmation>,
    /// The actor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub act: Option<Value>,
    /// The authorization details (RFC 9396 §9.2).
    #[serde(skip_serializing_if = "AuthorizationDetails::is_empty")]
    pub authorization_details: AuthorizationDetails,
}
