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
    /// The name of an attribute is empty or contains a control character.
    #[error("the name of an attribute must not be empty or contain control characters")]
    Name,
}

impl AttributesError {
    /// The stable name of the error.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Reserved(_) => "attribute_reserved",
            Self::TooLarge => "attributes_too_large",
            Self::NotAnObject => "attributes_malformed",
            Self::Name => "attribute_name_malformed",
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

/// A change of one attribute.
#[derive(Debug, Clone, PartialEq)]
pub struct AttributeChange {
    name: Box<str>,
    value: Value,
}

impl AttributeChange {
    /// A new value for an attribute; `null` removes it.
    ///
    /// # Errors
    /// [`AttributesError::Name`] if no attribute can have this name.
    pub fn new(name: &str, value: Value) -> Result<Self, AttributesError> {
        if name.is_empty() || name.contains(char::is_control) {
            return Err(AttributesError::Name);
        }
        Ok(Self { name: name.into(), value })
    }
}

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

    /// The attributes with these changes. Other attributes stay.
    ///
    /// # Errors
    /// As [`Attributes::new`].
    pub fn changed(&self, changes: &[AttributeChange]) -> Result<Self, AttributesError> {
        let mut members = self.0.clone();
        for AttributeChange { name, value } in changes {
            match value {
                Value::Null => members.remove(&**name),
                value => members.insert(name.to_string(), value.clone()),
            };
        }
        Self::new(members)
    }

    /// All of them.
    pub const fn members(&self) -> &Map<String, Value> {
        &self.0
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn change(name: &str, value: Value) -> AttributeChange {
        AttributeChange::new(name, value).expect("a name")
    }

    #[test]
    fn what_is_named_changes_null_takes_away_and_the_rest_stays() {
        let before = Attributes::from_json(r#"{"name": "Ada", "roles": ["editor"], "age": 36}"#);
        let changes = [
            change("name", json!("Ada King")),
            change("age", Value::Null),
            change("absent", Value::Null),
            change("vip", json!(true)),
        ];
        let after = before.expect("attributes").changed(&changes).expect("attributes");
        let expected = r#"{"name": "Ada King", "roles": ["editor"], "vip": true}"#;
        assert_eq!(after, Attributes::from_json(expected).expect("attributes"));
    }

    #[test]
    fn a_change_takes_over_no_claim_that_tokens_rest_on_and_stays_within_the_limit() {
        let attributes = Attributes::default();
        let reserved = attributes.changed(&[change("sub", json!("admin"))]);
        assert_eq!(reserved, Err(AttributesError::Reserved("sub".into())));
        let large = attributes.changed(&[change("note", json!("x".repeat(Attributes::MAX_BYTES)))]);
        assert_eq!(large, Err(AttributesError::TooLarge));
    }

    #[test]
    fn an_attribute_has_a_name_that_can_be_shown() {
        for bad in ["", "a\nb", "\u{0}"] {
            assert_eq!(AttributeChange::new(bad, Value::Null), Err(AttributesError::Name), "{bad:?}");
        }
    }
}
