//! The children of arrays and objects as serde sees them.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, EnumAccess, Error, IntoDeserializer, MapAccess, SeqAccess,
    Unexpected, VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;

use super::Onlooker;
use super::reader::Reader;
use crate::json::JsonError;
use crate::json::error::Failure;
use crate::json::lexer::{Mark, Place, Text};
use crate::json::names::Names;

/// The elements of an array.
pub(super) struct Elements<'a, 'r, 'de, O> {
    reader: &'a mut Reader<'r, 'de, O>,
    place: Place,
    /// Where the last one began.
    last: Option<Mark>,
}

impl<'a, 'r, 'de, O: Onlooker> Elements<'a, 'r, 'de, O> {
    pub(super) fn new(reader: &'a mut Reader<'r, 'de, O>) -> Self {
        Self { reader, place: Place::First, last: None }
    }

    /// All elements must have been wanted.
    pub(super) fn finish(mut self) -> Result<(), Failure> {
        match self.step()? {
            false => Ok(()),
            true => Err(Failure::invalid_type(Unexpected::Seq, &"a shorter array")),
        }
    }

    fn step(&mut self) -> Result<bool, Failure> {
        if let Some(start) = self.last {
            self.reader.pass(start);
        }
        let more = self.reader.element(&mut self.place)?;
        self.last = more.then(|| self.reader.at());
        Ok(more)
    }
}

impl<'de, O: Onlooker> SeqAccess<'de> for Elements<'_, '_, 'de, O> {
    type Error = Failure;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Failure> {
        if self.step()? { seed.deserialize(&mut *self.reader).map(Some) } else { Ok(None) }
    }
}

/// The members of an object.
pub(super) struct Members<'a, 'r, 'de, O> {
    reader: &'a mut Reader<'r, 'de, O>,
    place: Place,
    names: Names,
    /// The name of the last one, and where its value began.
    last: Option<(Text<'de>, Mark)>,
}

impl<'a, 'r, 'de, O: Onlooker> Members<'a, 'r, 'de, O> {
    pub(super) fn new(reader: &'a mut Reader<'r, 'de, O>) -> Self {
        Self { reader, place: Place::First, names: Names::new(), last: None }
    }

    /// All members must have been wanted.
    pub(super) fn finish(mut self) -> Result<(), Failure> {
        match self.step()? {
            None => Ok(()),
            Some(name) => Err(JsonError::UnknownMember { name: name.unescaped().into() }.into()),
        }
    }

    // What the last value was is looked at here, not when it was read: a value on its way to its place is not held up.
    fn step(&mut self) -> Result<Option<Text<'de>>, Failure> {
        if let Some((name, start)) = self.last {
            self.reader.pass(start);
            self.reader.show(name, start);
        }
        let name = self.reader.name(&mut self.place, &mut self.names)?;
        self.last = name.map(|name| (name, self.reader.at()));
        Ok(name)
    }
}

impl<'de, O: Onlooker> MapAccess<'de> for Members<'_, '_, 'de, O> {
    type Error = Failure;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Failure> {
        match self.step()? {
            None => Ok(None),
            Some(name) => seed.deserialize(Name(name.unescaped())).map(Some),
        }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Failure> {
        seed.deserialize(&mut *self.reader)
    }
}

/// A member's name. Maps keyed by numbers read them from it, in one spelling each: `1` and `01` would be two members with one
/// key.
struct Name<'de>(Cow<'de, str>);

impl Name<'_> {
    fn integer<T: FromStr + fmt::Display>(&self) -> Result<T, Failure> {
        let value: T = self.0.parse().map_err(|_| JsonError::Number)?;
        if value.to_string() == self.0 { Ok(value) } else { Err(JsonError::Number.into()) }
    }
}

macro_rules! numeric_name {
    ($($method:ident $visit:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
            visitor.$visit(self.integer()?)
        }
    )*};
}

impl<'de> Deserializer<'de> for Name<'de> {
    type Error = Failure;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        match self.0 {
            Cow::Borrowed(text) => visitor.visit_borrowed_str(text),
            Cow::Owned(text) => visitor.visit_string(text),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Failure> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Failure> {
        visitor.visit_enum(IntoDeserializer::<Failure>::into_deserializer(self.0))
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
pub(super) struct Variant<'a, 'r, 'de, O> {
    reader: &'a mut Reader<'r, 'de, O>,
    name: Text<'de>,
}

impl<'a, 'r, 'de, O: Onlooker> Variant<'a, 'r, 'de, O> {
    /// Reads the object after its opening brace.
    pub(super) fn read<V: Visitor<'de>>(
        reader: &'a mut Reader<'r, 'de, O>,
        visitor: V,
    ) -> Result<V::Value, Failure> {
        let one = || Failure::invalid_type(Unexpected::Map, &"an object with one member");
        let (mut place, mut names) = (Place::First, Names::new());
        let name = reader.name(&mut place, &mut names)?.ok_or_else(one)?;
        let start: Mark = reader.at();
        let value = visitor.visit_enum(Variant { reader: &mut *reader, name })?;
        reader.pass(start);
        reader.show(name, start);
        if reader.name(&mut place, &mut names)?.is_some() { Err(one()) } else { Ok(value) }
    }
}

impl<'de, O: Onlooker> EnumAccess<'de> for Variant<'_, '_, 'de, O> {
    type Error = Failure;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Failure> {
        Ok((seed.deserialize(Name(self.name.unescaped()))?, self))
    }
}

impl<'de, O: Onlooker> VariantAccess<'de> for Variant<'_, '_, 'de, O> {
    type Error = Failure;

    fn unit_variant(self) -> Result<(), Failure> {
        <()>::deserialize(self.reader)
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Failure> {
        seed.deserialize(self.reader)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Failure> {
        self.reader.deserialize_any(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Failure> {
        self.reader.deserialize_any(visitor)
    }
}
