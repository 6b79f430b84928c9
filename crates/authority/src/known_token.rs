//! An access token that was verified, and what it says.

use std::sync::Arc;

use jeton_jose::Timestamp;
use jeton_oauth::authorization::AuthorizationDetails;
use jeton_oauth::{Confirmation, Scope};
use serde::Serialize;
use serde_json::Value;

use crate::GrantId;
use crate::sender_constraint::TokenType;

/// An access token that is genuine and has not expired, and what it says. Whether it was revoked is another question.
#[derive(Debug)]
pub(crate) struct Recognised {
    /// The grant that it came from; none where no user stands behind it.
    pub(crate) grant: Option<GrantId>,
    pub(crate) claims: Arc<IntrospectionClaims>,
}

/// What a good token says (RFC 7662 §2.2).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct IntrospectionClaims {
    /// What it permits.
    #[serde(skip_serializing_if = "Scope::is_empty")]
    pub scope: Scope,
    /// Whose it is.
    pub client_id: Box<str>,
    /// What its user signs in with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<Box<str>>,
    /// How it is used: of an access token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_type: Option<TokenType>,
    /// When it ends.
    pub exp: Timestamp,
    /// When it was issued.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iat: Option<Timestamp>,
    /// Whom it is about.
    pub sub: Box<str>,
    /// What it is for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub aud: Vec<String>,
    /// Who issued it.
    pub iss: Box<str>,
    /// Its own name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jti: Option<Box<str>>,
    /// The user's session at its client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sid: Option<Box<str>>,
    /// The key that the sender must prove to hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cnf: Option<Confirmation>,
    /// Who acts for the subject.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub act: Option<Value>,
    /// What it permits in detail (RFC 9396 §9.2).
    #[serde(skip_serializing_if = "AuthorizationDetails::is_empty")]
    pub authorization_details: AuthorizationDetails,
}
