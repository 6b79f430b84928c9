//! The key of `dir` (RFC 7518 §4.5).

use super::ContentEncryption;
use crate::crypto::ContentKey;
use crate::material::KeyError;

/// A symmetric key that encrypts content itself, prepared for every `enc` that it may be used with.
pub(super) struct DirectKey {
    keys: Vec<(ContentEncryption, ContentKey)>,
}

impl DirectKey {
    /// Takes a key for the `enc` that it is bound to, else for those whose length it has.
    pub(super) fn new(key: &[u8], bound: Option<ContentEncryption>) -> Result<Self, KeyError> {
        let fitting = ContentEncryption::ALL
            .iter()
            .filter(|enc| enc.key_len() == key.len() && bound.is_none_or(|bound| bound == **enc));
        let keys: Result<Vec<_>, _> =
            fitting.map(|&enc| ContentKey::new(enc, key).map(|key| (enc, key))).collect();
        match keys {
            Ok(keys) if !keys.is_empty() => Ok(Self { keys }),
            _ => Err(KeyError::MemberMalformed { name: "k" }),
        }
    }

    pub(super) fn get(&self, enc: ContentEncryption) -> Option<&ContentKey> {
        self.keys.iter().find(|(known, _)| *known == enc).map(|(_, key)| key)
    }
}
