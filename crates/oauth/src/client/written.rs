//! Values of a description as they came.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A value as it was written, and what it means. So a description goes back as it came, whichever of several names it uses, and
/// what cannot be read is still there for whoever checks the description to name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written<T> {
    text: Box<str>,
    value: Option<T>,
}

impl<T> Written<T> {
    /// As it was written.
    #[must_use]
    pub const fn as_str(&self) -> &str {
        &self.text
    }

    /// What it means; nothing where it cannot be read.
    #[must_use]
    pub const fn value(&self) -> Option<&T> {
        self.value.as_ref()
    }
}

impl<T: fmt::Display> Written<T> {
    /// A value as it writes itself.
    #[must_use]
    pub fn of(value: T) -> Self {
        Self { text: value.to_string().into(), value: Some(value) }
    }
}

impl<T: FromStr> From<&str> for Written<T> {
    fn from(text: &str) -> Self {
        Self { text: text.into(), value: text.parse().ok() }
    }
}

impl<T> fmt::Display for Written<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl<T> Serialize for Written<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de, T: FromStr> Deserialize<'de> for Written<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::from(String::deserialize(deserializer)?.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jeton_jose::Algorithm;

    #[test]
    fn a_value_goes_back_as_it_came_and_means_the_same_under_each_name() {
        for (text, value) in [
            ("Ed25519", Some(Algorithm::Ed25519)),
            ("EdDSA", Some(Algorithm::Ed25519)),
            ("RS1", None),
            ("", None),
        ] {
            let json = serde_json::to_string(text).expect("JSON");
            let written: Written<Algorithm> = serde_json::from_str(&json).expect("a text");
            assert_eq!((written.as_str(), written.value().copied()), (text, value));
            assert_eq!(serde_json::to_string(&written).expect("JSON"), json);
        }
        assert_eq!(Written::of(Algorithm::ES256), Written::from("ES256"));
        assert!(serde_json::from_str::<Written<Algorithm>>("1").is_err());
    }
}
