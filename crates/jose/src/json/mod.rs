//! The strict JSON reader through which every header, key and claims set comes.
//!
//! It refuses what readers disagree about, and with that what forgeries are made of: members that appear twice (compared
//! after unescaping, at any depth), invalid UTF-8, lone surrogates, a NUL in a name, trailing data, numbers outside the
//! grammar, and depth without bound. One pass over the text leaves a flat list of values; typed values are then read
//! from that list, so that the text is judged once, whatever type is asked for.

mod de;
mod error;
mod number;
mod scan;
mod string;
mod value;

use serde::de::DeserializeOwned;

use error::Fault;
pub use error::JsonError;
pub(crate) use number::{NumericDate, Rounding};
pub(crate) use scan::{Document, Limits};
pub(crate) use value::Value;

/// Reads a JSON text (RFC 8259) strictly into `T`.
///
/// Nesting goes at most 32 deep; the caller bounds the length.
///
/// # Errors
/// [`JsonError`] says what is wrong, and where; it repeats nothing of the text.
pub fn from_slice<T: DeserializeOwned>(json: &[u8]) -> Result<T, JsonError> {
    let document = Document::parse(json, Limits::PAYLOAD)?;
    T::deserialize(document.root())
}
