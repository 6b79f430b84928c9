//! What is known of a user beyond a name and an address.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What is known of a user: `name`, `given_name`, `locale`, `roles`, `groups`, and whatever else the operator's
/// applications ask for. Claims are taken from here (OpenID Connect Core §5.1).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Attributes(Map<String, Value>);

/// Why something cannot be an attribute.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AttributesError {
    /// Its name has a meaning in tokens that no attribute may take over.
    #[error("{0} is a reserved claim and cannot be an attribute")]
    Reserved(Box<str>),
    /// They take more than [`Attributes::MAX_BYTES`] as JSON.
    #[error("user attributes must have at most {} bytes as JSON", Attributes::MAX_BYTES)]
    TooLarge,
    /// They are not a JSON object.
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

/// Claims that tokens give a meaning of their own.
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
    /// The most bytes that they take as JSON.
    pub const MAX_BYTES: usize = 8 * 1024;

    /// Takes attributes.
    ///
    /// # Errors
    /// [`AttributesError`] for a reserved name, or too much of them.
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

    /// Whether tokens give a claim of this name a meaning of their own, so that no attribute may take it over.
    pub fn is_reserved(name: &str) -> bool {
        RESERVED.contains(&name)
    }

    /// Reads a JSON object.
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

    /// As a JSON object.
    pub fn to_json(&self) -> String {
        serde_json::to_string(&self.0).expect("attributes are JSON")
    }

    /// The value of one.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
