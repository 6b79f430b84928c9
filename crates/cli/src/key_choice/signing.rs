//! The key that signs.

use std::path::Path;

use jeton_jose::jwk::{KeyOperation, KeyUse};
use jeton_jose::{Algorithm, Jwk, KeyError, PrivateKey, SharedSecret, SigningKey};

use super::{only_one, permit, refused_key};
use crate::failure::Failure;
use crate::key_file::{KeyFile, name_of};

/// The key of a file that signs, by this algorithm if one is given.
pub(crate) fn signing_key(path: &Path, algorithm: Option<Algorithm>) -> Result<SigningKey, Failure> {
    let source = name_of(path);
    match KeyFile::read(path)? {
        KeyFile::One(key) => import(&key, algorithm).map_err(|error| refused_key(&source, &key, &error)),
        KeyFile::Set(set) => only_one(&source, set.keys(), "sign", |key| import(key, algorithm)),
    }
}

fn import(key: &Jwk, algorithm: Option<Algorithm>) -> Result<SigningKey, KeyError> {
    permit(key, &KeyUse::Sig, &[KeyOperation::Sign])?;
    let algorithm = match algorithm {
        Some(algorithm) => algorithm,
        None => key.signature_algorithm()?,
    };
    if !key.is_symmetric() {
        return PrivateKey::from_jwk_for(algorithm, key).map(SigningKey::from);
    }
    SharedSecret::from_jwk_for(algorithm, key).map(SigningKey::from)
}
