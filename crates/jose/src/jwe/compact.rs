//! The compact form: five segments with dots between them (RFC 7516 §7.1).

use super::DecryptError;

/// The five segments, still encoded.
pub(super) struct Compact<'j> {
    pub(super) protected: &'j str,
    pub(super) encrypted_key: &'j str,
    pub(super) iv: &'j str,
    pub(super) ciphertext: &'j str,
    pub(super) tag: &'j str,
}

/// Cuts a text at its four dots. More of them would be in the ciphertext, whose alphabet refuses them.
pub(super) fn split(jwe: &str) -> Result<Compact<'_>, DecryptError> {
    let (protected, rest) = cut(jwe)?;
    let (encrypted_key, rest) = cut(rest)?;
    let (iv, rest) = cut(rest)?;
    let dot = memchr::memrchr(b'.', rest.as_bytes()).ok_or(DecryptError::Malformed)?;
    let (ciphertext, tag) = rest.split_at_checked(dot).ok_or(DecryptError::Malformed)?;
    let tag = tag.get(1..).unwrap_or_default();
    Ok(Compact { protected, encrypted_key, iv, ciphertext, tag })
}

fn cut(text: &str) -> Result<(&str, &str), DecryptError> {
    let dot = memchr::memchr(b'.', text.as_bytes()).ok_or(DecryptError::Malformed)?;
    let (head, tail) = text.split_at_checked(dot).ok_or(DecryptError::Malformed)?;
    Ok((head, tail.get(1..).unwrap_or_default()))
}
