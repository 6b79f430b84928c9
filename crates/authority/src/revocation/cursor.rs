//! How far a reader of the feed has got.

use std::fmt;
use std::str::FromStr;

use jeton_jose::Timestamp;
use sha2::{Digest, Sha256};

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

    /// The name of this history where the engine of the store tells histories apart, too: by the identity of the database and the
    /// number of its failovers, for example. It does not show what the engine says.
    #[must_use]
    pub fn told_apart_by(&self, engine: &str) -> Self {
        let mut digest = Sha256::new();
        digest.update(self.0.as_bytes());
        digest.update([0]);
        digest.update(engine.as_bytes());
        let mut name = [0; 16];
        name.copy_from_slice(&digest.finalize()[..16]);
        Self(crate::id::hex(&name, &mut [0; 32]).into())
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
    fn an_engine_tells_histories_apart() {
        let name = |text| HistoryName::parse(text).expect("a name");
        let told = name("a").told_apart_by("71 00000001");
        assert_eq!(told, name("a").told_apart_by("71 00000001"));
        assert_eq!(HistoryName::parse(told.as_str()), Some(told.clone()));
        for other in
            [name("a").told_apart_by("71 00000002"), name("b").told_apart_by("71 00000001"), name("a")]
        {
            assert_ne!(told, other);
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
