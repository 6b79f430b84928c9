//! What was found and what was wanted, as refusals carry it.

use std::fmt;

use crate::Algorithm;
use crate::json::Value;
use crate::jwk::SkippedKey;
use crate::key::KeySet;

/// The form that a claim has and should not have.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClaimFault {
    /// Where it stands in the claims set: a JSON pointer (RFC 6901), such as `/aud/1`.
    pub pointer: Box<str>,
    /// What stands there: `a string`, `null`, `the number 1800000000000`. The text of a string is shown only where a date
    /// was wanted.
    pub found: Box<str>,
    /// What should stand there.
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
        write!(f, "found {} at {}, wanted {}", self.found, Shown(&self.pointer), self.wanted)
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

/// Text of a token for a message on one line: quoted, escaped, and not longer than it has to be.
pub(crate) struct Shown<'t>(pub(crate) &'t str);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const LONGEST: usize = 100;
        match self.0.char_indices().nth(LONGEST).and_then(|(end, _)| self.0.get(..end)) {
            Some(start) => write!(f, "{start:?}…"),
            None => write!(f, "{:?}", self.0),
        }
    }
}

/// A text that may be absent.
pub(crate) struct ShownIf<'t>(pub(crate) Option<&'t str>);

impl fmt::Display for ShownIf<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(text) => Shown(text).fmt(f),
            None => f.write_str("absent"),
        }
    }
}

/// Several texts.
pub(crate) struct ShownAll<'t>(pub(crate) &'t [Box<str>]);

impl fmt::Display for ShownAll<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        list(f, self.0.iter(), |text| Shown(text))
    }
}

/// Several algorithms.
pub(crate) struct ShownAlgorithms<'t>(pub(crate) &'t [Algorithm]);

impl fmt::Display for ShownAlgorithms<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("none");
        }
        list(f, self.0.iter(), |algorithm| algorithm)
    }
}

fn list<T, D: fmt::Display>(
    f: &mut fmt::Formatter<'_>,
    items: impl Iterator<Item = T>,
    shown: impl Fn(T) -> D,
) -> fmt::Result {
    const MOST: usize = 8;
    let mut items = items.enumerate().peekable();
    if items.peek().is_none() {
        return f.write_str("nothing");
    }
    for (index, item) in items {
        match index {
            0 => {}
            MOST => return f.write_str(", …"),
            _ => f.write_str(", ")?,
        }
        shown(item).fmt(f)?;
    }
    Ok(())
}

/// The algorithms of these keys, each once.
pub(crate) fn algorithms_of(keys: &KeySet) -> Box<[Algorithm]> {
    let mut algorithms: Vec<_> = keys.iter().map(|key| key.algorithm()).collect();
    algorithms.sort_unstable();
    algorithms.dedup();
    algorithms.into()
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

/// A JSON pointer (RFC 6901).
pub(crate) fn pointer_to<'p>(path: impl IntoIterator<Item = &'p str>) -> Box<str> {
    let mut pointer = String::new();
    for step in path {
        pointer.push('/');
        pointer.push_str(&step.replace('~', "~0").replace('/', "~1"));
    }
    pointer.into()
}
