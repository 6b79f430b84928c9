//! The parameter `authorization_details`: permissions that a scope cannot express (RFC 9396).

use jeton_jose::json::{self, JsonError};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::resource::normalized;

/// The members that are lists of strings in all types (RFC 9396 §2.2).
const LISTS: [&str; 4] = ["locations", "actions", "datatypes", "privileges"];
/// The member that is a single string (RFC 9396 §2.2).
const IDENTIFIER: &str = "identifier";

/// Requested or allowed authorization details: elements, each with a type (RFC 9396 §2).
///
/// The same list appears in a request, an access token, and the responses of the token and introspection endpoints.
/// Parse client input with [`AuthorizationDetails::parse`], which limits it. Deserialization with serde only checks
/// the form, for what an authority wrote.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AuthorizationDetails(Vec<AuthorizationDetail>);

/// One element: an object with a type. Only the API of that type interprets its other members.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Map<String, Value>", into = "Map<String, Value>")]
pub struct AuthorizationDetail {
    kind: Box<str>,
    /// All members but the type.
    members: Map<String, Value>,
}

/// Why a text is not an `authorization_details` parameter.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuthorizationDetailsError {
    /// The text is not strict JSON, or not a list of objects.
    #[error("authorization_details cannot be read: {0}")]
    Json(#[from] JsonError),
    /// It is longer than allowed, as received or as serialized in tokens.
    #[error("authorization_details is longer than {max_len} bytes")]
    TooLong {
        /// The limit, in bytes.
        max_len: usize,
    },
    /// It has more than [`AuthorizationDetails::MAX_COUNT`] elements.
    #[error("authorization_details has more than {} elements", AuthorizationDetails::MAX_COUNT)]
    TooMany,
    /// An element nests deeper than [`AuthorizationDetails::MAX_DEPTH`].
    #[error("authorization_details is nested deeper than {}", AuthorizationDetails::MAX_DEPTH)]
    TooDeep,
    /// It contains more than [`AuthorizationDetails::MAX_VALUES`] values, more than anybody would read.
    #[error("authorization_details contains more than {} values", AuthorizationDetails::MAX_VALUES)]
    TooManyValues,
    /// The name of a member is longer than [`AuthorizationDetails::MAX_NAME`].
    #[error("a name in authorization_details is longer than {} bytes", AuthorizationDetails::MAX_NAME)]
    NameTooLong,
    /// An element has no type, or one that is not a string (RFC 9396 §2).
    #[error(transparent)]
    TypeMissing(#[from] TypeMissing),
    /// A member that all types share does not have the form in RFC 9396 §2.2.
    #[error("{name} in authorization_details is of the wrong type")]
    Member {
        /// The member.
        name: &'static str,
    },
}

/// An element of `authorization_details` has no type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an element of authorization_details has no type")]
pub struct TypeMissing;

impl AuthorizationDetailsError {
    /// The stable name of this error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Json(error) => error.code(),
            Self::TooLong { .. } => "authorization_details_too_long",
            Self::TooMany => "authorization_details_too_many",
            Self::TooDeep => "authorization_details_too_deep",
            Self::TooManyValues => "authorization_details_too_many_values",
            Self::NameTooLong => "authorization_details_name_too_long",
            Self::TypeMissing(_) => "authorization_details_type_missing",
            Self::Member { .. } => "authorization_details_member",
        }
    }
}

impl AuthorizationDetails {
    /// The largest size, in bytes of JSON: an access token carries them in a header.
    pub const MAX_LEN: usize = 8 * 1024;
    /// The largest number of elements.
    pub const MAX_COUNT: usize = 16;
    /// The deepest nesting of an element, which itself counts as 1.
    pub const MAX_DEPTH: usize = 8;
    /// The largest number of plain values, empty lists and empty objects in all elements together.
    pub const MAX_VALUES: usize = 256;
    /// The longest name of a member, in bytes. A page shows each value with its path, so names are repeated more often
    /// than they are written.
    pub const MAX_NAME: usize = 128;

    /// Parses the parameter: at most `max_len` bytes, and never more than [`Self::MAX_LEN`].
    ///
    /// # Errors
    /// [`AuthorizationDetailsError`] if it is not strict JSON of that form, or too large.
    pub fn parse(text: &str, max_len: usize) -> Result<Self, AuthorizationDetailsError> {
        let max_len = max_len.min(Self::MAX_LEN);
        let too_long = AuthorizationDetailsError::TooLong { max_len };
        if text.len() > max_len {
            return Err(too_long);
        }
        let elements: Vec<Map<String, Value>> = json::from_slice(text.as_bytes())?;
        if elements.len() > Self::MAX_COUNT {
            return Err(AuthorizationDetailsError::TooMany);
        }
        let mut details = Self::default();
        let mut values = 0;
        for element in elements {
            if 1 + depth_within(element.values()) > Self::MAX_DEPTH {
                return Err(AuthorizationDetailsError::TooDeep);
            }
            check_common_members(&element)?;
            if longest_name(&element) > Self::MAX_NAME {
                return Err(AuthorizationDetailsError::NameTooLong);
            }
            values += element.values().map(plain_values).sum::<usize>();
            if values > Self::MAX_VALUES {
                return Err(AuthorizationDetailsError::TooManyValues);
            }
            details.0.push(AuthorizationDetail::try_from(element)?);
        }
        // Some numbers are longer as they are written here.
        if details.written_len() > max_len { Err(too_long) } else { Ok(details) }
    }

    /// Whether there are no elements.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The number of elements.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// All elements, in the received order.
    pub fn iter(&self) -> impl Iterator<Item = &AuthorizationDetail> {
        self.0.iter()
    }

    /// The elements of one type.
    pub fn of_type<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a AuthorizationDetail> {
        self.0.iter().filter(move |detail| detail.kind() == kind)
    }

    /// The elements that match a condition.
    #[must_use]
    pub fn retain(&self, mut keep: impl FnMut(&AuthorizationDetail) -> bool) -> Self {
        Self(self.0.iter().filter(|detail| keep(detail)).cloned().collect())
    }

    /// The requested part of these; `None` if more is requested than these allow (RFC 9396 §6).
    ///
    /// Only whole elements can be left out. Only the API knows what the members of an element permit, so each
    /// requested element must equal one of these, as JSON values. Each of these counts once: two payments are more
    /// than one.
    #[must_use]
    pub fn narrowed(&self, asked: &Self) -> Option<Self> {
        let mut left: Vec<_> = self.0.iter().collect();
        let mut kept = Vec::with_capacity(asked.len());
        for detail in &asked.0 {
            let at = left.iter().position(|allowed| *allowed == detail)?;
            kept.push(left.swap_remove(at).clone());
        }
        Some(Self(kept))
    }

    /// Whether these allow everything requested, by the rule of [`AuthorizationDetails::narrowed`].
    #[must_use]
    pub fn covers(&self, asked: &Self) -> bool {
        self.narrowed(asked).is_some()
    }

    /// The smallest list that covers both, with those of `later` last.
    #[must_use]
    pub fn union(&self, later: &Self) -> Self {
        let mut all = self.0.clone();
        for detail in &later.0 {
            if let Some(at) = all.iter().position(|known| known == detail) {
                all.remove(at);
            }
        }
        all.extend(later.0.iter().cloned());
        Self(all)
    }

    /// As many of the last elements as fit into `max_len` bytes of JSON.
    #[must_use]
    pub fn last_within(mut self, max_len: usize) -> Self {
        while !self.is_empty() && self.written_len() > max_len {
            self.0.remove(0);
        }
        self
    }

    /// The details for a token with these resources (RFC 9396 §9.1): elements without `locations`, and elements with a
    /// location at or below a resource. All elements if no resource is named.
    #[must_use]
    pub fn for_resources(&self, resources: &[Box<str>]) -> Self {
        self.retain(|detail| {
            let mut locations = detail.locations().peekable();
            resources.is_empty()
                || locations.peek().is_none()
                || locations
                    .any(|location| resources.iter().any(|resource| is_at_or_below(location, resource)))
        })
    }

    fn written_len(&self) -> usize {
        serde_json::to_vec(self).map_or(usize::MAX, |json| json.len())
    }
}

impl FromIterator<AuthorizationDetail> for AuthorizationDetails {
    fn from_iter<I: IntoIterator<Item = AuthorizationDetail>>(details: I) -> Self {
        Self(details.into_iter().collect())
    }
}

impl AuthorizationDetail {
    /// Its `type`, which determines its API.
    #[must_use]
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// Where it may be used.
    pub fn locations(&self) -> impl Iterator<Item = &str> {
        self.texts("locations")
    }

    /// The permitted actions.
    pub fn actions(&self) -> impl Iterator<Item = &str> {
        self.texts("actions")
    }

    /// The kinds of data.
    pub fn datatypes(&self) -> impl Iterator<Item = &str> {
        self.texts("datatypes")
    }

    /// The roles or levels.
    pub fn privileges(&self) -> impl Iterator<Item = &str> {
        self.texts("privileges")
    }

    /// The single object.
    #[must_use]
    pub fn identifier(&self) -> Option<&str> {
        self.member(IDENTIFIER)?.as_str()
    }

    /// The value of a member.
    #[must_use]
    pub fn member(&self, name: &str) -> Option<&Value> {
        self.members.get(name)
    }

    /// All members but the type.
    pub fn members(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.members.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// All members, including the type, deserialized into an API's own type.
    ///
    /// # Errors
    /// The members do not match that type.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_value(Value::Object(self.clone().into()))
    }

    fn texts<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> + use<'a> {
        self.member(name).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
    }
}

impl TryFrom<Map<String, Value>> for AuthorizationDetail {
    type Error = TypeMissing;

    fn try_from(mut members: Map<String, Value>) -> Result<Self, TypeMissing> {
        match members.remove("type") {
            Some(Value::String(kind)) if !kind.is_empty() => Ok(Self { kind: kind.into(), members }),
            _ => Err(TypeMissing),
        }
    }
}

impl From<AuthorizationDetail> for Map<String, Value> {
    fn from(detail: AuthorizationDetail) -> Self {
        let mut members = detail.members;
        members.insert("type".to_owned(), Value::String(detail.kind.into()));
        members
    }
}

fn check_common_members(element: &Map<String, Value>) -> Result<(), AuthorizationDetailsError> {
    for name in LISTS {
        let is_list = |value: &Value| value.as_array().is_some_and(|list| list.iter().all(Value::is_string));
        if !element.get(name).is_none_or(is_list) {
            return Err(AuthorizationDetailsError::Member { name });
        }
    }
    if element.get(IDENTIFIER).is_none_or(Value::is_string) {
        Ok(())
    } else {
        Err(AuthorizationDetailsError::Member { name: IDENTIFIER })
    }
}

/// The nesting depth of some values; 0 if none contains others.
fn depth_within<'a>(values: impl Iterator<Item = &'a Value>) -> usize {
    let depth = |value: &'a Value| match value {
        Value::Array(list) => 1 + depth_within(list.iter()),
        Value::Object(members) => 1 + depth_within(members.values()),
        _ => 0,
    };
    values.map(depth).max().unwrap_or(0)
}

/// The length of the longest name at any depth.
fn longest_name(members: &Map<String, Value>) -> usize {
    fn within(value: &Value) -> usize {
        match value {
            Value::Array(list) => list.iter().map(within).max().unwrap_or(0),
            Value::Object(members) => longest_name(members),
            _ => 0,
        }
    }
    members.iter().map(|(name, value)| name.len().max(within(value))).max().unwrap_or(0)
}

/// How many values without inner values there are.
fn plain_values(value: &Value) -> usize {
    match value {
        Value::Array(list) if !list.is_empty() => list.iter().map(plain_values).sum(),
        Value::Object(members) if !members.is_empty() => members.values().map(plain_values).sum(),
        _ => 1,
    }
}

fn is_at_or_below(location: &str, resource: &str) -> bool {
    let (location, resource) = (normalized(location), normalized(resource));
    match location.strip_prefix(&*resource) {
        None => false,
        Some(rest) => rest.is_empty() || resource.ends_with('/') || rest.starts_with(['/', '?', '#']),
    }
}
