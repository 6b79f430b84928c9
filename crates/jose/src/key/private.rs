//! Private keys.

use std::sync::Arc;

use super::PublicKey;
use super::identity::{Identity, identified, renamed};
use crate::Algorithm;
use crate::algorithm::Family;
use crate::crypto::{self, RsaBits, SignKey, SignatureBytes};
use crate::curve::{Curve, OkpCurve};
use crate::jwk::{Jwk, KeyOperation};
use crate::material::{KeyError, Material, Private, Public};

/// A private key: signs by one algorithm.
///
/// Cloning is cheap. `Debug` shows the algorithm and the `kid`, nothing else.
#[derive(Clone)]
pub struct PrivateKey {
    identity: Identity,
    parts: Arc<Private>,
    prepared: Arc<SignKey>,
}

impl PrivateKey {
    /// Makes a new key; an RSA key has 2048 bits, unless made by [`PrivateKey::generate_rsa`].
    ///
    /// # Errors
    /// [`KeyError::Kind`] for an HMAC algorithm, which takes a [`SharedSecret`](crate::SharedSecret).
    pub fn generate(algorithm: Algorithm) -> Result<Self, KeyError> {
        let failed = |_| KeyError::Generation;
        let parts = match algorithm.family() {
            Family::Hmac => {
                return Err(KeyError::Kind { found: "an HMAC algorithm", wanted: "a signature algorithm" });
            }
            Family::Rsa => return Self::generate_rsa(algorithm, RsaBits::Rsa2048),
            Family::Ecdsa => {
                let curve = Curve::of(algorithm).ok_or(KeyError::Generation)?;
                let (scalar, point) = crypto::generate_ec(curve).map_err(failed)?;
                Private::Ec { curve, point, scalar }
            }
            Family::EdDsa => {
                let (seed, x) = crypto::generate_ed25519().map_err(failed)?;
                Private::okp(OkpCurve::Ed25519, &seed, Some(&x))?
            }
            Family::MlDsa => {
                let (seed, public) = crypto::generate_ml_dsa(algorithm).map_err(failed)?;
                Private::Akp { algorithm, public, seed }
            }
        };
        Self::new(algorithm, parts)
    }

    /// Makes a new RSA key of this size. The larger ones take seconds to make, and sign several times slower.
    ///
    /// # Errors
    /// [`KeyError::AlgorithmMismatch`] for an algorithm that is not one of RSA.
    pub fn generate_rsa(algorithm: Algorithm, bits: RsaBits) -> Result<Self, KeyError> {
        if algorithm.family() != Family::Rsa {
            return Err(KeyError::AlgorithmMismatch { wanted: algorithm });
        }
        let pkcs8 = crypto::generate_rsa(bits).map_err(|_| KeyError::Generation)?;
        Self::new(algorithm, crate::encoding::pkcs8::read(&pkcs8)?)
    }

    /// From a JWK with an `alg`, or whose type allows only one signature algorithm.
    ///
    /// # Errors
    /// [`KeyError::AlgorithmMissing`] for an RSA key without `alg`: use [`PrivateKey::from_jwk_for`]. Others if the
    /// key is public, its parts do not match, or `use` or `key_ops` forbids signing.
    pub fn from_jwk(jwk: &Jwk) -> Result<Self, KeyError> {
        Self::from_jwk_for(jwk.signature_algorithm()?, jwk)
    }

    /// Takes a JWK for this algorithm, which its `alg` must name if it has one.
    ///
    /// # Errors
    /// As [`PrivateKey::from_jwk`].
    pub fn from_jwk_for(algorithm: Algorithm, jwk: &Jwk) -> Result<Self, KeyError> {
        jwk.permit(algorithm, &[KeyOperation::Sign])?;
        let mut key = Self::from_material(algorithm, jwk.material())?;
        key.identity.kid = jwk.kid().map(Arc::from);
        Ok(key)
    }

    /// Reads PEM: PKCS#8, PKCS#1 or SEC1.
    ///
    /// # Errors
    /// [`KeyError`] if the text is not PEM, holds another kind of key, or is encrypted.
    pub fn from_pem(algorithm: Algorithm, pem: &str) -> Result<Self, KeyError> {
        Self::from_jwk_for(algorithm, &Jwk::from_pem(pem)?)
    }

    /// Reads DER: PKCS#8, PKCS#1 or SEC1.
    ///
    /// # Errors
    /// [`KeyError`] if the bytes are not a private key, or another kind of key.
    pub fn from_der(algorithm: Algorithm, der: &[u8]) -> Result<Self, KeyError> {
        Self::from_jwk_for(algorithm, &Jwk::from_der(der)?)
    }

    fn from_material(algorithm: Algorithm, material: &Material) -> Result<Self, KeyError> {
        match material {
            Material::Private(parts) => Self::new(algorithm, parts.clone()),
            Material::Public(_) => Err(KeyError::Kind { found: "a public key", wanted: "a private key" }),
            Material::Secret(_) => Err(KeyError::Kind { found: "a shared secret", wanted: "a private key" }),
        }
    }

    fn new(algorithm: Algorithm, parts: Private) -> Result<Self, KeyError> {
        let prepared = match &parts {
            Private::Rsa { n, e, parts } if algorithm.family() == Family::Rsa => {
                SignKey::rsa(algorithm, n, e, parts)
            }
            Private::Ec { curve, point, scalar } if curve.algorithm() == algorithm => {
                SignKey::ecdsa(*curve, scalar, point)
            }
            Private::Okp { curve: OkpCurve::Ed25519, x, seed } if algorithm == Algorithm::Ed25519 => {
                SignKey::ed25519(seed, x)
            }
            Private::Akp { algorithm: own, public, seed } if *own == algorithm => {
                SignKey::ml_dsa(algorithm, seed, public)
            }
            _ => return Err(KeyError::AlgorithmMismatch { wanted: algorithm }),
        };
        let prepared = prepared.map_err(|_| KeyError::Inconsistent)?;
        Ok(Self { identity: Identity::new(algorithm), parts: Arc::new(parts), prepared: Arc::new(prepared) })
    }

    /// The key that verifies what this one signs, under the same `kid`.
    #[must_use]
    pub fn public_key(&self) -> PublicKey {
        PublicKey::new(self.algorithm(), self.public())
            .expect("the public part of a working private key works")
            .with_kid_of(self.identity.kid.clone())
    }

    pub(super) fn public(&self) -> Public {
        self.parts.public()
    }

    /// The key as a JWK with its private members, `use`, `alg` and `kid`. Its `Debug` hides them too.
    #[must_use]
    pub fn to_jwk(&self) -> Jwk {
        Jwk::for_signing(Material::Private((*self.parts).clone()), self.algorithm(), self.kid())
    }

    /// Refuses a `kid` that no verifier takes.
    pub(crate) fn check(&self) -> Result<(), KeyError> {
        self.identity.check()
    }

    pub(crate) fn sign(&self, message: &[u8]) -> Result<SignatureBytes, crypto::Refused> {
        self.prepared.sign(message)
    }

    pub(crate) fn signature_len(&self) -> usize {
        self.prepared.signature_len()
    }
}

identified!(PrivateKey);
renamed!(PrivateKey);
