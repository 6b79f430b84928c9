//! The numbers a key consists of, whatever it was read from, and why one is refused. Lengths and ranges have been checked; whether
//! the numbers belong together is checked where a key is made of them.

#[cfg(feature = "x509")]
mod certificate_error;
mod error;
mod skipped;

use zeroize::Zeroizing;

#[cfg(feature = "x509")]
pub use certificate_error::CertificateError;
pub use error::KeyError;
pub use skipped::SkippedKey;

use crate::Algorithm;
use crate::crypto::{self, RsaPrivate, SecretBytes, looks_like_roca};
use crate::curve::{Curve, OkpCurve};

/// The longest `kid` (bytes).
pub(crate) const MAX_KID: usize = 256;

pub(crate) fn check_kid(kid: &str) -> Result<(), KeyError> {
    if kid.len() > MAX_KID { Err(KeyError::KidTooLong) } else { Ok(()) }
}

/// Any key.
#[derive(Clone)]
pub(crate) enum Material {
    Public(Public),
    Private(Private),
    Secret(SecretBytes),
}

/// A public key.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Public {
    /// Big-endian, without leading zeros.
    Rsa { n: Vec<u8>, e: Vec<u8> },
    /// An uncompressed point: 4, x, y.
    Ec { curve: Curve, point: Vec<u8> },
    /// RFC 8037.
    Okp { curve: OkpCurve, x: [u8; 32] },
    /// RFC 9964.
    Akp { algorithm: Algorithm, public: Vec<u8> },
}

/// A private key with its public part.
#[derive(Clone)]
pub(crate) enum Private {
    Rsa { n: Vec<u8>, e: Vec<u8>, parts: RsaPrivate },
    Ec { curve: Curve, point: Vec<u8>, scalar: SecretBytes },
    Okp { curve: OkpCurve, x: [u8; 32], seed: SecretBytes },
    Akp { algorithm: Algorithm, public: Vec<u8>, seed: SecretBytes },
}

impl Public {
    /// Big-endian digits without leading zeros.
    pub(crate) fn rsa(n: &[u8], e: &[u8]) -> Result<Self, KeyError> {
        let bits = n.len() * 8 - n.first().map_or(0, |first| first.leading_zeros() as usize);
        if !(2048..=8192).contains(&bits) {
            return Err(KeyError::RsaSize { bits });
        }
        let odd = |digits: &[u8]| digits.last().is_some_and(|last| last % 2 == 1);
        let small = e.len() < 5 || (e.len() == 5 && e.first().is_some_and(|&first| first <= 1));
        if !odd(n) || !odd(e) || e == [1] || !small || e.first() == Some(&0) {
            return Err(KeyError::RsaNumbers);
        }
        if looks_like_roca(n) {
            return Err(KeyError::RsaRoca);
        }
        Ok(Self::Rsa { n: n.to_vec(), e: e.to_vec() })
    }

    /// An uncompressed point.
    pub(crate) fn ec_point(curve: Curve, point: &[u8]) -> Result<Self, KeyError> {
        match point.split_first() {
            Some((4, rest)) if rest.len() == 2 * curve.coordinate_len() => {
                Ok(Self::Ec { curve, point: point.to_vec() })
            }
            Some((2 | 3, _)) => Err(KeyError::Unsupported { what: "a compressed point" }),
            _ => Err(KeyError::Inconsistent),
        }
    }

    pub(crate) fn okp(curve: OkpCurve, x: &[u8]) -> Result<Self, KeyError> {
        let x = x.try_into().map_err(|_| KeyError::MemberMalformed { name: "x" })?;
        Ok(Self::Okp { curve, x })
    }

    pub(crate) fn akp(algorithm: Algorithm, public: &[u8]) -> Result<Self, KeyError> {
        if public.len() != crypto::ml_dsa_public_len(algorithm) {
            return Err(KeyError::MemberMalformed { name: "pub" });
        }
        Ok(Self::Akp { algorithm, public: public.to_vec() })
    }

    /// The signature algorithm, where the type of key allows only one.
    pub(crate) fn only_algorithm(&self) -> Option<Algorithm> {
        match self {
            Self::Rsa { .. } | Self::Okp { curve: OkpCurve::X25519, .. } => None,
            Self::Ec { curve, .. } => Some(curve.algorithm()),
            Self::Okp { curve: OkpCurve::Ed25519, .. } => Some(Algorithm::Ed25519),
            Self::Akp { algorithm, .. } => Some(*algorithm),
        }
    }
}

impl Private {
    pub(crate) fn rsa(n: &[u8], e: &[u8], parts: RsaPrivate) -> Result<Self, KeyError> {
        Public::rsa(n, e)?;
        Ok(Self::Rsa { n: n.to_vec(), e: e.to_vec(), parts })
    }

    /// The point is computed where it is not given.
    pub(crate) fn ec(curve: Curve, scalar: SecretBytes, point: Option<&[u8]>) -> Result<Self, KeyError> {
        if scalar.len() != curve.coordinate_len() {
            return Err(KeyError::MemberMalformed { name: "d" });
        }
        let point = match point {
            Some(point) => {
                Public::ec_point(curve, point)?;
                point.to_vec()
            }
            None => crypto::public_point(curve, &scalar).map_err(|_| KeyError::Inconsistent)?,
        };
        Ok(Self::Ec { curve, point, scalar })
    }

    /// The public part is computed, and compared where it is given.
    pub(crate) fn okp(curve: OkpCurve, seed: &[u8], x: Option<&[u8]>) -> Result<Self, KeyError> {
        if seed.len() != 32 {
            return Err(KeyError::MemberMalformed { name: "d" });
        }
        let computed = match curve {
            OkpCurve::Ed25519 => crypto::ed25519_public(seed),
            OkpCurve::X25519 => crypto::x25519_public(seed),
        }
        .map_err(|_| KeyError::Inconsistent)?;
        if x.is_some_and(|x| x != computed) {
            return Err(KeyError::Inconsistent);
        }
        let x = computed.as_slice().try_into().map_err(|_| KeyError::Inconsistent)?;
        Ok(Self::Okp { curve, x, seed: Zeroizing::new(seed.to_vec()) })
    }

    /// The public part is computed, and compared where it is given.
    pub(crate) fn akp(algorithm: Algorithm, seed: &[u8], public: Option<&[u8]>) -> Result<Self, KeyError> {
        if seed.len() != 32 {
            return Err(KeyError::MemberMalformed { name: "priv" });
        }
        let computed = crypto::ml_dsa_public(algorithm, seed).map_err(|_| KeyError::Inconsistent)?;
        if public.is_some_and(|public| public != computed) {
            return Err(KeyError::Inconsistent);
        }
        Ok(Self::Akp { algorithm, public: computed, seed: Zeroizing::new(seed.to_vec()) })
    }

    pub(crate) fn public(&self) -> Public {
        match self {
            Self::Rsa { n, e, .. } => Public::Rsa { n: n.clone(), e: e.clone() },
            Self::Ec { curve, point, .. } => Public::Ec { curve: *curve, point: point.clone() },
            Self::Okp { curve, x, .. } => Public::Okp { curve: *curve, x: *x },
            Self::Akp { algorithm, public, .. } => {
                Public::Akp { algorithm: *algorithm, public: public.clone() }
            }
        }
    }
}
