//! The keys of one issuer.

use std::sync::Arc;

use super::{KeyError, Material, PublicKey, SharedSecret, VerifyingKey, check_kid};
use crate::Algorithm;
use crate::jwk::{Jwk, JwkSet, KeyOperation};

/// The keys with which one issuer's tokens are verified.
///
/// A token's `kid` chooses the key. A key that has a `kid` is never tried for a token that names another one. Cloning is cheap.
#[derive(Clone, Debug, Default)]
pub struct KeySet {
    keys: Arc<[VerifyingKey]>,
}

/// For a token without `kid`, at most this many keys of its algorithm are tried.
const MAX_TRIES: usize = 16;

impl KeySet {
    /// The keys of an issuer.
    ///
    /// # Errors
    /// [`KeyError::KidCollision`] where two have the same `kid`, [`KeyError::MixedSet`] where some are secrets and some are not.
    pub fn new<K: Into<VerifyingKey>>(keys: impl IntoIterator<Item = K>) -> Result<Self, KeyError> {
        let keys: Vec<VerifyingKey> = keys.into_iter().map(Into::into).collect();
        let mut kids: Vec<&str> = keys.iter().filter_map(VerifyingKey::kid).collect();
        kids.iter().try_for_each(|kid| check_kid(kid))?;
        kids.sort_unstable();
        if kids.windows(2).any(|pair| matches!(pair, [one, other] if one == other)) {
            return Err(KeyError::KidCollision);
        }
        let symmetric = keys.iter().filter(|key| key.algorithm().is_symmetric()).count();
        if symmetric != 0 && symmetric != keys.len() {
            return Err(KeyError::MixedSet);
        }
        Ok(Self { keys: keys.into() })
    }

    /// The public keys of a JWK Set that sign: those for encryption and those of unknown type or algorithm are left out.
    ///
    /// # Errors
    /// [`KeyError::SecretInSet`] where any key is private or symmetric: a set from afar must not hold one. Others
    /// where a key that should work does not, or two have the same `kid`.
    pub fn from_jwk_set(set: &JwkSet) -> Result<Self, KeyError> {
        if set.keys().iter().any(|jwk| !jwk.is_public()) {
            return Err(KeyError::SecretInSet);
        }
        Self::from_usable(set, |jwk| {
            let algorithm = jwk.signature_algorithm()?;
            PublicKey::from_jwk_for(algorithm, jwk).map(VerifyingKey::from)
        })
    }

    /// The keys of a JWK Set that the caller keeps and trusts, which may be symmetric or private (of which the public part
    /// is taken). Keys without `alg` are taken for `algorithm`, if it is given.
    ///
    /// # Errors
    /// As [`KeySet::new`], and where a key that should work does not.
    pub fn from_own_jwk_set(set: &JwkSet, algorithm: Option<Algorithm>) -> Result<Self, KeyError> {
        Self::from_usable(set, |jwk| {
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
        })
    }

    fn from_usable(
        set: &JwkSet,
        import: impl Fn(&Jwk) -> Result<VerifyingKey, KeyError>,
    ) -> Result<Self, KeyError> {
        let keys = set.keys().iter().filter(|jwk| jwk.is_for_signing() && jwk.allows(KeyOperation::Verify));
        let keys = keys.filter_map(|jwk| match import(jwk) {
            Err(KeyError::AlgorithmUnknown | KeyError::AlgorithmMissing) => None,
            imported => Some(imported),
        });
        Self::new(keys.collect::<Result<Vec<_>, _>>()?)
    }

    /// How many keys it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether it holds none, and so verifies nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Its keys.
    pub fn iter(&self) -> impl Iterator<Item = &VerifyingKey> {
        self.keys.iter()
    }

    /// The key with this `kid`.
    #[must_use]
    pub fn get(&self, kid: &str) -> Option<&VerifyingKey> {
        self.keys.iter().find(|key| key.kid() == Some(kid))
    }

    /// The keys that a token with this header may have been signed with.
    pub(crate) fn candidates(&self, algorithm: Algorithm, kid: Option<&str>) -> Candidates<'_> {
        if self.keys.iter().all(|key| key.algorithm() != algorithm) {
            return if self.keys.is_empty() { Candidates::NoKey } else { Candidates::WrongAlgorithm };
        }
        if let Some(key) = kid.and_then(|kid| self.get(kid)) {
            return if key.algorithm() == algorithm {
                Candidates::Keys(vec![key])
            } else {
                Candidates::WrongAlgorithm
            };
        }
        // Keys that have no `kid` of their own may be meant by any; a token without `kid` may mean any key.
        let fits =
            |key: &&VerifyingKey| key.algorithm() == algorithm && (kid.is_none() || key.kid().is_none());
        let keys: Vec<_> = self.keys.iter().filter(fits).take(MAX_TRIES).collect();
        if keys.is_empty() { Candidates::NoKey } else { Candidates::Keys(keys) }
    }
}

/// What [`KeySet::candidates`] found.
pub(crate) enum Candidates<'a> {
    Keys(Vec<&'a VerifyingKey>),
    NoKey,
    WrongAlgorithm,
}

macro_rules! set_of_one {
    ($($key:ty)*) => {$(
        impl From<$key> for KeySet {
            fn from(key: $key) -> Self {
                Self { keys: Arc::from([VerifyingKey::from(key)]) }
            }
        }
    )*};
}

set_of_one!(VerifyingKey PublicKey SharedSecret &PublicKey &SharedSecret);
