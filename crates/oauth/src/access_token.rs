//! The claims of a JWT access token (RFC 9068 §2.2), with those that Jeton adds.

use std::fmt;

use jeton_jose::Timestamp;
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::audience::Audiences;
use crate::authorization::AuthorizationDetails;
use crate::scope::Scope;

/// The `typ` of a JWT access token (RFC 9068 §2.1).
pub const ACCESS_TOKEN_TYP: &str = "at+jwt";

/// The claims of an access token.
///
/// Serialized in the order of these members, which is simplejwt's order for the claims that it knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessTokenClaims {
    /// simplejwt's type of the token: `access`. RFC 9068 has no such claim.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_type: Option<TokenUse>,
    /// When the token expires.
    pub exp: Timestamp,
    /// When the token was issued.
    pub iat: Timestamp,
    /// The token's identifier, unique at its issuer.
    #[serde(deserialize_with = "not_empty")]
    pub jti: String,
    /// The user's id, as in simplejwt: the user's own, or the key in Django. `None` if no user is involved.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "text_or_integer")]
    pub user_id: Option<String>,
    /// The issuer.
    pub iss: String,
    /// The audience.
    pub aud: Audiences,
    /// The subject: the user, or the client itself if no user is involved.
    #[serde(deserialize_with = "not_empty")]
    pub sub: String,
    /// The client that the token was issued to.
    #[serde(deserialize_with = "not_empty")]
    pub client_id: String,
    /// The scope. Omitted if it is empty.
    #[serde(default, skip_serializing_if = "Scope::is_empty")]
    pub scope: Scope,
    /// The identifier of the grant behind the token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sid: Option<String>,
    /// The username when the token was issued.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// The key whose possession the sender of the token must prove.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cnf: Option<Confirmation>,
    /// The authorization details, besides the scope (RFC 9396 §9.1).
    #[serde(default, skip_serializing_if = "AuthorizationDetails::is_empty")]
    pub authorization_details: AuthorizationDetails,
}

/// The use of a token, as in simplejwt's claim `token_type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum TokenUse {
    /// Calling an API.
    Access,
    /// Getting new tokens from the authority.
    Refresh,
    /// simplejwt's sliding token for both.
    Sliding,
    /// Anything else.
    #[serde(other, skip_serializing)]
    Other,
}

/// The key that a token is bound to (RFC 7800 §3.1). The sender of the token must prove possession of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Confirmation {
    /// The JWK thumbprint of a DPoP key (RFC 9449 §6.1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jkt: Option<String>,
    /// The SHA-256 thumbprint of a client certificate (RFC 8705 §3.1).
    #[serde(default, rename = "x5t#S256", skip_serializing_if = "Option::is_none")]
    pub x5t_s256: Option<String>,
}

fn not_empty<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.is_empty() { Err(de::Error::invalid_length(0, &"a text that is not empty")) } else { Ok(text) }
}

// simplejwt wrote integers up to 5.5.0 and has written strings since.
fn text_or_integer<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    struct TextOrInteger;

    impl Visitor<'_> for TextOrInteger {
        type Value = Option<String>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a text or an integer")
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<Option<String>, E> {
            Ok(Some(text.to_owned()))
        }

        fn visit_i64<E: de::Error>(self, number: i64) -> Result<Option<String>, E> {
            Ok(Some(number.to_string()))
        }

        fn visit_u64<E: de::Error>(self, number: u64) -> Result<Option<String>, E> {
            Ok(Some(number.to_string()))
        }

        fn visit_unit<E: de::Error>(self) -> Result<Option<String>, E> {
            Ok(None)
        }
    }

    deserializer.deserialize_any(TextOrInteger)
}
