//! The strict JSON reader through which every header, key and claims set comes, and the writer of claims.
//!
//! The reader refuses what readers disagree about, and with that what forgeries are made of: members that appear twice (compared
//! after unescaping, at any depth), invalid UTF-8, lone surrogates, a NUL in a name, trailing data, numbers outside the
//! grammar, and depth without bound. `lexer` takes a text apart. Of its steps, `Document` makes a flat list of the text's values, for
//! looking some of them up, and `de` makes typed values in one pass. Both judge a text alike, whatever type is asked for.

mod de;
mod document;
mod error;
#[cfg(test)]
mod laws;
mod lexer;
mod names;
mod number;
mod ser;
mod string;
mod value;

use std::marker::PhantomData;

use serde::de::{DeserializeOwned, DeserializeSeed};

pub(crate) use de::{Onlooker, Written, misfit, read_object};
pub(crate) use document::{Document, Limits};
use error::Fault;
pub use error::JsonError;
use names::Names;
pub(crate) use number::{NumericDate, Rounding};
pub(crate) use ser::claims_to_vec;
pub use ser::to_vec;
pub(crate) use string::unescape;
pub(crate) use value::Value;

/// Reads a JSON text (RFC 8259) strictly into `T`.
///
/// Nesting goes at most 32 deep; the caller bounds the length.
///
/// # Errors
/// [`JsonError`] says what is wrong, and where; it repeats nothing of the text.
pub fn from_slice<T: DeserializeOwned>(json: &[u8]) -> Result<T, JsonError> {
    from_slice_seed(json, PhantomData)
}

/// Reads a JSON text as [`from_slice`] does, into a value that is made by a seed: by something that is known only when the
/// text is read.
///
/// # Errors
/// As [`from_slice`].
pub fn from_slice_seed<'de, S: DeserializeSeed<'de>>(
    json: &'de [u8],
    seed: S,
) -> Result<S::Value, JsonError> {
    de::read(std::str::from_utf8(json).map_err(|_| JsonError::Utf8)?, seed)
}
