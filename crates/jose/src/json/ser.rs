//! Writing claims: what `serde_json` writes, byte for byte, in half the time.
//!
//! Strings, which claims consist of, are looked through sixteen bytes at a time. Numbers with a fraction, and types that have an
//! understanding of their own with `serde_json`, are left to it.

mod claims;
mod compound;
mod string;

use std::fmt;

use serde::ser::{self, Serialize, Serializer};

use super::JsonError;
use claims::Watch;
pub(crate) use claims::claims_to_vec;
use compound::Compound;

/// Writes a value as JSON (RFC 8259): what `serde_json` writes, in half the time for what claims consist of.
///
/// # Errors
/// [`JsonError::Refused`] with what the value's type says: a map's name that is no string, for one.
pub fn to_vec<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, JsonError> {
    let mut writer = Writer { out: Vec::with_capacity(USUAL), watch: None };
    match value.serialize(&mut writer) {
        Ok(()) => Ok(writer.out),
        Err(WriteError::LeftToSerdeJson) => {
            serde_json::to_vec(value).map_err(|error| JsonError::Refused { reason: error.to_string().into() })
        }
        Err(WriteError::Refused(reason)) => Err(JsonError::Refused { reason }),
    }
}

/// Most claims sets fit (bytes).
const USUAL: usize = 1024;

/// JSON in the making.
struct Writer {
    out: Vec<u8>,
    /// What is noticed of a claims set on the way.
    watch: Option<Watch>,
}

#[derive(Debug)]
enum WriteError {
    LeftToSerdeJson,
    Refused(Box<str>),
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LeftToSerdeJson => f.write_str("left to serde_json"),
            Self::Refused(reason) => f.write_str(reason),
        }
    }
}

impl std::error::Error for WriteError {}

impl ser::Error for WriteError {
    fn custom<T: fmt::Display>(reason: T) -> Self {
        Self::Refused(reason.to_string().into())
    }
}

macro_rules! integers {
    ($($method:ident $type:ty)*) => {$(
        fn $method(self, value: $type) -> Result<(), WriteError> {
            self.out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
            Ok(())
        }
    )*};
}

impl<'w> Serializer for &'w mut Writer {
    type Ok = ();
    type Error = WriteError;
    type SerializeSeq = Compound<'w>;
    type SerializeTuple = Compound<'w>;
    type SerializeTupleStruct = Compound<'w>;
    type SerializeTupleVariant = Compound<'w>;
    type SerializeMap = Compound<'w>;
    type SerializeStruct = Compound<'w>;
    type SerializeStructVariant = Compound<'w>;

    integers! {
        serialize_i8 i8 serialize_i16 i16 serialize_i32 i32 serialize_i64 i64 serialize_i128 i128
        serialize_u8 u8 serialize_u16 u16 serialize_u32 u32 serialize_u64 u64 serialize_u128 u128
    }

    fn serialize_str(self, text: &str) -> Result<(), WriteError> {
        string::write(text, &mut self.out);
        Ok(())
    }

    fn serialize_bool(self, value: bool) -> Result<(), WriteError> {
        self.out.extend_from_slice(if value { b"true" } else { b"false" });
        Ok(())
    }

    fn serialize_f32(self, value: f32) -> Result<(), WriteError> {
        serde_json::to_writer(&mut self.out, &value).map_err(ser::Error::custom)
    }

    fn serialize_f64(self, value: f64) -> Result<(), WriteError> {
        serde_json::to_writer(&mut self.out, &value).map_err(ser::Error::custom)
    }

    fn serialize_char(self, value: char) -> Result<(), WriteError> {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_bytes(self, bytes: &[u8]) -> Result<(), WriteError> {
        self.collect_seq(bytes)
    }

    fn serialize_none(self) -> Result<(), WriteError> {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), WriteError> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), WriteError> {
        self.out.extend_from_slice(b"null");
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), WriteError> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<(), WriteError> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), WriteError> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), WriteError> {
        self.open_variant(variant);
        value.serialize(&mut *self)?;
        self.out.push(b'}');
        self.leave(1);
        Ok(())
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Compound<'w>, WriteError> {
        Ok(Compound::array(self))
    }

    fn serialize_tuple(self, _: usize) -> Result<Compound<'w>, WriteError> {
        Ok(Compound::array(self))
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Compound<'w>, WriteError> {
        Ok(Compound::array(self))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Compound<'w>, WriteError> {
        self.open_variant(variant);
        Ok(Compound::array(self).in_variant())
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Compound<'w>, WriteError> {
        Ok(Compound::object(self))
    }

    fn serialize_struct(self, name: &'static str, _: usize) -> Result<Compound<'w>, WriteError> {
        if name.starts_with("$serde_json::private::") {
            return Err(WriteError::LeftToSerdeJson);
        }
        Ok(Compound::object(self))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Compound<'w>, WriteError> {
        self.open_variant(variant);
        Ok(Compound::object(self).in_variant())
    }
}

impl Writer {
    /// An enum's variant that carries something: an object with one member.
    fn open_variant(&mut self, variant: &str) {
        self.enter();
        self.out.push(b'{');
        string::write(variant, &mut self.out);
        self.out.push(b':');
    }
}
