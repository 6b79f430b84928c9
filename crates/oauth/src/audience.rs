//! The audience of a token: the claim `aud` (RFC 7519 §4.1.3).

use std::fmt;

use serde::de::{self, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The audiences of a token: one or more. A single one is serialized as a string, several as an array.
///
/// This is the claim in a token. What a verifier requires is [`jeton_jose::jwt::Audience`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audiences(Named);

/// The form on the wire is kept, so that the common case needs no list.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Named {
    One(String),
    Many(Vec<String>),
}

impl Audiences {
    /// A single audience.
    #[must_use]
    pub fn one(audience: impl Into<String>) -> Self {
        Self(Named::One(audience.into()))
    }

    /// Several audiences; `None` if there are none.
    #[must_use]
    pub fn many(audiences: Vec<String>) -> Option<Self> {
        if audiences.is_empty() { None } else { Some(Self(Named::Many(audiences))) }
    }

    /// Whether `audience` is exactly one of them.
    #[must_use]
    pub fn contains(&self, audience: &str) -> bool {
        self.iter().any(|known| known == audience)
    }

    /// The audiences, in the order of the token.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        match &self.0 {
            Named::One(one) => std::slice::from_ref(one),
            Named::Many(many) => many.as_slice(),
        }
        .iter()
        .map(String::as_str)
    }
}

impl Serialize for Audiences {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Named::One(one) => serializer.serialize_str(one),
            Named::Many(many) => serializer.collect_seq(many),
        }
    }
}

impl<'de> Deserialize<'de> for Audiences {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrMany;

        impl<'de> Visitor<'de> for OneOrMany {
            type Value = Audiences;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an audience, or a list of them that is not empty")
            }

            fn visit_str<E: de::Error>(self, audience: &str) -> Result<Audiences, E> {
                Ok(Audiences::one(audience))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Audiences, A::Error> {
                let mut audiences = Vec::new();
                while let Some(audience) = list.next_element()? {
                    audiences.push(audience);
                }
                Audiences::many(audiences).ok_or_else(|| de::Error::invalid_length(0, &self))
            }
        }

        deserializer.deserialize_any(OneOrMany)
    }
}
