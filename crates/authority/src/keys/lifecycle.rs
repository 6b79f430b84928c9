//! The states of an access-token key: published, signing, superseded, retired. They are a pure function of what is
//! stored and the time, so every node of an authority gets the same result.
//!
//! A key is published as soon as it exists, but signs only from `signs_from` on, when every API has had time to fetch
//! it. The newest key that may sign does so. A superseded key stays published until the last token that it signed has
//! expired, and is then retired automatically.
//!
//! The order in which keys were stored decides which is newer, never their times: if a clock was ahead when a key was
//! generated, and has been set back, an old key must not precede a new one, and no key may sign that APIs have not had
//! time to fetch.

use std::time::Duration;

use jeton_jose::Timestamp;

use super::stored::{KeyPurpose, StoredKey};

/// How much longer than its last token a superseded key stays published, because clocks differ.
pub const RETIREMENT_MARGIN: Duration = Duration::from_secs(60);

/// The state of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyState {
    /// Published, but does not sign yet.
    Next {
        /// When it begins to sign.
        signs_from: Timestamp,
    },
    /// Signs.
    Signing,
    /// A newer key signs; tokens of this key are still accepted.
    Superseded {
        /// When the last of them expires.
        until: Timestamp,
    },
    /// Superseded, and its last token has expired.
    Retired,
    /// Withdrawn by the operator: its tokens are refused.
    Withdrawn,
}

impl KeyState {
    /// Whether tokens signed by the key are accepted, and the key is published.
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

    /// When the state changes merely by time.
    const fn changes_at(self) -> Option<Timestamp> {
        match self {
            Self::Next { signs_from } => Some(signs_from),
            Self::Superseded { until } => Some(until),
            Self::Signing | Self::Retired | Self::Withdrawn => None,
        }
    }
}

/// The states of the keys at a certain time, and when the next one changes by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lifecycle {
    /// The state of each key, in the order in which they were given.
    pub states: Vec<KeyState>,
    /// When the next one changes merely by time.
    pub changes_at: Option<Timestamp>,
}

/// Calculates the states of the keys of one purpose, given in the order in which they were stored.
///
/// If no key may sign yet (the signing key was withdrawn, or the clock was set back), the oldest one does, because it
/// has been published the longest: a key that some API must fetch first is better than no tokens.
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

/// The published keys, in groups with one signing key each: those for access tokens, then those for ID tokens by
/// algorithm.
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
