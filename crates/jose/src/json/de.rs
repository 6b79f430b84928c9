//! Typed values from a checked text, through serde.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error, IntoDeserializer, MapAccess, SeqAccess, Unexpected,
    VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;

use super::scan::Kind;
use super::value::{Elements, Members};
use super::{JsonError, Value, number};

/// Integers narrower than what is written are refused by the visitor; wider ones are read here.
macro_rules! wide_integer {
    ($method:ident, $visit:ident, $type:ty) => {
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, JsonError> {
            match self.as_number() {
                Some(text) if number::is_integer(text) => {
                    visitor.$visit(text.parse::<$type>().map_err(|_| JsonError::Number)?)
                }
                _ => self.deserialize_any(visitor),
            }
        }
    };
}

impl<'de> Deserializer<'de> for Value<'_, 'de> {
    type Error = JsonError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, JsonError> {
        let node = self.node();
        match node.kind {
            Kind::Null => visitor.visit_unit(),
            Kind::True => visitor.visit_bool(true),
            Kind::False => visitor.visit_bool(false),
            Kind::Number => visit_number(self.document.slice(node), visitor),
            Kind::String | Kind::Escaped => match self.document.string(node) {
                Cow::Borrowed(text) => visitor.visit_borrowed_str(text),
                Cow::Owned(text) => visitor.visit_string(text),
            },
            Kind::Array => {
                let mut elements = self.elements().ok_or_else(unreachable_kind)?;
                let value = visitor.visit_seq(&mut elements)?;
                if elements.next().is_none() { Ok(value) } else { Err(mismatch(self, "a shorter array")) }
            }
            Kind::Object => {
                let members = self.members().ok_or_else(unreachable_kind)?;
                let mut access = MemberAccess { members, value: None };
                let value = visitor.visit_map(&mut access)?;
                if access.members.next().is_none() { Ok(value) } else { Err(JsonError::UnknownMember) }
            }
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, JsonError> {
        if self.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, JsonError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, JsonError> {
        if let Some(name) = self.as_str() {
            return visitor.visit_enum(IntoDeserializer::<JsonError>::into_deserializer(name));
        }
        let mut members =
            self.members().ok_or_else(|| mismatch(self, "a string or an object with one member"))?;
        match (members.next(), members.next()) {
            (Some((name, value)), None) => visitor.visit_enum(Variant { name, value }),
            _ => Err(mismatch(self, "an object with one member")),
        }
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, JsonError> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, JsonError> {
        match self.as_number() {
            Some(text) => visitor.visit_f64(number::to_f64(text)?),
            None => self.deserialize_any(visitor),
        }
    }

    wide_integer!(deserialize_i128, visit_i128, i128);
    wide_integer!(deserialize_u128, visit_u128, u128);

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, JsonError> {
        // The text has been checked, so there is nothing to walk through.
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map
        struct identifier
    }
}

fn visit_number<'de, V: Visitor<'de>>(text: &'de str, visitor: V) -> Result<V::Value, JsonError> {
    if !number::is_integer(text) {
        return visitor.visit_f64(number::to_f64(text)?);
    }
    if text == "-0" {
        return visitor.visit_f64(-0.0);
    }
    if let Ok(value) = text.parse::<u64>() {
        return visitor.visit_u64(value);
    }
    visitor.visit_i64(text.parse().map_err(|_| JsonError::Number)?)
}

fn unreachable_kind() -> JsonError {
    JsonError::custom("the value changed its kind")
}

fn mismatch(found: Value<'_, '_>, wanted: &'static str) -> JsonError {
    let found = match found.node().kind {
        Kind::Null => Unexpected::Unit,
        Kind::True | Kind::False => Unexpected::Bool(true),
        Kind::Number => Unexpected::Float(0.0),
        Kind::String | Kind::Escaped => Unexpected::Str(""),
        Kind::Array => Unexpected::Seq,
        Kind::Object => Unexpected::Map,
    };
    JsonError::invalid_type(found, &wanted)
}

impl<'de> SeqAccess<'de> for Elements<'_, 'de> {
    type Error = JsonError;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, JsonError> {
        self.next().map(|value| seed.deserialize(value)).transpose()
    }
}

struct MemberAccess<'t, 'de> {
    members: Members<'t, 'de>,
    value: Option<Value<'t, 'de>>,
}

impl<'de> MapAccess<'de> for MemberAccess<'_, 'de> {
    type Error = JsonError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, JsonError> {
        let Some((name, value)) = self.members.next() else { return Ok(None) };
        self.value = Some(value);
        seed.deserialize(Name(name)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, JsonError> {
        let value =
            self.value.take().ok_or_else(|| JsonError::custom("a value was asked for before its name"))?;
        seed.deserialize(value)
    }
}

/// A member's name. Maps keyed by numbers read them from it, in one spelling each: `1` and `01` would be two members with one
/// key.
struct Name<'de>(Cow<'de, str>);

impl Name<'_> {
    fn integer<T: FromStr + fmt::Display>(&self) -> Result<T, JsonError> {
        let value: T = self.0.parse().map_err(|_| JsonError::Number)?;
        if value.to_string() == self.0 { Ok(value) } else { Err(JsonError::Number) }
    }
}

macro_rules! numeric_name {
    ($($method:ident $visit:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, JsonError> {
            visitor.$visit(self.integer()?)
        }
    )*};
}

impl<'de> Deserializer<'de> for Name<'de> {
    type Error = JsonError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, JsonError> {
        match self.0 {
            Cow::Borrowed(text) => visitor.visit_borrowed_str(text),
            Cow::Owned(text) => visitor.visit_string(text),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, JsonError> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, JsonError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, JsonError> {
        visitor.visit_enum(IntoDeserializer::<JsonError>::into_deserializer(self.0))
    }

    numeric_name! {
        deserialize_i8 visit_i8 deserialize_i16 visit_i16 deserialize_i32 visit_i32 deserialize_i64 visit_i64
        deserialize_u8 visit_u8 deserialize_u16 visit_u16 deserialize_u32 visit_u32 deserialize_u64 visit_u64
        deserialize_i128 visit_i128 deserialize_u128 visit_u128
    }

    forward_to_deserialize_any! {
        bool f32 f64 char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct identifier
        ignored_any
    }
}

/// An enum's variant that carries a value: an object with one member.
struct Variant<'t, 'de> {
    name: Cow<'de, str>,
    value: Value<'t, 'de>,
}

impl<'t, 'de> EnumAccess<'de> for Variant<'t, 'de> {
    type Error = JsonError;
    type Variant = Value<'t, 'de>;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self::Variant), JsonError> {
        Ok((seed.deserialize(Name(self.name))?, self.value))
    }
}

impl<'de> VariantAccess<'de> for Value<'_, 'de> {
    type Error = JsonError;

    fn unit_variant(self) -> Result<(), JsonError> {
        if self.is_null() { Ok(()) } else { Err(mismatch(self, "null")) }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, JsonError> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, JsonError> {
        self.deserialize_any(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, JsonError> {
        self.deserialize_any(visitor)
    }
}
