//! The life of an access-token key: published, signing, superseded, retired. A pure function of what is stored and the
//! time, so that every node of an authority comes to the same answer by itself.
//!
//! A key is published as soon as it exists, but signs only from `signs_from` on, when every API has had the time to
//! fetch it. The newest key that may sign does. One that a newer key has superseded stays published until the last token
//! that it signed has expired, and is then retired by itself.
//!
//! Which of two keys is newer is told by the order in which they were stored, never by their times: a clock that was ahead
//! when a key was made, and was set back since, must not put an old key before a new one or let a key sign that APIs have
//! not had the time to fetch.

use std::time::Duration;

use jeton_jose::Timestamp;

use super::stored::{KeyPurpose, StoredKey};

/// How much longer than its last token a superseded key stays published, for clocks that disagree.
pub const RETIREMENT_MARGIN: Duration = Duration::from_secs(60);

/// Where a key is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyState {
    /// Published, but does not sign yet.
    Next {
        /// From when it signs.
        signs_from: Timestamp,
    },
    /// Signs.
    Signing,
    /// A newer key signs; tokens of this one are still accepted.
    Superseded {
        /// When the last of them has expired.
        until: Timestamp,
    },
    /// Superseded, and its last token has expired.
    Retired,
    /// Withdrawn by hand: its tokens are refused.
    Withdrawn,
}

impl KeyState {
    /// Whether tokens that the key signed are accepted, and its public half is published.
    pub const fn is_published(self) -> bool {
        matches!(self, Self::Next { .. } | Self::Signing | Self::Superseded { .. })
    }

    /// Its stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Next { .. } => "next",
            Self::Signing => "signing",
            Self::Superseded { .. } => "superseded",
            Self::Retired => "retired",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// When time alone will move the key to another state.
    const fn changes_at(self) -> Option<Timestamp> {
        match self {
            Self::Next { signs_from } => Some(signs_from),
            Self::Superseded { until } => Some(until),
            Self::Signing | Self::Retired | Self::Withdrawn => None,
        }
    }
}

/// The states of the keys at a time, and when the next of them changes by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lifecycle {
    /// The state of each key, in the order in which they were given.
    pub states: Vec<KeyState>,
    /// When time alone changes one of them.
    pub changes_at: Option<Timestamp>,
}

/// Calculates the states of the keys of one purpose, which come in the order in which they were stored.
///
/// Where no key may sign yet (the one that did was withdrawn, or the clock was set back), the oldest does, which has been
/// published the longest: better a key that some API has to fetch than no tokens.
pub fn lifecycle(keys: &[&StoredKey], access_lifetime: Duration, now: Timestamp) -> Lifecycle {
    let alive = || keys.iter().enumerate().filter(|(_, key)| key.withdrawn_at.is_none());
    let signing =
        alive().rfind(|(_, key)| key.signs_from <= now).or_else(|| alive().next()).map(|(index, _)| index);
    let states: Vec<KeyState> = keys
        .iter()
        .enumerate()
        .map(|(index, key)| {
            if key.withdrawn_at.is_some() {
                KeyState::Withdrawn
            } else if signing == Some(index) {
                KeyState::Signing
            } else if signing < Some(index) {
                KeyState::Next { signs_from: key.signs_from }
            } else {
                let superseded_at = alive()
                    .filter(|(other, _)| *other > index)
                    .map(|(_, other)| other.signs_from)
                    .min()
                    .unwrap_or(now);
                let until = superseded_at.saturating_add(access_lifetime).saturating_add(RETIREMENT_MARGIN);
                if now < until { KeyState::Superseded { until } } else { KeyState::Retired }
            }
        })
        .collect();
    let changes_at = states.iter().filter_map(|state| state.changes_at()).min();
    Lifecycle { states, changes_at }
}

/// The keys of one purpose, in the order in which they are stored.
pub fn of_purpose(keys: &[StoredKey], purpose: KeyPurpose) -> Vec<&StoredKey> {
    keys.iter().filter(|key| key.purpose == purpose).collect()
}

/// The keys whose public halves are published, in groups of which one key signs: those for access tokens, then those for ID
/// tokens by algorithm.
pub fn signing_keys(keys: &[StoredKey]) -> Vec<Vec<&StoredKey>> {
    let mut groups = vec![of_purpose(keys, KeyPurpose::Access)];
    for key in of_purpose(keys, KeyPurpose::IdToken) {
        let mut known = groups.iter_mut().skip(1);
        match known.find(|group| group.iter().any(|other| other.algorithm == key.algorithm)) {
            Some(group) => group.push(key),
            None => groups.push(vec![key]),
        }
    }
    groups
}
