//! The key to encrypt to.

use std::path::Path;

use jeton_jose::jwe::{KeyManagement, RecipientKey};
use jeton_jose::jwk::{KeyOperation, KeyUse};
use jeton_jose::{Jwk, KeyError};

use super::{only_one, permit, refused_key};
use crate::failure::Failure;
use crate::key_file::{KeyFile, name_of};

/// The key of a file to encrypt to, by this algorithm if one is given. Of a private key the public part is taken.
pub(crate) fn recipient_key(path: &Path, algorithm: Option<KeyManagement>) -> Result<RecipientKey, Failure> {
    let source = name_of(path);
    match KeyFile::read(path)? {
        KeyFile::One(key) => import(&key, algorithm).map_err(|error| refused_key(&source, &key, &error)),
        KeyFile::Set(set) => only_one(&source, set.keys(), "be encrypted to", |key| import(key, algorithm)),
    }
}

fn import(key: &Jwk, algorithm: Option<KeyManagement>) -> Result<RecipientKey, KeyError> {
    use KeyOperation::{DeriveBits, DeriveKey, Encrypt, WrapKey};
    let public = if key.is_symmetric() { key.clone() } else { key.public()? };
    permit(&public, &KeyUse::Enc, &[Encrypt, WrapKey, DeriveKey, DeriveBits])?;
    match algorithm {
        Some(algorithm) => RecipientKey::from_jwk_for(algorithm, &public),
        None => RecipientKey::from_jwk(&public),
    }
}
