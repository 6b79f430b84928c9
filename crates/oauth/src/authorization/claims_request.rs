//! The parameter `claims`: individually requested claims (OpenID Connect Core §5.5).

use std::collections::BTreeMap;

use jeton_jose::json::{self, JsonError};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Which claims a client requests, and where.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimsRequest {
    /// From the userinfo endpoint.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub userinfo: BTreeMap<String, Option<ClaimRequest>>,
    /// In the ID token.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub id_token: BTreeMap<String, Option<ClaimRequest>>,
}

/// Whether a claim is essential, and which values are acceptable.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimRequest {
    /// Whether the claim is essential. Omitting it is never an error, except for `sub` and `acr`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub essential: bool,
    /// The only acceptable value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
    /// The acceptable values, in order of preference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub values: Option<Vec<Value>>,
}

impl ClaimRequest {
    /// Whether a value is acceptable: the request names it, or names none.
    #[must_use]
    pub fn permits(&self, value: &str) -> bool {
        self.value.as_ref().is_none_or(|wanted| wanted == value)
            && self.values.as_ref().is_none_or(|wanted| wanted.iter().any(|wanted| wanted == value))
    }
}

/// Why a text is not a `claims` parameter.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClaimsRequestError {
    /// The text is not strict JSON, or does not have the form in the standard.
    #[error("the claims parameter cannot be read: {0}")]
    Json(#[from] JsonError),
    /// It requests more than [`ClaimsRequest::MAX_CLAIMS`] claims.
    #[error("the claims parameter asks for more than {} claims", ClaimsRequest::MAX_CLAIMS)]
    TooMany,
}

impl ClaimsRequestError {
    /// The stable name of this error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Json(error) => error.code(),
            Self::TooMany => "claims_request_too_many",
        }
    }
}

impl ClaimsRequest {
    /// The largest number of claims in a request.
    pub const MAX_CLAIMS: usize = 64;

    /// Parses the parameter. Members other than `userinfo` and `id_token` are ignored, as the standard requires.
    ///
    /// # Errors
    /// [`ClaimsRequestError`] if it is not strict JSON of that form, or too large.
    pub fn parse(text: &str) -> Result<Self, ClaimsRequestError> {
        // A derived struct would be read from an array as well.
        json::from_slice::<BTreeMap<String, IgnoredAny>>(text.as_bytes())?;
        let request: Self = json::from_slice(text.as_bytes())?;
        if request.userinfo.len() + request.id_token.len() > Self::MAX_CLAIMS {
            return Err(ClaimsRequestError::TooMany);
        }
        Ok(request)
    }

    /// Whether nothing is requested.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.userinfo.is_empty() && self.id_token.is_empty()
    }
}
