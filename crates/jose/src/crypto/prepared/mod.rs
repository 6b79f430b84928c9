//! Public keys with tables of their multiples, so that verifying needs additions only.
//!
//! Everything here works on public data (the key, the message, the signature) and takes the time that it takes. The arithmetic
//! modulo 2^255 − 19 and modulo the two group orders is `fiat-crypto`'s, which is generated from proofs; that modulo the prime
//! of P-256 (`p256/field.rs`), the curves, and the inverse are our own.

mod digits;
mod ed25519;
mod inverse;
mod p256;
#[cfg(test)]
mod reference;

use super::Refused;

/// How long the signatures of both algorithms are (bytes).
pub(super) const SIGNATURE_LEN: usize = 64;

/// A key with its table.
pub(crate) enum PreparedKey {
    P256(p256::Key),
    Ed25519(ed25519::Key),
}

impl PreparedKey {
    /// For ES256. `point` must be an uncompressed one on P-256.
    pub(crate) fn p256(point: &[u8]) -> Result<Self, Refused> {
        Ok(Self::P256(p256::Key::new(point)?))
    }

    /// For Ed25519. `public` must be the one encoding of a point.
    pub(crate) fn ed25519(public: &[u8]) -> Result<Self, Refused> {
        Ok(Self::Ed25519(ed25519::Key::new(public)?))
    }

    pub(crate) fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), Refused> {
        let signature = signature.try_into().map_err(|_| Refused)?;
        let good = match self {
            Self::P256(key) => key.verify(message, signature),
            Self::Ed25519(key) => key.verify(message, signature),
        };
        if good { Ok(()) } else { Err(Refused) }
    }
}

/// A number below 2^256, least significant limb first.
type Limbs = [u64; 4];

fn limbs_from_be(bytes: &[u8; 32]) -> Limbs {
    let mut little = *bytes;
    little.reverse();
    limbs_from_le(&little)
}

fn limbs_from_le(bytes: &[u8; 32]) -> Limbs {
    let mut limbs = [0; 4];
    for (limb, word) in limbs.iter_mut().zip(bytes.as_chunks().0) {
        *limb = u64::from_le_bytes(*word);
    }
    limbs
}

/// The two halves of a signature or of a long hash.
fn halves(bytes: &[u8; 64]) -> [[u8; 32]; 2] {
    let mut halves = [[0; 32]; 2];
    for (half, chunk) in halves.iter_mut().zip(bytes.as_chunks().0) {
        *half = *chunk;
    }
    halves
}

/// `left + right` modulo 2^256, and whether something is carried out.
#[inline]
fn add(left: &Limbs, right: &Limbs) -> (Limbs, bool) {
    let (mut sum, mut carry) = (*left, false);
    for (limb, right) in sum.iter_mut().zip(right) {
        (*limb, carry) = limb.carrying_add(*right, carry);
    }
    (sum, carry)
}

/// `left − right` modulo 2^256, and whether `left` is the smaller.
#[inline]
fn subtract(left: &Limbs, right: &Limbs) -> (Limbs, bool) {
    let (mut difference, mut borrow) = (*left, false);
    for (limb, right) in difference.iter_mut().zip(right) {
        (*limb, borrow) = limb.borrowing_sub(*right, borrow);
    }
    (difference, borrow)
}

/// Whether `left` is the smaller.
fn is_below(left: &Limbs, right: &Limbs) -> bool {
    subtract(left, right).1
}
