//! The parameter `authorization_details`: what is asked for or allowed beyond what a scope can say (RFC 9396).

use jeton_jose::json::{self, JsonError};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::resource::normalized;

/// The members that hold texts in a list, whatever the type (RFC 9396 §2.2).
const LISTS: [&str; 4] = ["locations", "actions", "datatypes", "privileges"];
/// The member that names one thing (RFC 9396 §2.2).
const IDENTIFIER: &str = "identifier";

/// What is asked for or allowed in detail: elements, each of a type (RFC 9396 §2).
///
/// One and the same list goes through a request, an access token, and the answers of the token and introspection endpoints.
/// What comes from a client is read with [`AuthorizationDetails::parse`], which bounds it; reading by serde checks the shape
/// alone, for what an authority wrote.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AuthorizationDetails(Vec<AuthorizationDetail>);

/// One element: an object with a type, whose other members are for the API of that type to understand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Map<String, Value>", into = "Map<String, Value>")]
pub struct AuthorizationDetail {
    kind: Box<str>,
    /// All members but the type.
    members: Map<String, Value>,
}

/// Why a text is no `authorization_details` parameter.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuthorizationDetailsError {
    /// It is not strict JSON, or no list of objects.
    #[error("authorization_details cannot be read: {0}")]
    Json(#[from] JsonError),
    /// It is longer than it may be, as it came or as tokens would carry it.
    #[error("authorization_details is longer than {max_len} bytes")]
    TooLong {
        /// How long it may be, in bytes.
        max_len: usize,
    },
    /// It has more than [`AuthorizationDetails::MAX_COUNT`] elements.
    #[error("authorization_details has more than {} elements", AuthorizationDetails::MAX_COUNT)]
    TooMany,
    /// An element nests deeper than [`AuthorizationDetails::MAX_DEPTH`].
    #[error("authorization_details is nested deeper than {}", AuthorizationDetails::MAX_DEPTH)]
    TooDeep,
    /// They hold more than [`AuthorizationDetails::MAX_VALUES`] values: nobody would read them all.
    #[error("authorization_details contains more than {} values", AuthorizationDetails::MAX_VALUES)]
    TooManyValues,
    /// The name of a member is longer than [`AuthorizationDetails::MAX_NAME`].
    #[error("a name in authorization_details is longer than {} bytes", AuthorizationDetails::MAX_NAME)]
    NameTooLong,
    /// An element has no type, or one that is no text (RFC 9396 §2).
    #[error(transparent)]
    TypeMissing(#[from] TypeMissing),
    /// A member that every type shares is not what RFC 9396 §2.2 makes of it.
    #[error("{name} in authorization_details is of the wrong type")]
    Member {
        /// Which one.
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
    /// The longest that they may be, in bytes of JSON: an access token carries them in a header.
    pub const MAX_LEN: usize = 8 * 1024;
    /// The most elements.
    pub const MAX_COUNT: usize = 16;
    /// How deep an element may nest; itself is 1.
    pub const MAX_DEPTH: usize = 8;
    /// The most plain values, empty lists and empty objects in all elements together.
    pub const MAX_VALUES: usize = 256;
    /// The longest name of a member, in bytes. A page that shows a value names the way to it, so that names count more often
    /// than they are written.
    pub const MAX_NAME: usize = 128;

    /// Parses the parameter's value: at most `max_len` bytes, and never more than [`Self::MAX_LEN`].
    ///
    /// # Errors
    /// [`AuthorizationDetailsError`] where it is not strict JSON of that shape, or too large.
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

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// All of them, in the order they came.
    pub fn iter(&self) -> impl Iterator<Item = &AuthorizationDetail> {
        self.0.iter()
    }

    /// Those of one type.
    pub fn of_type<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a AuthorizationDetail> {
        self.0.iter().filter(move |detail| detail.kind() == kind)
    }

    /// Those that a condition holds for.
    #[must_use]
    pub fn retain(&self, mut keep: impl FnMut(&AuthorizationDetail) -> bool) -> Self {
        Self(self.0.iter().filter(|detail| keep(detail)).cloned().collect())
    }

    /// What is asked for, out of these; nothing where more is asked for than these allow (RFC 9396 §6).
    ///
    /// Only whole elements can be left out: what an element's members permit is known to the API alone, so each one that is
    /// asked for has to be equal to one of these, as JSON values are equal. Each of these counts once: two payments are
    /// more than one.
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

    /// Whether these allow everything that is asked for, by the rule of [`AuthorizationDetails::narrowed`].
    #[must_use]
    pub fn covers(&self, asked: &Self) -> bool {
        self.narrowed(asked).is_some()
    }

    /// The least that covers both, those of `later` last.
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

    /// As many of the last ones as fit into `max_len` bytes of JSON.
    #[must_use]
    pub fn last_within(mut self, max_len: usize) -> Self {
        while !self.is_empty() && self.written_len() > max_len {
            self.0.remove(0);
        }
        self
    }

    /// What a token for these resources is to say (RFC 9396 §9.1): those without `locations`, and those with one at or below
    /// a resource. All of them where no resource is named.
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
    /// Its `type`: which API understands it.
    #[must_use]
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// Where it is to be used.
    pub fn locations(&self) -> impl Iterator<Item = &str> {
        self.texts("locations")
    }

    /// What is to be done.
    pub fn actions(&self) -> impl Iterator<Item = &str> {
        self.texts("actions")
    }

    /// With which kinds of data.
    pub fn datatypes(&self) -> impl Iterator<Item = &str> {
        self.texts("datatypes")
    }

    /// In which roles, or at which level.
    pub fn privileges(&self) -> impl Iterator<Item = &str> {
        self.texts("privileges")
    }

    /// With which one thing.
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

    /// All members, the type too, as an API's own type.
    ///
    /// # Errors
    /// Where they do not fit it.
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

/// How deep the deepest of some values nests; one that holds no others is 0.
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

/// How many values stand in one that have no others within.
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
