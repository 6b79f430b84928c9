//! Public keys.

use std::sync::Arc;

use super::identity::{Identity, identified, renamed};
use crate::Algorithm;
use crate::algorithm::Family;
use crate::crypto::VerifyKey;
use crate::curve::OkpCurve;
use crate::jwk::{Jwk, KeyOperation};
use crate::material::{KeyError, Material, Public};
use crate::signature::Signature;

/// The signature is not of this key, or not of this message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the signature does not match the key and the message")]
pub struct SignatureInvalid;

/// A public key: verifies by one algorithm.
///
/// Cloning is cheap.
#[derive(Clone)]
pub struct PublicKey {
    identity: Identity,
    parts: Arc<Public>,
    prepared: Arc<VerifyKey>,
}

impl PublicKey {
    /// From a JWK with an `alg`, or whose type allows only one signature algorithm.
    ///
    /// # Errors
    /// [`KeyError::AlgorithmMissing`] for an RSA key without `alg`: use [`PublicKey::from_jwk_for`]. Others if the key
    /// is private, not on its curve, too weak, or `use` or `key_ops` forbids verifying.
    pub fn from_jwk(jwk: &Jwk) -> Result<Self, KeyError> {
        Self::from_jwk_for(jwk.signature_algorithm()?, jwk)
    }

    /// Takes a JWK for this algorithm, which its `alg` must name if it has one.
    ///
    /// # Errors
    /// As [`PublicKey::from_jwk`].
    pub fn from_jwk_for(algorithm: Algorithm, jwk: &Jwk) -> Result<Self, KeyError> {
        jwk.permit(algorithm, &[KeyOperation::Verify])?;
        Ok(Self::from_material(algorithm, jwk.material())?.with_kid_of(jwk.kid().map(Arc::from)))
    }

    /// Parses PEM: SubjectPublicKeyInfo, PKCS#1, or a certificate, of which only the key is used.
    ///
    /// # Errors
    /// [`KeyError`] if the text is not PEM or holds another kind of key.
    pub fn from_pem(algorithm: Algorithm, pem: &str) -> Result<Self, KeyError> {
        Self::from_jwk_for(algorithm, &Jwk::from_pem(pem)?)
    }

    /// Parses DER: SubjectPublicKeyInfo, PKCS#1, or a certificate, of which only the key is used.
    ///
    /// # Errors
    /// [`KeyError`] if the bytes are not a public key, or another kind of key.
    pub fn from_der(algorithm: Algorithm, der: &[u8]) -> Result<Self, KeyError> {
        Self::from_jwk_for(algorithm, &Jwk::from_der(der)?)
    }

    fn from_material(algorithm: Algorithm, material: &Material) -> Result<Self, KeyError> {
        match material {
            Material::Public(parts) => Self::new(algorithm, parts.clone()),
            Material::Private(_) => Err(KeyError::Kind { found: "a private key", wanted: "a public key" }),
            Material::Secret(_) => Err(KeyError::Kind { found: "a shared secret", wanted: "a public key" }),
        }
    }

    pub(crate) fn new(algorithm: Algorithm, parts: Public) -> Result<Self, KeyError> {
        let prepared = match &parts {
            Public::Rsa { n, e } if algorithm.family() == Family::Rsa => VerifyKey::rsa(algorithm, n, e),
            Public::Ec { curve, point } if curve.algorithm() == algorithm => VerifyKey::ecdsa(*curve, point),
            Public::Okp { curve: OkpCurve::Ed25519, x } if algorithm == Algorithm::Ed25519 => {
                VerifyKey::ed25519(x)
            }
            Public::Akp { algorithm: own, public } if *own == algorithm => {
                VerifyKey::ml_dsa(algorithm, public)
            }
            _ => return Err(KeyError::AlgorithmMismatch { wanted: algorithm }),
        };
        let prepared = prepared.map_err(|_| KeyError::Inconsistent)?;
        Ok(Self { identity: Identity::new(algorithm), parts: Arc::new(parts), prepared: Arc::new(prepared) })
    }

    pub(super) fn with_kid_of(mut self, kid: Option<Arc<str>>) -> Self {
        self.identity.kid = kid;
        self
    }

    /// The key as a JWK with `use`, `alg` and `kid`.
    #[must_use]
    pub fn to_jwk(&self) -> Jwk {
        Jwk::for_signing(Material::Public((*self.parts).clone()), self.algorithm(), self.kid())
    }

    /// Verifies a signature of a message that is not a JWS: an assertion of Web Authentication, for example. The signature is
    /// verified by the key's algorithm, in the form that it has in JOSE ([`Signature`]).
    ///
    /// # Errors
    /// [`SignatureInvalid`] if it is not this key's signature of this message.
    pub fn verify_message(&self, message: &[u8], signature: &Signature) -> Result<(), SignatureInvalid> {
        self.prepared.verify(message, signature.as_bytes()).map_err(|_| SignatureInvalid)
    }

    pub(super) fn identity(&self) -> Identity {
        self.identity.clone()
    }

    pub(super) fn prepared(&self) -> Arc<VerifyKey> {
        Arc::clone(&self.prepared)
    }
}

identified!(PublicKey);
renamed!(PublicKey);
