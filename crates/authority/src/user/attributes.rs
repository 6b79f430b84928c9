//! The attributes of a user, besides name and email address.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The attributes of a user: `name`, `given_name`, `locale`, `roles`, `groups`, and whatever else applications
/// request. Claims are taken from them (OpenID Connect Core §5.1).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Attributes(Map<String, Value>);

/// Why something cannot be an attribute.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AttributesError {
    /// Its name is a reserved claim.
    #[error("{0} is a reserved claim and cannot be an attribute")]
    Reserved(Box<str>),
    /// The attributes take more than [`Attributes::MAX_BYTES`] as JSON.
    #[error("user attributes must have at most {} bytes as JSON", Attributes::MAX_BYTES)]
    TooLarge,
    /// The attributes are not a JSON object.
    #[error("user attributes must be a JSON object")]
    NotAnObject,
}

impl AttributesError {
    /// The stable name of the error.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Reserved(_) => "attribute_reserved",
            Self::TooLarge => "attributes_too_large",
            Self::NotAnObject => "attributes_malformed",
        }
    }
}

/// Reserved claims, which have a fixed meaning in tokens.
const RESERVED: [&str; 25] = [
    "acr",
    "act",
    "amr",
    "at_hash",
    "aud",
    "auth_time",
    "authorization_details",
    "azp",
    "c_hash",
    "client_id",
    "cnf",
    "exp",
    "iat",
    "iss",
    "jti",
    "may_act",
    "nbf",
    "nonce",
    "s_hash",
    "scope",
    "sid",
    "sub",
    "token_type",
    "user_id",
    "username",
];

impl Attributes {
    /// The largest size as JSON, in bytes.
    pub const MAX_BYTES: usize = 8 * 1024;

    /// Checks attributes.
    ///
    /// # Errors
    /// [`AttributesError`] for a reserved name, or if they are too large.
    pub fn new(members: Map<String, Value>) -> Result<Self, AttributesError> {
        if let Some(name) = members.keys().find(|name| Self::is_reserved(name)) {
            return Err(AttributesError::Reserved(name.as_str().into()));
        }
        let attributes = Self(members);
        if attributes.to_json().len() > Self::MAX_BYTES {
            Err(AttributesError::TooLarge)
        } else {
            Ok(attributes)
        }
    }

    /// Whether a claim with this name is reserved, so that no attribute can override it.
    pub fn is_reserved(name: &str) -> bool {
        RESERVED.contains(&name)
    }

    /// Parses a JSON object.
    ///
    /// # Errors
    /// As [`Attributes::new`].
    pub fn from_json(json: &str) -> Result<Self, AttributesError> {
        // Most users have none, and each refresh reads them.
        if json == "{}" {
            return Ok(Self::default());
        }
        let members = serde_json::from_str(json).map_err(|_| AttributesError::NotAnObject)?;
        Self::new(members)
    }

    /// The attributes as a JSON object.
    pub fn to_json(&self) -> String {
        serde_json::to_string(&self.0).expect("attributes are JSON")
    }

    /// The value of an attribute.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// All attributes.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// Whether there are no attributes.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
