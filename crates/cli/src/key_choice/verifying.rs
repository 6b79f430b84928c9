//! The keys that verify.

use std::path::Path;

use jeton_jose::jwk::{KeyOperation, KeyUse, SkippedKey};
use jeton_jose::{Algorithm, Jwk, JwkSet, KeyError, KeySet, PublicKey, SharedSecret, VerifyingKey};

use super::skipped::Skipped;
use super::{in_set, permit, refused, refused_key};
use crate::failure::Failure;
use crate::key_file::{KeyFile, name_of};

/// The keys that a text may be signed with: a set for each algorithm that they could be for, and what was left out.
pub(crate) struct VerifyingKeys {
    pub(crate) sets: Vec<KeySet>,
    pub(crate) skipped: Skipped,
}

/// The caller's own keys: public, private (of which the public part is taken) or secret.
///
/// `allowed` are the algorithms of `--alg`, none meaning any that the keys name; `named` are those that the text names. A key
/// that names none is taken for one of `allowed`, so there is a set for each that it could be; the text only chooses among
/// what is allowed.
pub(crate) fn verifying_keys(
    path: &Path,
    allowed: &[Algorithm],
    named: &[Algorithm],
) -> Result<VerifyingKeys, Failure> {
    let source = name_of(path);
    let file = KeyFile::read(path)?;
    let sets = for_each_choice(allowed, named, |choice| match &file {
        KeyFile::One(key) => import(key, choice)
            .and_then(|key| permitted(key, allowed))
            .map(KeySet::from)
            .map_err(|error| refused_key(&source, key, &error)),
        KeyFile::Set(set) => from_own_set(&source, set, allowed, choice),
    })?;
    Ok(VerifyingKeys { sets, skipped: Skipped::of(&source, file.skipped(), &KeySet::default()) })
}

/// The keys that somebody publishes, none of which may be private or secret. A key that cannot be used takes no other down.
pub(crate) fn published_keys(
    source: &str,
    set: &JwkSet,
    allowed: &[Algorithm],
    named: &[Algorithm],
) -> Result<VerifyingKeys, Failure> {
    let sets = for_each_choice(allowed, named, |choice| {
        let keys = match choice {
            Some(algorithm) => KeySet::from_jwk_set_with(set, algorithm),
            None => KeySet::from_jwk_set(set),
        };
        let keys = keys.map_err(|error| match error {
            KeyError::SecretInSet => {
                let text = format!("{source}: {error}; give such keys with --key");
                Failure::coded(error.code(), text)
            }
            error => refused(source, &error),
        })?;
        let keys = if allowed.is_empty() { keys } else { keys.only(allowed) };
        let lacks_algorithm = |key: &SkippedKey| *key.reason() == KeyError::AlgorithmMissing;
        if keys.is_empty() && keys.skipped().iter().any(lacks_algorithm) {
            return Err(refused(source, &KeyError::AlgorithmMissing));
        }
        Ok(keys)
    })?;
    let skipped = Skipped::of(source, set.skipped(), sets.first().unwrap_or(&KeySet::default()));
    Ok(VerifyingKeys { sets, skipped })
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

fn from_own_set(
    source: &str,
    set: &JwkSet,
    allowed: &[Algorithm],
    choice: Option<Algorithm>,
) -> Result<KeySet, Failure> {
    let mut keys = Vec::new();
    let mut needs_algorithm = false;
    for (index, key) in set.indexed() {
        match import(key, choice) {
            Ok(key) => keys.push(key),
            Err(KeyError::AlgorithmMissing) => needs_algorithm = true,
            // Keys that do not sign, and keys of other kinds, for which `--alg` was not meant.
            Err(KeyError::AlgorithmUnknown | KeyError::Use) => {}
            Err(_) if key.alg().is_none() => {}
            Err(error) => return Err(refused_key(&in_set(source, index, key), key, &error)),
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
            Err(Failure::coded("key_not_found", format!("{source}: no key in the set can verify")))
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
