//! The keys that verify.

use std::path::Path;

use jeton_jose::jwk::{KeyOperation, KeyUse};
use jeton_jose::{Algorithm, Jwk, JwkSet, KeyError, KeySet, PublicKey, SharedSecret, VerifyingKey};

use super::{permit, refused, refused_key};
use crate::failure::Failure;
use crate::key_file::{KeyFile, name_of};

/// The caller's own keys: public, private (of which the public part is taken) or secret.
///
/// `allowed` are the algorithms of `--alg`, none meaning any that the keys name; `named` are those that the text names. A key
/// that names none is taken for one of `allowed`, so there is a set for each that it could be; the text only chooses among
/// what is allowed.
pub(crate) fn verifying_keys(
    path: &Path,
    allowed: &[Algorithm],
    named: &[Algorithm],
) -> Result<Vec<KeySet>, Failure> {
    let source = name_of(path);
    let file = KeyFile::read(path)?;
    for_each_choice(allowed, named, |choice| match &file {
        KeyFile::One(key) => import(key, choice)
            .and_then(|key| permitted(key, allowed))
            .map(KeySet::from)
            .map_err(|error| refused_key(&source, key, &error)),
        KeyFile::Set(set) => from_set(&source, set, allowed, choice),
    })
}

/// The keys that somebody publishes, none of which may be private or secret.
pub(crate) fn published_keys(
    source: &str,
    set: &JwkSet,
    allowed: &[Algorithm],
    named: &[Algorithm],
) -> Result<Vec<KeySet>, Failure> {
    if set.keys().iter().any(|key| !key.is_public()) {
        let error = KeyError::SecretInSet;
        return Err(Failure::coded(
            error.code(),
            format!("{source}: {error}; such keys are given with --key"),
        ));
    }
    for_each_choice(allowed, named, |choice| from_set(source, set, allowed, choice))
}

fn for_each_choice(
    allowed: &[Algorithm],
    named: &[Algorithm],
    keys: impl Fn(Option<Algorithm>) -> Result<KeySet, Failure>,
) -> Result<Vec<KeySet>, Failure> {
    let mut choices: Vec<_> = allowed.iter().copied().filter(|algorithm| named.contains(algorithm)).collect();
    choices.sort_unstable();
    choices.dedup();
    if choices.is_empty() {
        return Ok(vec![keys(allowed.first().copied())?]);
    }
    let mut sets = Vec::new();
    let mut failure = None;
    for choice in choices {
        match keys(Some(choice)) {
            Ok(keys) => sets.push(keys),
            Err(unfit) => failure = Some(unfit),
        }
    }
    // A key need not fit all of the algorithms that it might be meant for.
    failure.filter(|_| sets.is_empty()).map_or(Ok(sets), Err)
}

fn from_set(
    source: &str,
    set: &JwkSet,
    allowed: &[Algorithm],
    choice: Option<Algorithm>,
) -> Result<KeySet, Failure> {
    let mut keys = Vec::new();
    let mut needs_algorithm = false;
    for key in set.keys() {
        match import(key, choice) {
            Ok(key) => keys.push(key),
            Err(KeyError::AlgorithmMissing) => needs_algorithm = true,
            // Keys that do not sign, and keys of other kinds, for which `--alg` was not meant.
            Err(KeyError::AlgorithmUnknown | KeyError::Use) => {}
            Err(_) if key.alg().is_none() => {}
            Err(error) => return Err(refused_key(source, key, &error)),
        }
    }
    // Judged as a whole first: a set that mixes secrets with public keys is refused whatever is wanted of it.
    let all = KeySet::new(keys).map_err(|error| refused(source, &error))?;
    let wanted = all.iter().filter(|key| allowed.is_empty() || allowed.contains(&key.algorithm())).cloned();
    let keys = KeySet::new(wanted).map_err(|error| refused(source, &error))?;
    match (keys.is_empty(), needs_algorithm) {
        (false, _) => Ok(keys),
        (true, true) => Err(refused(source, &KeyError::AlgorithmMissing)),
        (true, false) => {
            Err(Failure::coded("key_not_found", format!("{source}: no key of the set can verify")))
        }
    }
}

fn import(key: &Jwk, choice: Option<Algorithm>) -> Result<VerifyingKey, KeyError> {
    use KeyOperation::{Decrypt, DeriveBits, DeriveKey, Encrypt, Sign, UnwrapKey, Verify, WrapKey};
    const ENCRYPTING: [KeyOperation; 6] = [Encrypt, Decrypt, WrapKey, UnwrapKey, DeriveKey, DeriveBits];
    // A private key that may sign has a public part that may verify. A name that nobody knows says nothing about it (one of
    // Wycheproof's private keys is for the operation "sign, verify"), one for encryption does.
    if key.is_public() || key.is_symmetric() {
        permit(key, &KeyUse::Sig, &[Verify])?;
    } else if ENCRYPTING.iter().any(|operation| key.allows(operation.clone())) {
        permit(key, &KeyUse::Sig, &[Verify, Sign])?;
    }
    let algorithm = match key.signature_algorithm() {
        Err(KeyError::AlgorithmMissing) => choice.ok_or(KeyError::AlgorithmMissing)?,
        known => known?,
    };
    if !key.is_symmetric() {
        return PublicKey::from_jwk_for(algorithm, &key.public()?).map(VerifyingKey::from);
    }
    SharedSecret::from_jwk_for(algorithm, key).map(VerifyingKey::from)
}

fn permitted(key: VerifyingKey, allowed: &[Algorithm]) -> Result<VerifyingKey, KeyError> {
    match allowed.first() {
        Some(&wanted) if !allowed.contains(&key.algorithm()) => Err(KeyError::AlgorithmMismatch { wanted }),
        _ => Ok(key),
    }
}
