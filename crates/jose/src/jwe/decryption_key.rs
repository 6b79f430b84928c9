//! What a recipient decrypts with.

use std::fmt;
use std::sync::Arc;

use zeroize::Zeroizing;

use super::direct_key::DirectKey;
use super::jwk_use::{check_wrapping_key, own_alg, permit};
use super::key_management::Method;
use super::{KeyManagement, agreement, wrap};
use crate::crypto::{AgreementCurve, AgreementKey, ContentKey, OaepPrivateKey};
use crate::curve::OkpCurve;
use crate::jwk::{Jwk, KeyOperation};
use crate::material::{KeyError, Material, Private};

/// The key of a recipient: private, shared, or a password. It belongs to one `alg`.
///
/// Cloning is cheap. `Debug` shows `alg` and `kid`.
#[derive(Clone)]
pub struct DecryptionKey {
    pub(super) alg: KeyManagement,
    pub(super) kid: Option<Arc<str>>,
    pub(super) kind: Arc<DecryptionKind>,
}

pub(super) enum DecryptionKind {
    Direct(DirectKey),
    /// For AES key wrap.
    Wrapping(Zeroizing<Vec<u8>>),
    GcmWrapping(ContentKey),
    Rsa(OaepPrivateKey),
    Agreement(OwnKey),
    Password(Zeroizing<Vec<u8>>),
}

/// A private key for agreement, with its public part.
pub(super) struct OwnKey {
    pub(super) key: AgreementKey,
    #[cfg(feature = "hpke")]
    pub(super) public: Vec<u8>,
}

impl DecryptionKey {
    /// From a JWK with an `alg`. A symmetric key whose `alg` is an `enc` is for `dir` with that.
    ///
    /// # Errors
    /// [`KeyError::AlgorithmMissing`] if it has none: use [`DecryptionKey::from_jwk_for`]. Others if the key does not
    /// match.
    pub fn from_jwk(jwk: &Jwk) -> Result<Self, KeyError> {
        Self::from_jwk_for(own_alg(jwk)?, jwk)
    }

    /// From a JWK for this `alg`, which must equal its own if it has one. Choosing a PBES2 algorithm is the opt-in to
    /// its cost.
    ///
    /// # Errors
    /// [`KeyError`] if the key is of another type, public, or not meant for decryption.
    pub fn from_jwk_for(alg: KeyManagement, jwk: &Jwk) -> Result<Self, KeyError> {
        use KeyOperation::{Decrypt, DeriveBits, DeriveKey, UnwrapKey};
        let enc = permit(alg, jwk, &[Decrypt, UnwrapKey, DeriveKey, DeriveBits])?;
        let inconsistent = |_| KeyError::Inconsistent;
        let kind = match (alg.method(), jwk.material()) {
            (Method::Oaep(_), Material::Private(key @ Private::Rsa { .. })) => {
                let pkcs8 = crate::encoding::pkcs8::write(key);
                DecryptionKind::Rsa(OaepPrivateKey::from_pkcs8(&pkcs8).map_err(inconsistent)?)
            }
            (Method::Agreement { .. }, Material::Private(private)) => {
                DecryptionKind::Agreement(OwnKey::new(private)?)
            }
            #[cfg(feature = "hpke")]
            (Method::Hpke(suite), Material::Private(private)) => {
                let own = OwnKey::new(private)?;
                if own.key.curve() != suite.algorithms().curve {
                    return Err(KeyError::EncryptionMismatch);
                }
                DecryptionKind::Agreement(own)
            }
            (Method::Direct, Material::Secret(key)) => DecryptionKind::Direct(DirectKey::new(key, enc)?),
            (Method::AesWrap, Material::Secret(key)) => {
                check_wrapping_key(alg, key)?;
                DecryptionKind::Wrapping(key.clone())
            }
            (Method::GcmWrap, Material::Secret(key)) => {
                DecryptionKind::GcmWrapping(wrap::gcm_wrapping_key(alg, key)?)
            }
            (Method::Password(_), Material::Secret(password)) => DecryptionKind::Password(password.clone()),
            (_, Material::Public(_)) => {
                return Err(KeyError::Kind { found: "a public key", wanted: "a private or shared key" });
            }
            _ => return Err(KeyError::EncryptionMismatch),
        };
        Ok(Self { alg, kid: jwk.kid().map(Arc::from), kind: Arc::new(kind) })
    }

    /// A password, for one of the PBES2 algorithms.
    ///
    /// # Errors
    /// [`KeyError::EncryptionMismatch`] for another algorithm.
    pub fn from_password(alg: KeyManagement, password: &[u8]) -> Result<Self, KeyError> {
        let Method::Password(_) = alg.method() else { return Err(KeyError::EncryptionMismatch) };
        let kind = DecryptionKind::Password(Zeroizing::new(password.to_vec()));
        Ok(Self { alg, kid: None, kind: Arc::new(kind) })
    }

    /// The same key under this `kid`.
    #[must_use]
    pub fn with_kid(mut self, kid: impl Into<String>) -> Self {
        self.kid = Some(Arc::from(kid.into()));
        self
    }

    /// Its `alg`.
    #[must_use]
    pub fn alg(&self) -> KeyManagement {
        self.alg
    }

    /// Its `kid`.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }
}

impl fmt::Debug for DecryptionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DecryptionKey")
            .field("alg", &self.alg)
            .field("kid", &self.kid)
            .finish_non_exhaustive()
    }
}

impl OwnKey {
    fn new(private: &Private) -> Result<Self, KeyError> {
        let (curve, scalar, public) = match private {
            Private::Ec { curve, point, scalar } => (agreement::curve_of(*curve)?, scalar, point.as_slice()),
            Private::Okp { curve: OkpCurve::X25519, x, seed } => (AgreementCurve::X25519, seed, x.as_slice()),
            _ => return Err(KeyError::EncryptionMismatch),
        };
        let key = AgreementKey::new(curve, scalar).map_err(|_| KeyError::Inconsistent)?;
        if !key.public().is_ok_and(|computed| computed == public) {
            return Err(KeyError::Inconsistent);
        }
        Ok(Self {
            key,
            #[cfg(feature = "hpke")]
            public: public.to_vec(),
        })
    }
}
