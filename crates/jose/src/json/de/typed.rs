//! The reader as serde sees it.

use std::borrow::Cow;

use serde::de::{Deserializer, Error, IntoDeserializer, Unexpected, Visitor};
use serde::forward_to_deserialize_any;

use super::Onlooker;
use super::access::{Elements, Members, Variant};
use super::raw;
use super::reader::Reader;
use crate::json::error::Failure;
use crate::json::lexer::{Lexeme, Mark};
use crate::json::{JsonError, number};

/// Integers narrower than what is written are refused by the visitor; wider ones are read here.
macro_rules! wide_integer {
    ($method:ident, $visit:ident, $type:ty) => {
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
            match self.peek_number()?.filter(|text| number::is_integer(text)) {
                Some(text) => {
                    self.lexeme()?;
                    visitor.$visit(text.parse::<$type>().map_err(|_| JsonError::Number)?)
                }
                None => self.deserialize_any(visitor),
            }
        }
    };
}

impl<'de, O: Onlooker> Deserializer<'de> for &mut Reader<'_, 'de, O> {
    type Error = Failure;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        let start = self.at();
        match self.lexeme()? {
            Lexeme::Null => visitor.visit_unit(),
            Lexeme::Bool(value) => visitor.visit_bool(value),
            Lexeme::Integer(value) => visitor.visit_u64(value),
            Lexeme::Number(text) => visit_number(text, visitor),
            Lexeme::String(text) => match text.unescaped() {
                Cow::Borrowed(text) => visitor.visit_borrowed_str(text),
                Cow::Owned(text) => visitor.visit_string(text),
            },
            Lexeme::Array => {
                let mut elements = Elements::new(self);
                let value =
                    visitor.visit_seq(&mut elements).and_then(|value| elements.finish().map(|()| value));
                self.after(value, start)
            }
            Lexeme::Object => {
                let mut members = Members::new(self);
                let value =
                    visitor.visit_map(&mut members).and_then(|value| members.finish().map(|()| value));
                self.after(value, start)
            }
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        self.space();
        if self.peek() == Some(b'n') {
            self.lexeme()?;
            visitor.visit_none()
        } else {
            visitor.visit_some(self)
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Failure> {
        if name == raw::NAME { raw::read(self, visitor) } else { visitor.visit_newtype_struct(self) }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Failure> {
        let start = self.at();
        match self.lexeme()? {
            Lexeme::String(name) => {
                visitor.visit_enum(IntoDeserializer::<Failure>::into_deserializer(name.unescaped()))
            }
            Lexeme::Object => {
                let value = Variant::read(self, visitor);
                self.after(value, start)
            }
            other => {
                let error = mismatch(&other, "a string or an object with one member");
                self.after(Err(error), start)
            }
        }
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        match self.peek_number()? {
            Some(text) => {
                self.lexeme()?;
                visitor.visit_f64(number::nearest_f64(text)?)
            }
            None => self.deserialize_any(visitor),
        }
    }

    wide_integer!(deserialize_i128, visit_i128, i128);
    wide_integer!(deserialize_u128, visit_u128, u128);

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        self.skip()?;
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map
        struct identifier
    }
}

impl<O: Onlooker> Reader<'_, '_, O> {
    /// Ends a container, at whose end the reader stands then even if its type has refused it.
    fn after<T>(&mut self, value: Result<T, Failure>, start: Mark) -> Result<T, Failure> {
        value.inspect_err(|_| self.pass_over(start))
    }
}

fn visit_number<'de, V: Visitor<'de>>(text: &'de str, visitor: V) -> Result<V::Value, Failure> {
    // A type that asks for an integer refuses a double; one that takes any value need not be hindered by a number that it may
    // never look at.
    match text.parse() {
        Ok(integer) if text != "-0" => visitor.visit_i64(integer),
        _ => visitor.visit_f64(number::nearest_f64(text)?),
    }
}

fn mismatch(found: &Lexeme<'_>, wanted: &'static str) -> Failure {
    let found = match found {
        Lexeme::Null => Unexpected::Unit,
        Lexeme::Bool(value) => Unexpected::Bool(*value),
        Lexeme::Integer(_) | Lexeme::Number(_) => Unexpected::Float(0.0),
        Lexeme::String(_) => Unexpected::Str(""),
        Lexeme::Array => Unexpected::Seq,
        Lexeme::Object => Unexpected::Map,
    };
    Failure::invalid_type(found, &wanted)
}
