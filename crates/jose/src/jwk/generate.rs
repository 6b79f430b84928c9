//! Generating keys without an algorithm.

use zeroize::Zeroizing;

use super::Jwk;
use crate::crypto;
use crate::crypto::RsaBits;
use crate::curve::{Curve, OkpCurve};
use crate::material::{KeyError, Material, Private};

/// What [`Jwk::generate`] makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyKind {
    /// RSA with a modulus of this size.
    Rsa(RsaBits),
    /// A point on P-256, for ES256 or ECDH-ES.
    P256,
    /// A point on P-384.
    P384,
    /// A point on P-521.
    P521,
    /// A point on secp256k1, for ES256K.
    Secp256k1,
    /// Edwards25519, for Ed25519.
    Ed25519,
    /// Curve25519, for ECDH-ES.
    X25519,
    /// Random bytes.
    Secret {
        /// How many.
        bytes: usize,
    },
}

impl Jwk {
    /// Generates a key. [`Jwk::with_alg`] and [`Jwk::with_use`] set its purpose. For a key that signs immediately, use
    /// [`PrivateKey::generate`](crate::PrivateKey::generate) or
    /// [`SharedSecret::generate`](crate::SharedSecret::generate).
    ///
    /// # Errors
    /// [`KeyError::Generation`] if the cryptographic library fails.
    pub fn generate(kind: KeyKind) -> Result<Self, KeyError> {
        let private = match kind {
            KeyKind::Rsa(bits) => rsa(bits)?,
            KeyKind::P256 => ec(Curve::P256)?,
            KeyKind::P384 => ec(Curve::P384)?,
            KeyKind::P521 => ec(Curve::P521)?,
            KeyKind::Secp256k1 => ec(Curve::Secp256k1)?,
            KeyKind::Ed25519 => okp(OkpCurve::Ed25519)?,
            KeyKind::X25519 => okp(OkpCurve::X25519)?,
            KeyKind::Secret { bytes } => return Ok(Self::of(Material::Secret(random(bytes)))),
        };
        Ok(Self::of(Material::Private(private)))
    }
}

fn rsa(bits: RsaBits) -> Result<Private, KeyError> {
    let pkcs8 = crypto::generate_rsa(bits).map_err(|_| KeyError::Generation)?;
    crate::encoding::pkcs8::read(&pkcs8)
}

fn ec(curve: Curve) -> Result<Private, KeyError> {
    let (scalar, point) = crypto::generate_ec(curve).map_err(|_| KeyError::Generation)?;
    Ok(Private::Ec { curve, point, scalar })
}

fn okp(curve: OkpCurve) -> Result<Private, KeyError> {
    Private::okp(curve, &random(32), None)
}

fn random(bytes: usize) -> Zeroizing<Vec<u8>> {
    let mut secret = Zeroizing::new(vec![0; bytes]);
    crypto::fill_random(&mut secret);
    secret
}
