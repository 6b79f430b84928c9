//! What a JWK may be used for in encryption: `alg`, `use`, `key_ops`, and the length of a symmetric key.

use super::{ContentEncryption, KeyManagement};
use crate::jwk::{Jwk, KeyOperation, KeyUse};
use crate::material::KeyError;

/// What a key says to be for. An `enc` as `alg` means `dir` with it.
pub(super) fn own_alg(jwk: &Jwk) -> Result<KeyManagement, KeyError> {
    let name = jwk.alg().ok_or(KeyError::AlgorithmMissing)?;
    if ContentEncryption::from_name(name).is_some() {
        return Ok(KeyManagement::Dir);
    }
    #[cfg(feature = "hpke")]
    super::hpke::check_available(name)?;
    KeyManagement::from_name(name).ok_or(KeyError::AlgorithmUnknown)
}

/// Whether the key may be used so; gives the `enc` that a key for `dir` is bound to.
pub(super) fn permit(
    alg: KeyManagement,
    jwk: &Jwk,
    operations: &[KeyOperation],
) -> Result<Option<ContentEncryption>, KeyError> {
    let enc = jwk.alg().and_then(ContentEncryption::from_name);
    if jwk.alg().is_some() && own_alg(jwk)? != alg {
        return Err(KeyError::EncryptionMismatch);
    }
    let use_allows = matches!(jwk.key_use(), None | Some(KeyUse::Enc));
    if !use_allows || !operations.iter().any(|operation| jwk.allows(operation.clone())) {
        return Err(KeyError::Use);
    }
    Ok(enc)
}

/// Whether a symmetric key is as long as the key wrap wants it.
pub(super) fn check_wrapping_key(alg: KeyManagement, key: &[u8]) -> Result<(), KeyError> {
    if key.len() == alg.wrap_len() { Ok(()) } else { Err(KeyError::MemberMalformed { name: "k" }) }
}
