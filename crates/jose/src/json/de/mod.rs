//! Typed values straight from a text, through serde: checked and read in one pass.
//!
//! This reader accepts what [`Document`] accepts, and nothing else; where the two names of an object look alike to it, it asks
//! the document, once. What is wrong with a text is final, whatever a type makes of the error; a value of the wrong type is
//! passed over like any other, so that a type may ask again for something else.

mod access;
mod misfit;
mod raw;
mod reader;
mod typed;

use serde::de::{DeserializeOwned, DeserializeSeed};

use super::document::check_len;
use super::{Document, JsonError, Limits};
pub(crate) use misfit::misfit;
use reader::Reader;

/// Looks on while the outermost object is read.
pub(crate) trait Onlooker {
    /// One member, after its value was read.
    fn member(&mut self, name: &str, value: Written<'_>);
}

impl Onlooker for () {
    fn member(&mut self, _: &str, _: Written<'_>) {}
}

/// Where a value is written, and what is known about it already.
#[derive(Clone, Copy)]
pub(crate) struct Written<'a> {
    /// The text that it is in.
    pub(crate) within: &'a str,
    /// Where it begins.
    pub(crate) start: usize,
    /// Where it ends.
    pub(crate) end: usize,
    /// Whether it certainly has no escapes.
    pub(crate) plain: bool,
    /// What it is worth, if it is an integer that has been read.
    pub(crate) integer: Option<u64>,
}

impl<'a> Written<'a> {
    /// Its text.
    pub(crate) fn text(self) -> &'a str {
        self.within.get(self.start..self.end).unwrap_or_default()
    }

    /// The first byte, which tells what kind of value it is.
    pub(crate) fn first(self) -> Option<u8> {
        self.within.as_bytes().get(self.start).copied()
    }
}

/// Reads a whole text that is an object. An error is about the first thing that this reader met, be it of the text or of the type.
pub(crate) fn read_object<T: DeserializeOwned, O: Onlooker>(
    text: &str,
    onlooker: &mut O,
) -> Result<T, JsonError> {
    check_len(text)?;
    let mut reader = Reader::new(text, onlooker);
    if reader.peek() != Some(b'{') {
        return Err(JsonError::Type { found: "another value", wanted: "an object".into() });
    }
    let value = T::deserialize(&mut reader)?;
    reader.finish()?;
    Ok(value)
}

/// Reads a whole text. An error is about the text, if anything is wrong with it, before it is about the type.
pub(super) fn read<'de, S: DeserializeSeed<'de>>(text: &'de str, seed: S) -> Result<S::Value, JsonError> {
    check_len(text)?;
    let mut nobody = ();
    let mut reader = Reader::new(text, &mut nobody);
    let value = seed.deserialize(&mut reader).and_then(|value| reader.finish().map(|()| value));
    value.map_err(|error| match Document::parse_str(text, Limits::PAYLOAD) {
        Ok(_) => error.into(),
        Err(fault) => fault,
    })
}
