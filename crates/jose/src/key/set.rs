//! The keys of one issuer.

use std::sync::Arc;

use super::{PublicKey, SharedSecret, VerifyingKey};
use crate::Algorithm;
use crate::jwk::{Jwk, JwkSet, KeyOperation};
use crate::material::SkippedKey;
use crate::material::{KeyError, Material, check_kid};

/// The keys with which one issuer's tokens are verified.
///
/// A token's `kid` chooses the key. A key that has a `kid` is never tried for a token that names another one. Cloning is cheap.
#[derive(Clone, Debug, Default)]
pub struct KeySet {
    keys: Arc<[VerifyingKey]>,
    skipped: Arc<[SkippedKey]>,
}

impl KeySet {
    /// The keys of an issuer, from your own source.
    ///
    /// # Errors
    /// [`KeyError::KidCollision`] if two with the same algorithm have the same `kid`, because nothing decides between
    /// them. (A token's `alg` decides between keys with different algorithms.) [`KeyError::MixedSet`] if some are
    /// secrets and some are not.
    pub fn new<K: Into<VerifyingKey>>(keys: impl IntoIterator<Item = K>) -> Result<Self, KeyError> {
        let set = Self::published(keys)?;
        let mut names: Vec<_> =
            set.keys.iter().filter_map(|key| Some((key.kid()?, key.algorithm()))).collect();
        names.sort_unstable();
        if names.windows(2).any(|pair| matches!(pair, [one, other] if one == other)) {
            return Err(KeyError::KidCollision);
        }
        Ok(set)
    }

    /// The keys that an issuer publishes. If several of one algorithm have the same `kid`, which their owner should fix, a
    /// token that names it is tried with each of them.
    ///
    /// # Errors
    /// [`KeyError::MixedSet`] if some are secrets and some are not; [`KeyError::KidTooLong`].
    pub fn published<K: Into<VerifyingKey>>(keys: impl IntoIterator<Item = K>) -> Result<Self, KeyError> {
        let keys: Arc<[VerifyingKey]> = keys.into_iter().map(Into::into).collect();
        keys.iter().filter_map(VerifyingKey::kid).try_for_each(check_kid)?;
        let symmetric = keys.iter().filter(|key| key.algorithm().is_symmetric()).count();
        if symmetric != 0 && symmetric != keys.len() {
            return Err(KeyError::MixedSet);
        }
        Ok(Self { keys, skipped: Arc::default() })
    }

    /// The public keys of a published JWK Set. Keys that cannot verify are skipped, and [`KeySet::skipped`] lists them
    /// with the reason: keys for encryption, and keys without an algorithm whose type allows several.
    ///
    /// # Errors
    /// [`KeyError::SecretInSet`] if any key is private or symmetric: a remote set must not contain one.
    pub fn from_jwk_set(set: &JwkSet) -> Result<Self, KeyError> {
        Self::from_published(set, Jwk::signature_algorithm)
    }

    /// As [`KeySet::from_jwk_set`]; keys that name no algorithm, and whose type allows several, are taken to be for
    /// `algorithm`. Microsoft Entra ID publishes RSA keys in this way, and means [`Algorithm::RS256`].
    ///
    /// # Errors
    /// As [`KeySet::from_jwk_set`].
    pub fn from_jwk_set_with(set: &JwkSet, algorithm: Algorithm) -> Result<Self, KeyError> {
        Self::from_published(set, |jwk| match jwk.signature_algorithm() {
            Err(KeyError::AlgorithmMissing) => Ok(algorithm),
            known => known,
        })
    }

    fn from_published(
        set: &JwkSet,
        algorithm_of: impl Fn(&Jwk) -> Result<Algorithm, KeyError>,
    ) -> Result<Self, KeyError> {
        set.check_public()?;
        let mut keys: Vec<VerifyingKey> = Vec::new();
        let mut skipped = set.skipped().to_vec();
        for (index, jwk) in set.indexed() {
            match algorithm_of(jwk).and_then(|algorithm| PublicKey::from_jwk_for(algorithm, jwk)) {
                Ok(key) => keys.push(key.into()),
                Err(reason) => skipped.push(SkippedKey::new(index, jwk.kid(), reason)),
            }
        }
        skipped.sort_by_key(SkippedKey::index);
        Ok(Self { skipped: skipped.into(), ..Self::published(keys)? })
    }

    /// The keys of a JWK Set that the caller trusts. They may be symmetric, or private, of which the public key is
    /// used. Keys without `alg` are used for `algorithm`, if it is given.
    ///
    /// # Errors
    /// As for [`KeySet::new`], and [`KeyError::InSet`] for an unusable key: read the set with [`JwkSet::parse_own`].
    pub fn from_own_jwk_set(set: &JwkSet, algorithm: Option<Algorithm>) -> Result<Self, KeyError> {
        let broken = set.skipped().iter().find(|key| !matches!(key.reason(), KeyError::Unsupported { .. }));
        if let Some(broken) = broken {
            return Err(KeyError::InSet(Box::new(broken.clone())));
        }
        let import = |jwk: &Jwk| {
            let algorithm = match (jwk.alg(), algorithm) {
                (None, Some(algorithm)) => algorithm,
                _ => jwk.signature_algorithm()?,
            };
            match jwk.material() {
                Material::Secret(_) => SharedSecret::from_jwk_for(algorithm, jwk).map(VerifyingKey::from),
                Material::Public(_) => PublicKey::from_jwk_for(algorithm, jwk).map(VerifyingKey::from),
                Material::Private(_) => {
                    PublicKey::from_jwk_for(algorithm, &jwk.public()?).map(VerifyingKey::from)
                }
            }
        };
        let mut keys = Vec::new();
        for (index, jwk) in set.indexed() {
            if !jwk.is_for_signing() || !jwk.allows(KeyOperation::Verify) {
                continue;
            }
            match import(jwk) {
                Ok(key) => keys.push(key),
                Err(KeyError::AlgorithmUnknown | KeyError::AlgorithmMissing) => {}
                Err(reason) => {
                    return Err(KeyError::InSet(Box::new(SkippedKey::new(index, jwk.kid(), reason))));
                }
            }
        }
        Self::new(keys)
    }

    /// The keys of the set that are for one of these algorithms.
    #[must_use]
    pub fn only(&self, algorithms: &[Algorithm]) -> Self {
        let keys = self.keys.iter().filter(|key| algorithms.contains(&key.algorithm()));
        Self { keys: keys.cloned().collect(), skipped: Arc::clone(&self.skipped) }
    }

    /// The number of keys.
    #[must_use]
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether there are no keys, so that nothing can be verified.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Its keys.
    pub fn iter(&self) -> impl Iterator<Item = &VerifyingKey> {
        self.keys.iter()
    }

    /// The keys of the published set that it was made from which do not verify, in their order, each with the reason.
    #[must_use]
    pub fn skipped(&self) -> &[SkippedKey] {
        &self.skipped
    }

    /// The key with this `kid`; of several the first.
    #[must_use]
    pub fn get(&self, kid: &str) -> Option<&VerifyingKey> {
        self.keys.iter().find(|key| key.kid() == Some(kid))
    }

    /// Whether a token that names this key's algorithm and `kid` means no other key of the set.
    pub(crate) fn is_unmistakable(&self, key: &VerifyingKey) -> bool {
        let same = |other: &&VerifyingKey| other.algorithm() == key.algorithm() && other.kid() == key.kid();
        self.keys.len() == 1 || key.kid().is_some() && self.keys.iter().filter(same).nth(1).is_none()
    }
}

macro_rules! set_of_one {
    ($($key:ty)*) => {$(
        impl From<$key> for KeySet {
            fn from(key: $key) -> Self {
                Self { keys: Arc::from([VerifyingKey::from(key)]), skipped: Arc::default() }
            }
        }
    )*};
}

set_of_one!(VerifyingKey PublicKey SharedSecret &PublicKey &SharedSecret);
