//! The keys that decrypt.

use std::path::Path;

use jeton_jose::jwe::{DecryptionKey, KeyManagement};
use jeton_jose::jwk::{KeyOperation, KeyUse};
use jeton_jose::{Jwk, KeyError};

use super::{permit, refused, refused_key};
use crate::failure::Failure;
use crate::key_file::{KeyFile, name_of};

/// The keys of a file that decrypt. `allowed` are the algorithms of `--alg`, none meaning those that the keys name; a key that
/// names none is taken for each of them that fits it.
pub(crate) fn decryption_keys(path: &Path, allowed: &[KeyManagement]) -> Result<Vec<DecryptionKey>, Failure> {
    let source = name_of(path);
    match KeyFile::read(path)? {
        KeyFile::One(key) => import(&key, allowed).map_err(|error| refused_key(&source, &key, &error)),
        KeyFile::Set(set) => from_set(&source, set.keys(), allowed),
    }
}

fn from_set(source: &str, keys: &[Jwk], allowed: &[KeyManagement]) -> Result<Vec<DecryptionKey>, Failure> {
    let mut usable = Vec::new();
    let mut needs_algorithm = false;
    for key in keys {
        match import(key, allowed) {
            Ok(keys) => usable.extend(keys),
            Err(KeyError::AlgorithmMissing) => needs_algorithm = true,
            // Keys for signatures, public ones, and keys for other algorithms.
            Err(_) => {}
        }
    }
    match (usable.is_empty(), needs_algorithm) {
        (false, _) => Ok(usable),
        (true, true) => Err(refused(source, &KeyError::AlgorithmMissing)),
        (true, false) => {
            Err(Failure::coded("key_not_found", format!("{source}: no key in the set can decrypt")))
        }
    }
}

fn import(key: &Jwk, allowed: &[KeyManagement]) -> Result<Vec<DecryptionKey>, KeyError> {
    use KeyOperation::{Decrypt, DeriveBits, DeriveKey, UnwrapKey};
    permit(key, &KeyUse::Enc, &[Decrypt, UnwrapKey, DeriveKey, DeriveBits])?;
    if key.alg().is_some() {
        let own = DecryptionKey::from_jwk(key)?;
        if allowed.is_empty() || allowed.contains(&own.alg()) {
            return Ok(vec![own]);
        }
        return Err(KeyError::EncryptionMismatch);
    }
    let mut error = KeyError::AlgorithmMissing;
    let mut keys = Vec::new();
    for &algorithm in allowed {
        match DecryptionKey::from_jwk_for(algorithm, key) {
            Ok(key) => keys.push(key),
            Err(unfit) => error = unfit,
        }
    }
    if keys.is_empty() { Err(error) } else { Ok(keys) }
}
