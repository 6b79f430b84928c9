//! Which keys of a set a token may have been signed with.

use super::verify_signature;
use crate::Algorithm;
use crate::error::VerifyError;
use crate::found::KeyNames;
use crate::key::{KeySet, VerifyingKey};

/// Of the keys that a token may mean, at most this many are tried.
const MAX_TRIES: usize = 16;

/// The keys that a token may have been signed with: one at least.
pub(crate) struct Candidates<'a> {
    keys: Vec<&'a VerifyingKey>,
    /// How many there are, tried or not.
    fitting: usize,
}

impl KeySet {
    /// The keys that a token with this header may have been signed with.
    pub(crate) fn candidates(
        &self,
        algorithm: Algorithm,
        kid: Option<&str>,
    ) -> Result<Candidates<'_>, VerifyError> {
        let fits = |key: &&VerifyingKey| key.algorithm() == algorithm;
        if !self.iter().any(|key| fits(&key)) {
            return Err(self.none_of(algorithm, kid));
        }
        if let Some(kid) = kid {
            let mut named = self.iter().filter(|key| key.kid() == Some(kid)).peekable();
            if named.peek().is_some() {
                return Candidates::of(named.filter(fits))
                    .ok_or_else(|| self.not_allowed(algorithm.as_str()));
            }
        }
        // Keys that have no `kid` of their own may be meant by any; a token without `kid` may mean any key.
        let meant = |key: &&VerifyingKey| fits(key) && (kid.is_none() || key.kid().is_none());
        Candidates::of(self.iter().filter(meant)).ok_or_else(|| self.not_found(kid))
    }

    #[cold]
    fn none_of(&self, algorithm: Algorithm, kid: Option<&str>) -> VerifyError {
        let left_out = kid.is_some_and(|kid| {
            self.get(kid).is_none() && self.skipped().iter().any(|key| key.kid() == Some(kid))
        });
        if self.is_empty() || left_out { self.not_found(kid) } else { self.not_allowed(algorithm.as_str()) }
    }

    /// The refusal of a token that names an algorithm which none of these keys has.
    #[cold]
    pub(crate) fn not_allowed(&self, found: &str) -> VerifyError {
        VerifyError::AlgorithmNotAllowed { found: found.into(), allowed: algorithms_of(self) }
    }

    #[cold]
    fn not_found(&self, kid: Option<&str>) -> VerifyError {
        VerifyError::KeyNotFound { found: kid.map(Into::into), wanted: Box::new(KeyNames::of(self)) }
    }

    /// Adds what these keys allow to the refusal of an algorithm that nobody knows.
    pub(crate) fn say_allowed(&self, error: VerifyError) -> VerifyError {
        match error {
            VerifyError::AlgorithmNotAllowed { found, .. } => self.not_allowed(&found),
            other => other,
        }
    }
}

impl<'a> Candidates<'a> {
    fn of(fitting: impl Iterator<Item = &'a VerifyingKey>) -> Option<Self> {
        let mut candidates = Self { keys: Vec::new(), fitting: 0 };
        for key in fitting {
            if candidates.keys.len() < MAX_TRIES {
                candidates.keys.push(key);
            }
            candidates.fitting += 1;
        }
        (candidates.fitting > 0).then_some(candidates)
    }

    /// The key, where there is one alone.
    pub(crate) fn only(&self) -> Option<&'a VerifyingKey> {
        match self.keys.as_slice() {
            [only] => Some(only),
            _ => None,
        }
    }

    /// Verifies a signature with one key after the other.
    pub(crate) fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), VerifyError> {
        let mut outcome = Err(VerifyError::SignatureInvalid);
        for key in &self.keys {
            outcome = verify_signature(key, message, signature);
            if outcome.is_ok() {
                break;
            }
        }
        match outcome {
            Err(VerifyError::SignatureInvalid) if self.fitting > self.keys.len() => {
                Err(VerifyError::KeyAmbiguous { fitting: self.fitting, tried: self.keys.len() })
            }
            outcome => outcome,
        }
    }
}

/// The algorithms of these keys, each once.
fn algorithms_of(keys: &KeySet) -> Box<[Algorithm]> {
    let mut algorithms: Vec<_> = keys.iter().map(|key| key.algorithm()).collect();
    algorithms.sort_unstable();
    algorithms.dedup();
    algorithms.into()
}
