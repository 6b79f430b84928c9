//! Looking at claims while they are written, so that none are signed that every verifier refuses. It costs a comparison a member:
//! what is written is read only where something seems wrong.

use serde::Serialize;

use super::{USUAL, WriteError, Writer, to_vec};
use crate::json::lexer::DEPTH;
use crate::json::{Document, JsonError, Limits, Names, NumericDate, Rounding, number};
use crate::timestamp::Timestamp;

/// Claims as they are signed.
pub(crate) struct WrittenClaims {
    pub(crate) json: Vec<u8>,
    /// A registered claim that has not the form it must have (RFC 7519 §4.1).
    pub(crate) malformed: Option<&'static str>,
}

/// What is noticed on the way.
pub(super) struct Watch {
    malformed: Option<&'static str>,
    /// The names of a map, which its type need not keep apart.
    names: Names,
    depth: usize,
    /// Whether a reader might refuse the text.
    doubtful: bool,
}

/// Writes claims.
///
/// # Errors
/// [`JsonError`] where the value cannot be written, is no object, or where its text is one that readers refuse: a member
/// twice, or nested too deep.
pub(crate) fn claims_to_vec<T: Serialize + ?Sized>(claims: &T) -> Result<WrittenClaims, JsonError> {
    let watch = Watch { malformed: None, names: Names::new(), depth: 0, doubtful: false };
    let mut writer = Writer { out: Vec::with_capacity(USUAL), watch: Some(watch) };
    let (json, watch) = match claims.serialize(&mut writer) {
        Ok(()) => (writer.out, writer.watch),
        Err(WriteError::LeftToSerdeJson) => (to_vec(claims)?, None),
        Err(WriteError::Refused(reason)) => return Err(JsonError::Refused { reason }),
    };
    if json.first() != Some(&b'{') {
        return Err(JsonError::Refused { reason: "not an object".into() });
    }
    match watch {
        Some(watch) if !watch.doubtful => Ok(WrittenClaims { json, malformed: watch.malformed }),
        _ => read_again(json),
    }
}

/// What cannot be said while writing is found by reading.
#[cold]
fn read_again(json: Vec<u8>) -> Result<WrittenClaims, JsonError> {
    let document = Document::parse(&json, Limits::PAYLOAD)?;
    let malformed = REGISTERED.iter().copied().find(|name| {
        let value = document.root().get(name).map(|value| value.text().as_bytes());
        value.is_some_and(|value| !is_well_formed(name.as_bytes(), value))
    });
    Ok(WrittenClaims { json, malformed })
}

impl Writer {
    /// Looks at a member of the outermost object, whose value begins at `start`.
    #[inline(always)]
    pub(super) fn look_at(&mut self, name: &[u8], start: usize) {
        if name.len() == 3
            && let Some(watch) = &mut self.watch
            && !is_well_formed(name, self.out.get(start..).unwrap_or_default())
        {
            watch.note(name);
        }
    }

    /// Looks at a member of the outermost object that is a map: its name begins at `start`, with the quotes, and ends at
    /// `colon`.
    pub(super) fn look_at_entry(&mut self, start: usize, colon: usize) {
        let Some(watch) = &mut self.watch else { return };
        let (Some(name), Some(value)) =
            (self.out.get(start + 1..colon.saturating_sub(1)), self.out.get(colon + 1..))
        else {
            return;
        };
        if !watch.names.add(name) || memchr::memchr(b'\\', name).is_some() {
            watch.doubtful = true;
        }
        if name.len() == 3 && !is_well_formed(name, value) {
            watch.note(name);
        }
    }

    /// Goes into an array or object.
    #[inline(always)]
    pub(super) fn enter(&mut self) {
        if let Some(watch) = &mut self.watch {
            watch.depth += 1;
            watch.doubtful |= watch.depth > DEPTH as usize;
        }
    }

    /// Leaves as many.
    #[inline(always)]
    pub(super) fn leave(&mut self, levels: usize) {
        if let Some(watch) = &mut self.watch {
            watch.depth = watch.depth.saturating_sub(levels);
        }
    }
}

impl Watch {
    #[cold]
    fn note(&mut self, name: &[u8]) {
        let name = REGISTERED.iter().copied().find(|known| known.as_bytes() == name);
        self.malformed = self.malformed.or(name);
    }
}

const REGISTERED: &[&str] = &["iss", "sub", "jti", "aud", "exp", "nbf", "iat"];

/// Whether a registered claim is written in the form that it must have. Others may have any.
#[inline(always)]
fn is_well_formed(name: &[u8], value: &[u8]) -> bool {
    match name {
        b"iss" | b"sub" | b"jti" => value.first() == Some(&b'"'),
        b"aud" => value.first() == Some(&b'"') && value.len() > 2 || are_audiences(value),
        b"exp" | b"nbf" | b"iat" => is_date(name, value),
        _ => true,
    }
}

fn are_audiences(value: &[u8]) -> bool {
    let Ok(document) = Document::parse(value, Limits::PAYLOAD) else { return false };
    let Some(mut elements) = document.root().elements() else { return false };
    elements.clone().next().is_some() && elements.all(|element| element.as_str().is_some())
}

fn is_date(name: &[u8], value: &[u8]) -> bool {
    if let Some((seconds, end)) = number::small_integer(value, 0)
        && end == value.len()
    {
        return i64::try_from(seconds).ok().and_then(Timestamp::try_from_unix).is_some();
    }
    is_odd_date(name, value)
}

#[cold]
fn is_odd_date(name: &[u8], value: &[u8]) -> bool {
    let rounding = if name == b"exp" { Rounding::Down } else { Rounding::Up };
    let text = std::str::from_utf8(value)
        .ok()
        .filter(|text| text.starts_with(['-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9']));
    let date = text.and_then(|text| NumericDate::read(text, rounding));
    date.and_then(|date| Timestamp::try_from_unix(date.0)).is_some()
}
