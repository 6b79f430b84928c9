//! Public keys.

use std::sync::Arc;

use super::identity::{Identity, identified, renamed};
use crate::Algorithm;
use crate::algorithm::Family;
use crate::crypto::VerifyKey;
#[cfg(feature = "prepared-keys")]
use crate::curve::Curve;
use crate::curve::OkpCurve;
use crate::jwk::{Jwk, KeyOperation};
use crate::material::{KeyError, Material, Public};

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
    /// Takes a JWK whose `alg` says what it is for, or whose type allows one signature algorithm only.
    ///
    /// # Errors
    /// [`KeyError::AlgorithmMissing`] for an RSA key without `alg`: use [`PublicKey::from_jwk_for`]. Others where the key
    /// is private, not on its curve, too weak, or `use` or `key_ops` forbid verifying.
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

    /// Reads PEM: SubjectPublicKeyInfo, PKCS#1, or a certificate, of which only the key is taken.
    ///
    /// # Errors
    /// [`KeyError`] where the text is not PEM or holds another kind of key.
    pub fn from_pem(algorithm: Algorithm, pem: &str) -> Result<Self, KeyError> {
        Self::from_jwk_for(algorithm, &Jwk::from_pem(pem)?)
    }

    /// Reads DER: SubjectPublicKeyInfo, PKCS#1, or a certificate, of which only the key is taken.
    ///
    /// # Errors
    /// [`KeyError`] where the bytes hold no public key, or another kind.
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

    /// The same key with a table of its multiples, which verifies in about a third (ES256) or half (Ed25519) of the time. For an
    /// issuer's key that verifies many tokens; clones share the table.
    ///
    /// | | ES256 | Ed25519 |
    /// |---|---|---|
    /// | a signature over 417 bytes | 22 µs | 20 µs |
    /// | the same without the table, by AWS-LC | 64 µs | 42 µs |
    /// | memory of a key | 86 KiB | 161 KiB |
    /// | time to prepare | 0.5 ms | 0.5 ms |
    /// | pays after | 13 tokens | 22 tokens |
    ///
    /// (An EPYC 7003 at 2.4 GHz, without any option for its instructions.) The first key of an algorithm also makes a table of
    /// the same size for the algorithm's own base point, which all share.
    ///
    /// It accepts exactly what the key accepts without the table. The curve arithmetic is this crate's own, on field arithmetic
    /// that for the most part is generated from proofs (`fiat-crypto`), and in safe Rust. It was tested with Wycheproof's
    /// cases, the examples of RFC 6979 and RFC 8032, a big-integer reference, and good, mutated and random signatures beside
    /// AWS-LC, with the numbers at the ends of their ranges, sums that meet a doubling or infinity, and keys of
    /// small order.
    ///
    /// The time that it takes depends on the key, the message and the signature, and these are public. Nothing secret is
    /// ever given to this code.
    ///
    /// ```
    /// use jeton_jose::{Algorithm, PrivateKey, jws};
    ///
    /// let issuer = PrivateKey::generate(Algorithm::ES256)?;
    /// let verifier = jws::Verifier::new(issuer.public_key().prepare()?);
    /// let token = jws::Signer::new(&issuer).sign(b"payload")?;
    /// assert_eq!(verifier.verify(&token)?.payload(), b"payload");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`KeyError::Unsupported`] for a key of another algorithm; [`KeyError::Inconsistent`] for an Ed25519 key whose bytes
    /// are not the one encoding of a point.
    #[cfg(feature = "prepared-keys")]
    pub fn prepare(self) -> Result<Self, KeyError> {
        let prepared = match &*self.parts {
            Public::Ec { curve: Curve::P256, point } => VerifyKey::prepared_p256(point),
            Public::Okp { curve: OkpCurve::Ed25519, x } => VerifyKey::prepared_ed25519(x),
            _ => {
                return Err(KeyError::Unsupported {
                    what: "preparing a key for other algorithms than ES256 and Ed25519",
                });
            }
        };
        let prepared = Arc::new(prepared.map_err(|_| KeyError::Inconsistent)?);
        Ok(Self { prepared, ..self })
    }

    /// The key as a JWK with `use`, `alg` and `kid`.
    #[must_use]
    pub fn to_jwk(&self) -> Jwk {
        Jwk::for_signing(Material::Public((*self.parts).clone()), self.algorithm(), self.kid())
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
