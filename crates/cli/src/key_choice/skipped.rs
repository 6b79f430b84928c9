//! Keys of a set that cannot be used: told beside a result, and in a refusal that they may have caused.

use jeton_jose::KeySet;
use jeton_jose::jwk::SkippedKey;

use crate::output;

/// The keys of one source that were left out.
#[derive(Debug, Default)]
pub(crate) struct Skipped {
    source: String,
    /// Those that cannot be read, or are of a kind that Jeton does not have.
    unreadable: Vec<SkippedKey>,
    /// Those that cannot verify, for whatever reason: those for encryption too.
    unused: Vec<SkippedKey>,
}

/// A refusal names at most this many keys.
const MOST: usize = 3;

impl Skipped {
    pub(super) fn of(source: &str, unreadable: &[SkippedKey], keys: &KeySet) -> Self {
        let unused = if keys.skipped().is_empty() { unreadable } else { keys.skipped() };
        Self { source: source.to_owned(), unreadable: unreadable.to_vec(), unused: unused.to_vec() }
    }

    /// Notes them beside a result.
    pub(crate) fn note(&self) {
        for key in &self.unreadable {
            output::note(&format!("note: {}: skipped {}", self.source, output::printable(&key.to_string())));
        }
    }

    /// What to add to the refusal of a text that names this `kid`, or none: the key that it means, or may mean.
    pub(crate) fn explain(&self, kid: Option<&str>) -> String {
        let named: Vec<_> = self.unused.iter().filter(|key| kid.is_some() && key.kid() == kid).collect();
        let meant = if named.is_empty() {
            let may_mean = |key: &&SkippedKey| kid.is_none() || key.kid().is_none();
            self.unreadable.iter().filter(may_mean).collect()
        } else {
            named
        };
        if meant.is_empty() {
            return String::new();
        }
        let mut keys: Vec<_> = meant.iter().take(MOST).map(|key| key.to_string()).collect();
        if meant.len() > MOST {
            keys.push(format!("{} more", meant.len() - MOST));
        }
        output::printable(&format!("; {} was read without {}", self.source, keys.join(", ")))
    }
}
