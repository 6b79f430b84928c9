//! Texts of strangers, as messages show them: quoted, escaped, shortened, on one line.

use std::fmt;

use crate::Algorithm;

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

pub(crate) fn list<T, D: fmt::Display>(
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

/// A JSON pointer (RFC 6901).
pub(crate) fn pointer_to<'p>(path: impl IntoIterator<Item = &'p str>) -> Box<str> {
    let mut pointer = String::new();
    for step in path {
        pointer.push('/');
        pointer.push_str(&step.replace('~', "~0").replace('/', "~1"));
    }
    pointer.into()
}
