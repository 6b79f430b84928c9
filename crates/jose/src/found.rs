//! What was found and what was wanted, as refusals carry it.

use std::fmt;

use crate::Algorithm;
use crate::json::Value;
use crate::key::KeySet;
use crate::material::SkippedKey;
use crate::shown::{Shown, list, pointer_to};

/// The form that a claim has and should not have.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClaimFault {
    /// Its place in the claims set: a JSON pointer (RFC 6901), such as `/aud/1`.
    pub pointer: Box<str>,
    /// What was found: `a string`, `null`, `the number 1800000000000`. The text of a string is shown only where a date
    /// was wanted.
    pub found: Box<str>,
    /// What was expected.
    pub wanted: &'static str,
}

impl ClaimFault {
    /// The claim of this name, which is of another form than it must be.
    pub(crate) fn of(name: &str, value: Value<'_, '_>, wanted: &'static str) -> Self {
        Self { pointer: pointer_to([name]), found: describe(value), wanted }
    }
}

impl fmt::Display for ClaimFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "found {} at {}, expected {}", self.found, Shown(&self.pointer), self.wanted)
    }
}

/// The names of the keys among which the one of a token was looked for.
#[derive(Clone, Default)]
pub struct KeyNames(KeySet);

impl KeyNames {
    pub(crate) fn of(keys: &KeySet) -> Self {
        Self(keys.clone())
    }

    /// The algorithm and the `kid` of each key.
    pub fn iter(&self) -> impl Iterator<Item = (Algorithm, Option<&str>)> {
        self.0.iter().map(|key| (key.algorithm(), key.kid()))
    }

    /// The keys that were left out when the set was read, with the reasons.
    #[must_use]
    pub fn skipped(&self) -> &[SkippedKey] {
        self.0.skipped()
    }

    /// The key of this `kid` that was left out.
    #[must_use]
    pub fn skipped_as(&self, kid: &str) -> Option<&SkippedKey> {
        self.0.skipped().iter().find(|key| key.kid() == Some(kid))
    }
}

impl PartialEq for KeyNames {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter()) && self.skipped() == other.skipped()
    }
}

impl Eq for KeyNames {}

impl fmt::Debug for KeyNames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// The names of at most eight keys: `"a", "b"`.
impl fmt::Display for KeyNames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kids = self.iter().filter_map(|(_, kid)| kid);
        list(f, kids, Shown)
    }
}

/// What kind of value this is, and its own text where that is short and no secret.
pub(crate) fn describe(value: Value<'_, '_>) -> Box<str> {
    const LONGEST: usize = 40;
    let written = value.text();
    let kind = match written.as_bytes() {
        [b'"', b'"'] => "an empty string",
        [b'"', ..] => "a string",
        [b'[', ..] if value.elements().is_some_and(|mut elements| elements.next().is_none()) => {
            "an empty array"
        }
        [b'[', ..] => "an array",
        [b'{', ..] => "an object",
        [b'n', ..] => "null",
        [b't' | b'f', ..] => "a boolean",
        _ if written.len() <= LONGEST => return format!("the number {written}").into(),
        _ => "a number",
    };
    kind.into()
}
