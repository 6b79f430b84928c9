//! Signatures that are not part of a JWS: what a remote signer returns, or another format brings.

use std::fmt;

use crate::Algorithm;
use crate::curve::Curve;
use crate::der::Reader;
use crate::material::KeyError;

/// A signature as JOSE has it: r and s of ECDSA side by side, each at its full length (RFC 7518 §3.4).
#[derive(Clone, PartialEq, Eq)]
pub struct Signature(Vec<u8>);

/// The bytes are not the DER of an ECDSA signature on the key's curve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an ECDSA signature for this curve in DER")]
pub struct SignatureMalformed;

impl Signature {
    /// What PKCS#11 gives, and everybody where the algorithm is not ECDSA: the signature as it is.
    #[must_use]
    pub fn from_bytes(bytes: impl Into<Vec<u8>>) -> Self {
        Self(bytes.into())
    }

    /// What the services of AWS, Google and others give for ECDSA: a DER sequence of two integers (RFC 3279 §2.2.3).
    ///
    /// # Errors
    /// [`SignatureMalformed`] if the bytes are anything else, an integer is too long, or the algorithm is not ECDSA.
    pub fn from_der(algorithm: Algorithm, der: &[u8]) -> Result<Self, SignatureMalformed> {
        let len = Curve::of(algorithm).ok_or(SignatureMalformed)?.coordinate_len();
        let (r, s) = integers(der).map_err(|_| SignatureMalformed)?;
        let mut fixed = Vec::with_capacity(len * 2);
        for digits in [r, s] {
            let missing = len.checked_sub(digits.len()).ok_or(SignatureMalformed)?;
            fixed.resize(fixed.len() + missing, 0);
            fixed.extend_from_slice(digits);
        }
        Ok(Self(fixed))
    }

    /// The signature as it appears in a JWS.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

fn integers(der: &[u8]) -> Result<(&[u8], &[u8]), KeyError> {
    let mut reader = Reader::new(der);
    let mut sequence = reader.sequence()?;
    reader.end()?;
    let integers = (sequence.integer()?, sequence.integer()?);
    sequence.end()?;
    Ok(integers)
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signature").field("len", &self.0.len()).finish_non_exhaustive()
    }
}
