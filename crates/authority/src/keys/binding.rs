//! The master key that a store is bound to: the one that encrypted the first value in it.

use std::fmt;

use super::master::MasterKey;
use super::stored::{KeyId, SealedKey};

/// The check value of a master key, which identifies it and reveals nothing else. The store keeps it with the
/// encrypted values.
#[derive(Clone, PartialEq, Eq)]
pub struct MasterKeyCheck(Box<str>);

impl MasterKeyCheck {
    /// From a stored or computed value.
    pub fn from_stored(text: impl Into<Box<str>>) -> Self {
        Self(text.into())
    }

    /// The text to store.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl MasterKeyCheck {
    /// The identifier of the key, for people.
    pub fn id(&self) -> MasterKeyId {
        MasterKeyId(self.0.chars().take(MASTER_KEY_ID_LENGTH).collect())
    }
}

/// How many characters of a check value identify a key: 96 bits.
const MASTER_KEY_ID_LENGTH: usize = 16;

/// What a master key is called in messages and in the header of a backup. It reveals nothing of the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MasterKeyId(Box<str>);

impl MasterKeyId {
    /// From the text of another identifier.
    pub fn from_stored(text: impl Into<Box<str>>) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for MasterKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for MasterKeyCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKeyCheck(…)")
    }
}

/// The values in a store that belong to one master key.
#[derive(Debug, Clone, Default)]
pub struct SealedThings {
    /// The check value of the master key that the store is bound to.
    pub bound: Option<MasterKeyCheck>,
    /// The encrypted keys, if the store is not bound: they were encrypted before stores had a check value.
    pub keys: Vec<(KeyId, SealedKey)>,
    /// The encrypted client secrets in the same case, by client identifier.
    pub secrets: Vec<(Box<str>, SealedKey)>,
}

/// Whether a master key matches a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyFit {
    /// The store is bound to this key.
    Bound,
    /// The key decrypts what is in the store, and the store is not bound yet.
    Proved,
    /// Nothing in the store is encrypted, so every key matches.
    Unbound,
    /// It is a different key. Nothing may be encrypted with it.
    Other,
}

impl SealedThings {
    /// Whether nothing in the store belongs to a master key.
    pub fn is_empty(&self) -> bool {
        self.bound.is_none() && self.keys.is_empty() && self.secrets.is_empty()
    }

    /// Whether a master key matches the store.
    ///
    /// If the store is not bound, the key must decrypt every stored key. Client secrets decide only if there are no
    /// keys, because some may have been encrypted with a master key that was never the server's.
    pub fn fit(&self, key: &MasterKey) -> KeyFit {
        if let Some(bound) = &self.bound {
            return if bound == key.check() { KeyFit::Bound } else { KeyFit::Other };
        }
        let opens = if self.keys.is_empty() {
            self.secrets.iter().any(|(id, sealed)| key.open_named(id, sealed).is_some())
        } else {
            self.keys.iter().all(|(id, sealed)| key.open(id, sealed).is_ok())
        };
        match (self.is_empty(), opens) {
            (true, _) => KeyFit::Unbound,
            (false, true) => KeyFit::Proved,
            (false, false) => KeyFit::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_fits_where_it_sealed_the_first_thing_and_nowhere_else() {
        let [own, other] = [[1; 32], [2; 32]].map(MasterKey::from_bytes);
        assert_eq!(own.check(), MasterKey::from_bytes([1; 32]).check());
        let fits = |things: &SealedThings| [&own, &other].map(|key| things.fit(key));
        assert_eq!(fits(&SealedThings::default()), [KeyFit::Unbound, KeyFit::Unbound]);

        let bound = SealedThings { bound: Some(own.check().clone()), ..SealedThings::default() };
        assert_eq!(fits(&bound), [KeyFit::Bound, KeyFit::Other]);

        let id = KeyId::new("k");
        let older =
            SealedThings { keys: vec![(id.clone(), own.seal(&id, b"{}"))], ..SealedThings::default() };
        assert_eq!(fits(&older), [KeyFit::Proved, KeyFit::Other]);

        let secret = |key: &MasterKey, client: &str| (client.into(), key.seal_named(client, b"secret"));
        let secrets = vec![secret(&own, "web")];
        let clients = SealedThings { secrets, ..SealedThings::default() };
        assert_eq!(fits(&clients), [KeyFit::Proved, KeyFit::Other]);

        let mixed = SealedThings { secrets: vec![secret(&other, "web")], ..older };
        assert_eq!(fits(&mixed), [KeyFit::Proved, KeyFit::Other], "the keys decide");
    }

    #[test]
    fn what_a_key_seals_says_which_key_that_was() {
        let key = MasterKey::from_bytes([1; 32]);
        assert_eq!(key.seal_named("web", b"secret").check(), Some(key.check()));
        assert_eq!(SealedKey::new("what the store keeps").check(), None);
    }
}
