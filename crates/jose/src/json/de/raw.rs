//! Values that are taken as they are written: `serde_json::value::RawValue`.

use serde::de::value::BorrowedStrDeserializer;
use serde::de::{DeserializeSeed, MapAccess, Visitor};

use super::Onlooker;
use super::reader::Reader;
use crate::json::error::Failure;

/// What `RawValue` calls itself when it is read.
pub(super) const NAME: &str = "$serde_json::private::RawValue";

/// Passes over a value, and hands on its text: as an object with one member, which is the way that `RawValue` asks for.
pub(super) fn read<'de, O: Onlooker, V: Visitor<'de>>(
    reader: &mut Reader<'_, 'de, O>,
    visitor: V,
) -> Result<V::Value, Failure> {
    visitor.visit_map(Raw(Some(reader.raw()?)))
}

struct Raw<'de>(Option<&'de str>);

impl<'de> MapAccess<'de> for Raw<'de> {
    type Error = Failure;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Failure> {
        self.0.map(|_| seed.deserialize(BorrowedStrDeserializer::new(NAME))).transpose()
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Failure> {
        seed.deserialize(BorrowedStrDeserializer::new(self.0.take().unwrap_or_default()))
    }
}
