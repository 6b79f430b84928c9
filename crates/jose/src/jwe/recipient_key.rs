//! What a sender encrypts to.

use std::fmt;
use std::sync::Arc;

use zeroize::Zeroizing;

use super::algorithm::Method;
use super::{ContentEncryption, KeyManagement};
use crate::crypto::{AgreementCurve, OaepPublicKey};
use crate::jwk::{Jwk, KeyOperation, KeyUse};
use crate::key::{Curve, KeyError, Material, OkpCurve, Public};

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
    /// For `dir` with the `enc` that the key is bound to, if it is, and for key wrapping.
    Secret {
        key: Zeroizing<Vec<u8>>,
        enc: Option<ContentEncryption>,
    },
    Rsa(OaepPublicKey),
    Agreement {
        curve: AgreementCurve,
        public: Vec<u8>,
    },
    Password {
        password: Zeroizing<Vec<u8>>,
        iterations: u32,
    },
}

impl RecipientKey {
    /// Takes a JWK whose `alg` says how its owner wants to be encrypted to. A symmetric key whose `alg` is an `enc` is for `dir`
    /// with that.
    ///
    /// # Errors
    /// [`KeyError::AlgorithmMissing`] where it does not: use [`RecipientKey::from_jwk_for`]. Others where the key does not fit.
    pub fn from_jwk(jwk: &Jwk) -> Result<Self, KeyError> {
        Self::from_jwk_for(own_alg(jwk)?, jwk)
    }

    /// Takes a JWK for this `alg`, which its own must name if it has one.
    ///
    /// # Errors
    /// [`KeyError`] where the key is of another type, private, too weak, or not meant for encryption.
    pub fn from_jwk_for(alg: KeyManagement, jwk: &Jwk) -> Result<Self, KeyError> {
        use KeyOperation::{DeriveBits, DeriveKey, Encrypt, WrapKey};
        let enc = permit(alg, jwk, &[Encrypt, WrapKey, DeriveKey, DeriveBits])?;
        let kind = match (alg.method(), jwk.material()) {
            (Method::Oaep(_), Material::Public(Public::Rsa { n, e })) => {
                RecipientKind::Rsa(OaepPublicKey::new(n, e).map_err(|_| KeyError::Inconsistent)?)
            }
            (Method::Agreement { .. }, Material::Public(public)) => {
                let (curve, public) = agreement_point(public)?;
                // A point off its curve is found here rather than at first use.
                crate::crypto::AgreementKey::generate(curve)
                    .and_then(|probe| probe.agree(&public))
                    .map_err(|_| KeyError::Inconsistent)?;
                RecipientKind::Agreement { curve, public }
            }
            (Method::Direct | Method::AesWrap | Method::GcmWrap, Material::Secret(key)) => {
                check_secret(alg, enc, key)?;
                RecipientKind::Secret { key: key.clone(), enc }
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
        let iterations = if alg == KeyManagement::Pbes2Hs256A128Kw { 600_000 } else { 210_000 };
        let kind = RecipientKind::Password { password: Zeroizing::new(password.to_vec()), iterations };
        Ok(Self { alg, kid: None, kind: Arc::new(kind) })
    }

    /// The same password with another number of iterations, between 1000 and 1,200,000.
    ///
    /// # Errors
    /// [`KeyError::EncryptionMismatch`] where the key is no password, [`KeyError::MemberMalformed`] beyond those bounds.
    pub fn iterations(self, iterations: u32) -> Result<Self, KeyError> {
        let RecipientKind::Password { password, .. } = &*self.kind else {
            return Err(KeyError::EncryptionMismatch);
        };
        if !(1000..=1_200_000).contains(&iterations) {
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

/// What a key says to be for. An `enc` as `alg` means `dir` with it.
pub(super) fn own_alg(jwk: &Jwk) -> Result<KeyManagement, KeyError> {
    let name = jwk.alg().ok_or(KeyError::AlgorithmMissing)?;
    if ContentEncryption::from_name(name).is_some() {
        return Ok(KeyManagement::Dir);
    }
    KeyManagement::from_name(name).ok_or(KeyError::AlgorithmUnknown)
}

/// Whether the key may be used so; gives the `enc` that a key for `dir` is bound to.
pub(super) fn permit(
    alg: KeyManagement,
    jwk: &Jwk,
    operations: &[KeyOperation],
) -> Result<Option<ContentEncryption>, KeyError> {
    let enc = jwk.alg().and_then(ContentEncryption::from_name);
    if jwk.alg().is_some() && own_alg(jwk)? != alg {
        return Err(KeyError::EncryptionMismatch);
    }
    let use_allows = matches!(jwk.key_use(), None | Some(KeyUse::Enc));
    if !use_allows || !operations.iter().any(|operation| jwk.allows(operation.clone())) {
        return Err(KeyError::Use);
    }
    Ok(enc)
}

pub(super) fn check_secret(
    alg: KeyManagement,
    enc: Option<ContentEncryption>,
    key: &[u8],
) -> Result<(), KeyError> {
    let fits = match (alg, enc) {
        (KeyManagement::Dir, Some(enc)) => key.len() == enc.key_len(),
        (KeyManagement::Dir, None) => ContentEncryption::ALL.iter().any(|enc| enc.key_len() == key.len()),
        _ => key.len() == alg.wrap_len(),
    };
    if fits { Ok(()) } else { Err(KeyError::MemberMalformed { name: "k" }) }
}

pub(super) fn agreement_point(public: &Public) -> Result<(AgreementCurve, Vec<u8>), KeyError> {
    match public {
        Public::Ec { curve, point } => Ok((agreement_curve(*curve)?, point.clone())),
        Public::Okp { curve: OkpCurve::X25519, x } => Ok((AgreementCurve::X25519, x.to_vec())),
        _ => Err(KeyError::EncryptionMismatch),
    }
}

pub(super) fn agreement_curve(curve: Curve) -> Result<AgreementCurve, KeyError> {
    match curve {
        Curve::P256 => Ok(AgreementCurve::P256),
        Curve::P384 => Ok(AgreementCurve::P384),
        Curve::P521 => Ok(AgreementCurve::P521),
        Curve::Secp256k1 => Err(KeyError::Unsupported { what: "key agreement on secp256k1" }),
    }
}
