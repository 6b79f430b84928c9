//! What the token endpoint answers (RFC 6749 §5.1).

use std::fmt;

use jeton_oauth::authorization::AuthorizationDetails;
use jeton_oauth::{Confirmation, Scope};
use serde::{Serialize, Serializer};

use crate::GrantId;

/// What a client proved to hold together with its request: tokens are bound to it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SenderConstraint {
    /// The thumbprint of the key of a DPoP proof that was checked (RFC 9449 §5).
    pub jkt: Option<Box<str>>,
    /// The thumbprint of the certificate of the TLS connection (RFC 8705 §3).
    pub x5t_s256: Option<Box<str>>,
}

impl SenderConstraint {
    /// As tokens say it (RFC 7800 §3.1); nothing where nothing was proved.
    pub fn confirmation(&self) -> Option<Confirmation> {
        if self.jkt.is_none() && self.x5t_s256.is_none() {
            return None;
        }
        let mut confirmation = Confirmation::default();
        confirmation.jkt = self.jkt.as_deref().map(Into::into);
        confirmation.x5t_s256 = self.x5t_s256.as_deref().map(Into::into);
        Some(confirmation)
    }

    /// Whether everything that a token is bound to was proved; so it is of a token that is bound to nothing.
    pub fn proves(&self, bound: Option<&Confirmation>) -> bool {
        let Some(bound) = bound else { return true };
        let proved = |wanted: &Option<String>, shown: &Option<Box<str>>| {
            wanted.is_none() || wanted.as_deref() == shown.as_deref()
        };
        proved(&bound.jkt, &self.jkt) && proved(&bound.x5t_s256, &self.x5t_s256)
    }

    /// What tokens with this binding are used as.
    pub fn token_type(&self) -> TokenType {
        if self.jkt.is_some() { TokenType::Dpop } else { TokenType::Bearer }
    }
}

/// How an access token is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenType {
    /// Whoever holds it may use it (RFC 6750).
    Bearer,
    /// With a proof of the key that it is bound to (RFC 9449).
    Dpop,
    /// It is no access token (RFC 8693 §2.2.1).
    NotApplicable,
}

impl TokenType {
    /// As it goes over the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bearer => "Bearer",
            Self::Dpop => "DPoP",
            Self::NotApplicable => "N_A",
        }
    }
}

impl Serialize for TokenType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// What the token endpoint answers.
#[derive(Clone, Serialize)]
pub struct TokenResponse {
    /// The access token.
    pub access_token: String,
    /// How it is used.
    pub token_type: TokenType,
    /// For how many seconds it holds.
    pub expires_in: u64,
    /// The refresh token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
    /// The ID token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_token: Option<String>,
    /// What the access token permits.
    #[serde(skip_serializing_if = "Scope::is_empty")]
    pub scope: Scope,
    /// What kind of token it is, after an exchange (RFC 8693 §2.2.1).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issued_token_type: Option<&'static str>,
    /// What was allowed in detail (RFC 9396 §7).
    #[serde(skip_serializing_if = "AuthorizationDetails::is_empty")]
    pub authorization_details: AuthorizationDetails,
    /// The grant that it comes from, for the log.
    #[serde(skip)]
    pub grant: Option<GrantId>,
}

impl fmt::Debug for TokenResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { token_type, scope, grant, .. } = self;
        f.debug_struct("TokenResponse")
            .field("token_type", token_type)
            .field("scope", scope)
            .field("grant", grant)
            .finish_non_exhaustive()
    }
}
