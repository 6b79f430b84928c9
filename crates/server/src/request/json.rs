//! Fields in a JSON body.

use std::fmt;
use std::marker::PhantomData;

use jeton_jose::json;
use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::field::FieldValue;
use super::fields::{FieldNames, ReadError, index};

/// Reads the named fields of a JSON object; others are ignored, but must be JSON all the same.
pub(super) fn read<F: FieldNames<N>, const N: usize>(body: &[u8]) -> Result<[FieldValue; N], ReadError> {
    match json::from_slice::<JsonBody<F, N>>(body).map_err(ReadError::Json)? {
        JsonBody::Object(values, _) => Ok(values),
        JsonBody::Null => Err(ReadError::NoData),
        JsonBody::Other(kind) => Err(ReadError::NotAnObject(kind)),
    }
}

/// The outermost value of a body.
enum JsonBody<F, const N: usize> {
    Object([FieldValue; N], PhantomData<F>),
    Null,
    /// Anything else, by Python's name for it.
    Other(&'static str),
}

impl<'de, F: FieldNames<N>, const N: usize> Deserialize<'de> for JsonBody<F, N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(BodyVisitor(PhantomData))
    }
}

struct BodyVisitor<F, const N: usize>(PhantomData<F>);

impl<'de, F: FieldNames<N>, const N: usize> Visitor<'de> for BodyVisitor<F, N> {
    type Value = JsonBody<F, N>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut values = std::array::from_fn(|_| FieldValue::Absent);
        while let Some(Name(index, ..)) = members.next_key::<Name<F, N>>()? {
            match index.and_then(|index| values.get_mut(index)) {
                Some(value) => *value = members.next_value()?,
                None => {
                    members.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(JsonBody::Object(values, PhantomData))
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

/// A member's name: which of the fields it is, if it is one.
struct Name<F, const N: usize>(Option<usize>, PhantomData<F>);

impl<'de, F: FieldNames<N>, const N: usize> Deserialize<'de> for Name<F, N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NameVisitor<F, const N: usize>(PhantomData<F>);
        impl<F: FieldNames<N>, const N: usize> Visitor<'_> for NameVisitor<F, N> {
            type Value = Name<F, N>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name")
            }

            fn visit_str<E: Error>(self, name: &str) -> Result<Self::Value, E> {
                Ok(Name(index::<F, N>(name), PhantomData))
            }
        }
        deserializer.deserialize_str(NameVisitor(PhantomData))
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

/// A number with a fraction or an exponent as Python's `str` writes it, since a front end may send a password so.
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
