//! Which keys of a file a command uses, and by which algorithm: the one that the key names, the only one of its type, or else
//! the one of `--alg`.

mod decrypting;
mod encrypting;
mod signing;
mod skipped;
mod verifying;

pub(crate) use decrypting::decryption_keys;
pub(crate) use encrypting::recipient_key;
pub(crate) use signing::signing_key;
pub(crate) use skipped::Skipped;
pub(crate) use verifying::{VerifyingKeys, published_keys, verifying_keys};

use jeton_jose::jwk::{KeyOperation, KeyUse};
use jeton_jose::{Jwk, KeyError};

use crate::algorithm;
use crate::failure::Failure;
use crate::output::printable;

/// Why the keys of `source` are not used. A missing `--alg` is wrong usage, everything else a refusal.
fn refused(source: &str, error: &KeyError) -> Failure {
    match error {
        KeyError::AlgorithmMissing => Failure::usage(format!("{source}: {error}: choose one with --alg")),
        _ => Failure::coded(error.code(), format!("{source}: {error}")),
    }
}

/// Why this key of `source` is not used, with the algorithm that it names where that is the reason.
fn refused_key(source: &str, key: &Jwk, error: &KeyError) -> Failure {
    let named = match error {
        KeyError::AlgorithmUnknown | KeyError::AlgorithmMismatch { .. } | KeyError::EncryptionMismatch => {
            key.alg()
        }
        _ => None,
    };
    let Some(alg) = named else { return refused(source, error) };
    let reason = match algorithm::refused_by_design(alg) {
        Some((_, reason)) => format!("which is refused: {reason}"),
        None => "and is used for nothing else".to_owned(),
    };
    Failure::coded(error.code(), format!("{source}: the key is marked as for {:?}, {reason}", printable(alg)))
}

/// What messages call one key of a set of one's own.
fn in_set(source: &str, index: usize, key: &Jwk) -> String {
    let kid = key.kid().map(|kid| format!(" (kid {:?})", printable(kid))).unwrap_or_default();
    format!("{source}: keys[{index}]{kid}")
}

/// Whether `use` and `key_ops` leave the key to this use and one of these operations. Asked before its algorithm, since a key
/// that must not be used so is refused whatever its algorithm.
fn permit(key: &Jwk, key_use: &KeyUse, operations: &[KeyOperation]) -> Result<(), KeyError> {
    let use_allows = key.key_use().is_none_or(|own| own == key_use);
    if use_allows && operations.iter().any(|operation| key.allows(operation.clone())) {
        Ok(())
    } else {
        Err(KeyError::Use)
    }
}

/// The one key of a set that serves; it must be clear which.
fn only_one<K>(
    source: &str,
    keys: &[Jwk],
    purpose: &str,
    import: impl Fn(&Jwk) -> Result<K, KeyError>,
) -> Result<K, Failure> {
    let mut error = None;
    let mut usable = Vec::new();
    for key in keys {
        match import(key) {
            Ok(key) => usable.push(key),
            Err(missing @ KeyError::AlgorithmMissing) => error = Some(missing),
            Err(_) => {}
        }
    }
    match (usable.pop(), usable.is_empty(), error) {
        (Some(key), true, _) => Ok(key),
        (Some(_), false, _) => {
            Err(Failure::usage(format!("{source}: several keys in the set can {purpose}: give only one")))
        }
        (None, _, Some(error)) => Err(refused(source, &error)),
        (None, _, None) => {
            Err(Failure::coded("key_not_found", format!("{source}: no key in the set can {purpose}")))
        }
    }
}
