//! The public keys of clients, and of those whom clients trust: the one way from a JWK Set to a key that verifies, or that
//! something is encrypted to.

use jeton_jose::jwe::{KeyManagement, RecipientKey};
use jeton_jose::{Algorithm, Jwk, JwkSet, KeySet, PublicKey, VerifyingKey};
use serde_json::Value;

use super::ClientError;

/// Reads a JWK Set that may hold public keys alone. Keys that cannot be used are left out.
///
/// # Errors
/// [`ClientError::Keys`] for a malformed set, one with private keys in it, or one of which no key can be used.
pub(crate) fn read(jwks: &Value) -> Result<Vec<Jwk>, ClientError> {
    let unusable = |reason: String| ClientError::Keys { reason: reason.into() };
    let set = JwkSet::parse(jwks.to_string().as_bytes()).map_err(|error| unusable(error.to_string()))?;
    set.check_public().map_err(|error| unusable(error.to_string()))?;
    if let (true, Some(key)) = (set.keys().is_empty(), set.skipped().first()) {
        return Err(unusable(format!("no key of the set can be used: {key}")));
    }
    Ok(set.keys().to_vec())
}

/// Those of the keys that verify by this algorithm; nothing where a set of them cannot be used, or the algorithm is symmetric: a
/// secret that two share says nothing about which of them signed.
pub(crate) fn verifying(keys: &[Jwk], algorithm: Algorithm) -> Option<KeySet> {
    if algorithm.is_symmetric() {
        return None;
    }
    let usable = keys.iter().filter_map(|jwk| PublicKey::from_jwk_for(algorithm, jwk).ok());
    KeySet::published(usable.map(VerifyingKey::from)).ok()
}

/// The first of the keys that something can be encrypted to by this algorithm.
pub(crate) fn receiving(keys: &[Jwk], algorithm: KeyManagement) -> Option<RecipientKey> {
    keys.iter().find_map(|jwk| RecipientKey::from_jwk_for(algorithm, jwk).ok())
}
