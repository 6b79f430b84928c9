//! Disclosures: salted claims that travel beside the token (RFC 9901 §4.2).

use serde_json::{Value, json};

use super::SdJwtError;
use crate::base64url;
use crate::crypto;
use crate::json;

/// One claim, or one element of an array.
#[derive(Clone, Debug)]
pub(super) struct Disclosure {
    /// As it travels.
    pub(super) encoded: String,
    /// Absent for an element of an array.
    pub(super) name: Option<String>,
    pub(super) value: Value,
}

impl Disclosure {
    /// Hides a value under a fresh salt.
    pub(super) fn new(name: Option<String>, value: Value) -> Self {
        let salt = base64url::encode(crate::random::bytes::<16>());
        let parts = match &name {
            Some(name) => json!([salt, name, value]),
            None => json!([salt, value]),
        };
        Self { encoded: base64url::encode(parts.to_string()), name, value }
    }

    pub(super) fn parse(encoded: &str) -> Result<Self, SdJwtError> {
        let json = base64url::decode(encoded).map_err(|_| SdJwtError::Disclosure)?;
        let parts: Vec<Value> = json::from_slice(&json).map_err(|_| SdJwtError::Disclosure)?;
        let (name, value) = match parts.as_slice() {
            [Value::String(_), value] => (None, value.clone()),
            [Value::String(_), Value::String(name), value] if name != "_sd" && name != "..." => {
                (Some(name.clone()), value.clone())
            }
            _ => return Err(SdJwtError::Disclosure),
        };
        Ok(Self { encoded: encoded.to_owned(), name, value })
    }

    pub(super) fn digest(&self) -> String {
        hash(&self.encoded)
    }
}

/// SHA-256 in base64url, of digests and of `sd_hash`.
pub(super) fn hash(text: &str) -> String {
    base64url::encode(crypto::sha256(text.as_bytes()))
}

/// A token, its disclosures, and the holder's proof, cut at the tildes.
pub(super) struct Parts<'t> {
    pub(super) token: &'t str,
    pub(super) disclosures: Vec<&'t str>,
    pub(super) key_binding: Option<&'t str>,
    /// Everything but the proof, the last tilde included.
    pub(super) presented: &'t str,
}

/// The most disclosures of one token.
const MAX_DISCLOSURES: usize = 256;
/// The longest text (bytes).
const MAX_LEN: usize = 128 * 1024;

pub(super) fn split(text: &str) -> Result<Parts<'_>, SdJwtError> {
    if text.len() > MAX_LEN {
        return Err(SdJwtError::Malformed);
    }
    let last = text.rfind('~').ok_or(SdJwtError::Malformed)?;
    let (presented, proof) = text.split_at_checked(last + 1).ok_or(SdJwtError::Malformed)?;
    let mut parts = presented.strip_suffix('~').unwrap_or_default().split('~');
    let token = parts.next().ok_or(SdJwtError::Malformed)?;
    let disclosures: Vec<_> = parts.take(MAX_DISCLOSURES + 1).collect();
    if disclosures.len() > MAX_DISCLOSURES || disclosures.contains(&"") {
        return Err(SdJwtError::Malformed);
    }
    Ok(Parts { token, disclosures, key_binding: (!proof.is_empty()).then_some(proof), presented })
}
