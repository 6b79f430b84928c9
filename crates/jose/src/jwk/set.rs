//! Sets of keys (RFC 7517 §5).

use zeroize::Zeroizing;

use super::{Jwk, parse, write};
use crate::json::{Document, Limits};
use crate::key::KeyError;

/// A JWK Set.
#[derive(Clone, Debug, Default)]
pub struct JwkSet {
    keys: Vec<Jwk>,
    skipped: usize,
}

impl JwkSet {
    const MAX_BYTES: usize = 64 * 1024;
    const MAX_KEYS: usize = 100;

    /// A set of these keys.
    #[must_use]
    pub fn new(keys: Vec<Jwk>) -> Self {
        Self { keys, skipped: 0 }
    }

    /// Reads the JSON of a set: at most 64 KiB, at most 100 keys.
    ///
    /// Keys of a `kty` or on a curve that this crate does not know are left out (RFC 7517 §5 asks for it); a malformed
    /// key of a known kind refuses the whole set.
    ///
    /// # Errors
    /// [`KeyError`]; nothing of the keys is repeated in it.
    pub fn parse(json: &[u8]) -> Result<Self, KeyError> {
        if json.len() > Self::MAX_BYTES {
            return Err(KeyError::SetTooLarge);
        }
        let document = Document::parse(json, Limits::HEADER)?;
        let keys = document.root().get("keys").ok_or(KeyError::MemberMissing { name: "keys" })?;
        let keys = keys.elements().ok_or(KeyError::MemberMalformed { name: "keys" })?;
        let mut set = Self::default();
        for key in keys {
            if set.keys.len() + set.skipped == Self::MAX_KEYS {
                return Err(KeyError::SetTooLarge);
            }
            match parse::from_value(key) {
                Ok(key) => set.keys.push(key),
                Err(KeyError::Unsupported { .. }) => set.skipped += 1,
                Err(error) => return Err(error),
            }
        }
        Ok(set)
    }

    /// Its keys.
    #[must_use]
    pub fn keys(&self) -> &[Jwk] {
        &self.keys
    }

    /// How many keys were left out because this crate does not know their kind.
    #[must_use]
    pub fn skipped(&self) -> usize {
        self.skipped
    }

    /// The set without private members and without symmetric keys, for publication.
    #[must_use]
    pub fn public(&self) -> Self {
        Self { keys: self.keys.iter().filter_map(|key| key.public().ok()).collect(), skipped: self.skipped }
    }

    /// The set's JSON, **private members included**. For publication call [`JwkSet::public`] first.
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
