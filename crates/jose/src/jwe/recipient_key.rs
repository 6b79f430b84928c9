//! What a sender encrypts to.

use std::fmt;
use std::sync::Arc;

use zeroize::Zeroizing;

use super::direct_key::DirectKey;
use super::jwk_use::{check_wrapping_key, own_alg, permit};
use super::key_management::Method;
use super::password::{self, MAX_ITERATIONS, MIN_ITERATIONS};
use super::{KeyManagement, agreement, wrap};
use crate::crypto::{AgreementKey, ContentKey, OaepPublicKey, PeerKey};
use crate::jwk::{Jwk, KeyOperation};
use crate::material::{KeyError, Material, Public};

/// The key of a recipient, as the sender has it: public, shared, or a password. It belongs to one `alg`.
///
/// Cloning is cheap.
#[derive(Clone)]
pub struct RecipientKey {
    pub(super) alg: KeyManagement,
    pub(super) kid: Option<Arc<str>>,
    pub(super) kind: Arc<RecipientKind>,
}

pub(super) enum RecipientKind {
    Direct(DirectKey),
    /// For AES key wrap.
    Wrapping(Zeroizing<Vec<u8>>),
    GcmWrapping(ContentKey),
    Rsa(OaepPublicKey),
    Agreement(PeerKey),
    Password {
        password: Zeroizing<Vec<u8>>,
        iterations: u32,
    },
}

impl RecipientKey {
    /// From a JWK with an `alg`. A symmetric key whose `alg` is an `enc` is for `dir` with that.
    ///
    /// # Errors
    /// [`KeyError::AlgorithmMissing`] if it has none: use [`RecipientKey::from_jwk_for`]. Others if the key does not
    /// match.
    pub fn from_jwk(jwk: &Jwk) -> Result<Self, KeyError> {
        Self::from_jwk_for(own_alg(jwk)?, jwk)
    }

    /// From a JWK for this `alg`, which must equal its own if it has one.
    ///
    /// # Errors
    /// [`KeyError`] if the key is of another type, private, too weak, or not meant for encryption.
    pub fn from_jwk_for(alg: KeyManagement, jwk: &Jwk) -> Result<Self, KeyError> {
        use KeyOperation::{DeriveBits, DeriveKey, Encrypt, WrapKey};
        let enc = permit(alg, jwk, &[Encrypt, WrapKey, DeriveKey, DeriveBits])?;
        let kind = match (alg.method(), jwk.material()) {
            (Method::Oaep(_), Material::Public(Public::Rsa { n, e })) => {
                RecipientKind::Rsa(OaepPublicKey::new(n, e).map_err(|_| KeyError::Inconsistent)?)
            }
            (Method::Agreement { .. }, Material::Public(public)) => {
                RecipientKind::Agreement(peer_key(public)?)
            }
            #[cfg(feature = "hpke")]
            (Method::Hpke(suite), Material::Public(public)) => {
                let peer = peer_key(public)?;
                if peer.curve() != suite.algorithms().curve {
                    return Err(KeyError::EncryptionMismatch);
                }
                RecipientKind::Agreement(peer)
            }
            (Method::Direct, Material::Secret(key)) => RecipientKind::Direct(DirectKey::new(key, enc)?),
            (Method::AesWrap, Material::Secret(key)) => {
                check_wrapping_key(alg, key)?;
                RecipientKind::Wrapping(key.clone())
            }
            (Method::GcmWrap, Material::Secret(key)) => {
                RecipientKind::GcmWrapping(wrap::gcm_wrapping_key(alg, key)?)
            }
            (Method::Password(_), Material::Secret(password)) => {
                return Self::from_password(alg, password)
                    .map(|key| key.with_kid_of(jwk.kid().map(Arc::from)));
            }
            (_, Material::Private(_)) => {
                return Err(KeyError::Kind { found: "a private key", wanted: "a public or shared key" });
            }
            _ => return Err(KeyError::EncryptionMismatch),
        };
        Ok(Self { alg, kid: jwk.kid().map(Arc::from), kind: Arc::new(kind) })
    }

    /// A password, for one of the PBES2 algorithms. Iterations are what OWASP recommends: 600,000 for SHA-256, 210,000 for
    /// the longer hashes.
    ///
    /// # Errors
    /// [`KeyError::EncryptionMismatch`] for another algorithm, [`KeyError::MemberMalformed`] for an empty password.
    pub fn from_password(alg: KeyManagement, password: &[u8]) -> Result<Self, KeyError> {
        let Method::Password(_) = alg.method() else { return Err(KeyError::EncryptionMismatch) };
        if password.is_empty() {
            return Err(KeyError::MemberMalformed { name: "k" });
        }
        let iterations = password::iterations(alg);
        let kind = RecipientKind::Password { password: Zeroizing::new(password.to_vec()), iterations };
        Ok(Self { alg, kid: None, kind: Arc::new(kind) })
    }

    /// The same password with another number of iterations, between 1000 and 1,200,000.
    ///
    /// # Errors
    /// [`KeyError::EncryptionMismatch`] if the key is not a password, [`KeyError::MemberMalformed`] outside these
    /// limits.
    pub fn iterations(self, iterations: u32) -> Result<Self, KeyError> {
        let RecipientKind::Password { password, .. } = &*self.kind else {
            return Err(KeyError::EncryptionMismatch);
        };
        if !(MIN_ITERATIONS..=MAX_ITERATIONS).contains(&iterations) {
            return Err(KeyError::MemberMalformed { name: "p2c" });
        }
        let kind = RecipientKind::Password { password: password.clone(), iterations };
        Ok(Self { kind: Arc::new(kind), ..self })
    }

    /// The same key under this `kid`.
    #[must_use]
    pub fn with_kid(self, kid: impl Into<String>) -> Self {
        self.with_kid_of(Some(Arc::from(kid.into())))
    }

    pub(super) fn with_kid_of(mut self, kid: Option<Arc<str>>) -> Self {
        self.kid = kid;
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

impl fmt::Debug for RecipientKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecipientKey").field("alg", &self.alg).field("kid", &self.kid).finish_non_exhaustive()
    }
}

/// A key is used once here, so that one of small order is found now rather than at first use.
fn peer_key(public: &Public) -> Result<PeerKey, KeyError> {
    let (curve, bytes) = agreement::point(public)?;
    let peer = PeerKey::new(curve, bytes).map_err(|_| KeyError::Inconsistent)?;
    AgreementKey::generate(curve).and_then(|probe| probe.agree(&peer)).map_err(|_| KeyError::Inconsistent)?;
    Ok(peer)
}
