//! Sets of keys (RFC 7517 §5).

use zeroize::Zeroizing;

use super::{Jwk, SkippedKey, parse, write};
use crate::json::{Document, JsonError, Limits, Value};
use crate::material::KeyError;

/// A JWK Set.
#[derive(Clone, Debug, Default)]
pub struct JwkSet {
    keys: Vec<Jwk>,
    skipped: Vec<SkippedKey>,
}

impl JwkSet {
    const MAX_BYTES: usize = 64 * 1024;
    const MAX_KEYS: usize = 100;

    /// A set of these keys.
    #[must_use]
    pub fn new(keys: Vec<Jwk>) -> Self {
        Self { keys, skipped: vec![] }
    }

    /// Parses a published set: at most 64 KiB, at most 100 keys.
    ///
    /// An unusable key never makes the others unusable (RFC 7517 §5): it is skipped, and [`JwkSet::skipped`] lists it
    /// with the reason. A leading zero in the numbers of an RSA key, which some issuers publish, is accepted.
    ///
    /// # Errors
    /// [`KeyError::Json`] if the text is not JSON, others if there is no list `keys` or it is too long. No error
    /// repeats anything of the keys.
    pub fn parse(json: &[u8]) -> Result<Self, KeyError> {
        let mut set = Self::default();
        each_key(json, |index, key, fault| {
            let parsed = match fault {
                Some(fault) => Err(KeyError::Json(fault)),
                None => parse::published(key)
                    .and_then(|key| if key.is_public() { key.checked() } else { Ok(key) }),
            };
            match parsed {
                Ok(key) => set.keys.push(key),
                Err(reason) => set.skipped.push(skipped(index, key, reason)),
            }
            Ok(())
        })?;
        Ok(set)
    }

    /// Reads the JSON of a set that the caller keeps. A broken key refuses the set, since its owner can fix it; only
    /// keys of a kind that this crate does not know are left out, as by [`JwkSet::parse`].
    ///
    /// # Errors
    /// [`KeyError::InSet`] says which key is broken, and how; others as [`JwkSet::parse`].
    pub fn parse_own(json: &[u8]) -> Result<Self, KeyError> {
        let mut set = Self::default();
        each_key(json, |index, key, fault| {
            let parsed = match fault {
                Some(fault) => Err(KeyError::Json(fault)),
                None => parse::from_value(key).and_then(Jwk::checked),
            };
            match parsed {
                Ok(key) => set.keys.push(key),
                Err(reason @ KeyError::Unsupported { .. }) => {
                    set.skipped.push(skipped(index, key, reason));
                }
                Err(reason) => return Err(KeyError::InSet(Box::new(skipped(index, key, reason)))),
            }
            Ok(())
        })?;
        Ok(set)
    }

    /// Its keys.
    #[must_use]
    pub fn keys(&self) -> &[Jwk] {
        &self.keys
    }

    /// Its keys with their places in the text that they were read from, counted from 0.
    pub fn indexed(&self) -> impl Iterator<Item = (usize, &Jwk)> {
        let mut skipped = self.skipped.iter().map(SkippedKey::index).peekable();
        let mut index = 0;
        self.keys.iter().map(move |key| {
            while skipped.next_if(|skipped| *skipped == index).is_some() {
                index += 1;
            }
            index += 1;
            (index - 1, key)
        })
    }

    /// The keys that were left out when the set was read, in their order.
    #[must_use]
    pub fn skipped(&self) -> &[SkippedKey] {
        &self.skipped
    }

    /// Refuses a set with a private or symmetric key, even if of an unknown kind. A published set must not contain
    /// one, because anyone who reads it could forge signatures.
    ///
    /// # Errors
    /// [`KeyError::SecretInSet`].
    pub fn check_public(&self) -> Result<(), KeyError> {
        let secret = self.keys.iter().any(|key| !key.is_public());
        if secret || self.skipped.iter().any(SkippedKey::holds_secret) {
            return Err(KeyError::SecretInSet);
        }
        Ok(())
    }

    /// The set without private members and without symmetric keys, for publication.
    #[must_use]
    pub fn public(&self) -> Self {
        Self {
            keys: self.keys.iter().filter_map(|key| key.public().ok()).collect(),
            skipped: self.skipped.clone(),
        }
    }

    /// The set's JSON, **private members included**. For publication call [`JwkSet::public`] first. Keys that were skipped
    /// are not in it.
    #[must_use]
    pub fn to_json(&self) -> Zeroizing<String> {
        let mut out = Zeroizing::new(String::from("{\"keys\":["));
        for (index, key) in self.keys.iter().enumerate() {
            if index != 0 {
                out.push(',');
            }
            out.push_str(&write::json(key));
        }
        out.push_str("]}");
        out
    }
}

/// Passes each key of a set to `take`, with the error in its JSON: a repeated member within one key affects only that
/// key.
fn each_key(
    json: &[u8],
    mut take: impl FnMut(usize, Value<'_, '_>, Option<JsonError>) -> Result<(), KeyError>,
) -> Result<(), KeyError> {
    if json.len() > JwkSet::MAX_BYTES {
        return Err(KeyError::SetTooLarge);
    }
    let document = Document::parse(json, Limits::KEY_SET)?;
    let keys = document.root().get("keys").ok_or(KeyError::MemberMissing { name: "keys" })?;
    let list = keys.elements().ok_or(KeyError::MemberMalformed { name: "keys" })?;
    if let Some(fault) = document.fault_outside(keys) {
        return Err(fault.into());
    }
    for (index, key) in list.enumerate() {
        if index == JwkSet::MAX_KEYS {
            return Err(KeyError::SetTooLarge);
        }
        take(index, key, document.fault_within(key))?;
    }
    Ok(())
}

fn skipped(index: usize, key: Value<'_, '_>, reason: KeyError) -> SkippedKey {
    SkippedKey::of(index, key, parse::holds_secret(key), reason)
}
