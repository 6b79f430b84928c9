//! Fields in a JSON body.

use std::fmt;

use jeton_jose::json;
use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor,
};

use super::field::FieldValue;
use super::fields::ReadError;

/// Reads the named fields of a JSON object. Other members are ignored, but must be valid JSON.
pub(super) fn read<const N: usize>(body: &[u8], names: [&str; N]) -> Result<[FieldValue; N], ReadError> {
    match json::from_slice_seed(body, Names(names)).map_err(ReadError::Json)? {
        JsonBody::Object(values) => Ok(values),
        JsonBody::Null => Err(ReadError::NoData),
        JsonBody::Other(kind) => Err(ReadError::NotAnObject(kind)),
    }
}

/// The outermost value of a body.
enum JsonBody<const N: usize> {
    Object([FieldValue; N]),
    Null,
    /// Anything else, by Python's name for its type.
    Other(&'static str),
}

/// The names of the fields to read.
#[derive(Clone, Copy)]
struct Names<'n, const N: usize>([&'n str; N]);

impl<'de, const N: usize> DeserializeSeed<'de> for Names<'_, N> {
    type Value = JsonBody<N>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, const N: usize> Visitor<'de> for Names<'_, N> {
    type Value = JsonBody<N>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut values = std::array::from_fn(|_| FieldValue::Absent);
        while let Some(index) = members.next_key_seed(Name(self.0))? {
            match index.and_then(|index| values.get_mut(index)) {
                Some(value) => *value = members.next_value()?,
                None => {
                    members.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(JsonBody::Object(values))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Self::Value, A::Error> {
        while elements.next_element::<IgnoredAny>()?.is_some() {}
        Ok(JsonBody::Other("list"))
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(JsonBody::Null)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Self::Value, E> {
        Ok(JsonBody::Other("bool"))
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Self::Value, E> {
        Ok(JsonBody::Other("int"))
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Self::Value, E> {
        Ok(JsonBody::Other("int"))
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Self::Value, E> {
        Ok(JsonBody::Other("float"))
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<Self::Value, E> {
        Ok(JsonBody::Other("str"))
    }
}

/// Reads a member's name, and determines which field it is, if any.
struct Name<'n, const N: usize>([&'n str; N]);

impl<'de, const N: usize> DeserializeSeed<'de> for Name<'_, N> {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<const N: usize> Visitor<'_> for Name<'_, N> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Self::Value, E> {
        Ok(self.0.iter().position(|known| *known == name))
    }
}

impl<'de> Deserialize<'de> for FieldValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = FieldValue;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E: Error>(self) -> Result<FieldValue, E> {
        Ok(FieldValue::Null)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<FieldValue, E> {
        Ok(FieldValue::NotText)
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<FieldValue, E> {
        Ok(FieldValue::Text(value.to_string()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<FieldValue, E> {
        Ok(FieldValue::Text(value.to_string()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<FieldValue, E> {
        Ok(FieldValue::Text(as_python_writes(value)))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<FieldValue, E> {
        Ok(FieldValue::Text(value.to_owned()))
    }

    fn visit_string<E: Error>(self, value: String) -> Result<FieldValue, E> {
        Ok(FieldValue::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<FieldValue, A::Error> {
        while elements.next_element::<IgnoredAny>()?.is_some() {}
        Ok(FieldValue::NotText)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<FieldValue, A::Error> {
        while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(FieldValue::NotText)
    }
}

/// A number with a fraction or an exponent, as Python's `str` writes it, because a front end may send a password in
/// this form.
fn as_python_writes(value: f64) -> String {
    // Rust's shortest digits are Python's; what differs is when and how an exponent is written.
    let scientific = format!("{value:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    match exponent.parse::<i32>().unwrap_or_default() {
        exponent if (-4..16).contains(&exponent) => format!("{value:?}"),
        exponent if exponent < 0 => format!("{digits}e-{:02}", exponent.unsigned_abs()),
        exponent => format!("{digits}e+{exponent:02}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_become_what_python_would_write() {
        for (number, text) in [
            (1.5, "1.5"),
            (1e3, "1000.0"),
            (-0.0, "-0.0"),
            (0.0001, "0.0001"),
            (0.000_01, "1e-05"),
            (1e15, "1000000000000000.0"),
            (1e16, "1e+16"),
            (1.5e300, "1.5e+300"),
            (2.5e-7, "2.5e-07"),
        ] {
            assert_eq!(as_python_writes(number), text);
        }
    }
}
