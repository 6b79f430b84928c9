//! How far a reader of the feed has got.

use std::fmt;
use std::str::FromStr;

use jeton_jose::Timestamp;

/// The name of one history of a store: random, and another one where the store continues from an older state, such as a restored backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryName(Box<str>);

impl HistoryName {
    /// The longest name (bytes).
    pub const MAX_LEN: usize = 64;

    /// Takes a name: ASCII letters, digits and hyphens.
    pub fn parse(name: &str) -> Option<Self> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        ((1..=Self::MAX_LEN).contains(&name.len()) && name.bytes().all(is_plain)).then(|| Self(name.into()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The last event that a reader has seen, by its time and identifier, and the history that it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    /// The history.
    pub history: HistoryName,
    /// The time of the event; where there was none yet, the time when that was so.
    pub at: Timestamp,
    /// The identifier of the event; nothing where there was none yet.
    pub event: Option<[u8; 16]>,
}

/// The text is no cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the text is no cursor of the revocation feed")]
pub struct ParseCursorError;

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.", self.history.as_str(), self.at.unix())?;
        match &self.event {
            Some(id) => f.write_str(crate::id::hex(id, &mut [0; 32])),
            None => f.write_str("0"),
        }
    }
}

impl FromStr for Cursor {
    type Err = ParseCursorError;

    fn from_str(text: &str) -> Result<Self, ParseCursorError> {
        let mut parts = text.split('.');
        let mut next = || parts.next().ok_or(ParseCursorError);
        let (history, at, event) = (next()?, next()?, next()?);
        if parts.next().is_some() {
            return Err(ParseCursorError);
        }
        Ok(Self {
            history: HistoryName::parse(history).ok_or(ParseCursorError)?,
            at: Timestamp::from_unix(at.parse().map_err(|_| ParseCursorError)?),
            event: match event {
                "0" => None,
                id => Some(crate::id::parse_hex(id).map_err(|_| ParseCursorError)?),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_was_written() {
        let history = HistoryName::parse("0123abcd").expect("a name");
        for event in [None, Some([0xab; 16])] {
            let cursor = Cursor { history: history.clone(), at: Timestamp::from_unix(1_800_000_000), event };
            assert_eq!(cursor.to_string().parse(), Ok(cursor));
        }
    }

    #[test]
    fn what_is_no_cursor_is_refused() {
        let long = format!("{}.1.0", "a".repeat(65));
        for text in ["", "a", "a.1", "a.1.0.", "a.x.0", ".1.0", "a b.1.0", "a.1.xyz", "a.1.\n", &long] {
            assert_eq!(text.parse::<Cursor>(), Err(ParseCursorError), "{text:?}");
        }
    }
}
