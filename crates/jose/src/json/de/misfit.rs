//! Where a text does not fit a type. It is read once more for that, so that only a refusal pays for knowing its place.

use serde::de::DeserializeOwned;
use serde_path_to_error::Segment;

use super::Reader;
use crate::json::JsonError;
use crate::shown::pointer_to;

/// Why a text, which is sound in itself, does not fit a type, and at which member, as a JSON pointer. The pointer ends where the
/// type reads ahead (`flatten`, `untagged`), since it forgets the places.
pub(crate) fn misfit<T: DeserializeOwned>(text: &str) -> Option<(Box<str>, JsonError)> {
    let mut nobody = ();
    let mut reader = Reader::new(text, &mut nobody);
    let error = serde_path_to_error::deserialize::<_, T>(&mut reader).err()?;
    let mut steps = Vec::new();
    for segment in error.path() {
        match segment {
            Segment::Seq { index } => steps.push(index.to_string()),
            Segment::Map { key } => steps.push(key.clone()),
            Segment::Enum { variant } => steps.push(variant.clone()),
            Segment::Unknown => break,
        }
    }
    let error = JsonError::from(error.into_inner());
    match &error {
        JsonError::MissingMember { name } => steps.push((*name).to_owned()),
        JsonError::UnknownMember { name } if steps.last().is_none_or(|last| **last != **name) => {
            steps.push(name.to_string());
        }
        _ => {}
    }
    Some((pointer_to(steps.iter().map(String::as_str)), error))
}
