//! ECDSA on P-256 with SHA-256 (FIPS 186-5 §6.4.2, RFC 7518 §3.4).

mod field;
mod point;
mod scalar;
mod table;
#[cfg(test)]
mod tests;

#[cfg(test)]
pub(super) use field::PRIME;
#[cfg(test)]
pub(super) use scalar::ORDER;

use point::{Affine, Sum};
use scalar::Scalar;
use table::Table;

use super::{Refused, SIGNATURE_LEN, halves};
use crate::crypto::digest::sha256;

/// A public key and its multiples.
pub(crate) struct Key {
    generator: &'static Table,
    own: Table,
}

impl Key {
    /// Takes an uncompressed point.
    pub(super) fn new(point: &[u8]) -> Result<Self, Refused> {
        let point = Affine::from_uncompressed(point).ok_or(Refused)?;
        Ok(Self { generator: table::of_generator(), own: Table::new(&point).ok_or(Refused)? })
    }

    /// Whether `signature`, r and s in 32 bytes each, is good.
    pub(super) fn verify(&self, message: &[u8], signature: &[u8; SIGNATURE_LEN]) -> bool {
        self.verify_hash(&sha256(message), signature)
    }

    fn verify_hash(&self, hash: &[u8; 32], signature: &[u8; SIGNATURE_LEN]) -> bool {
        self.is_good(hash, signature).is_some_and(|good| good)
    }

    /// Nothing where r or s is out of range.
    fn is_good(&self, hash: &[u8; 32], signature: &[u8; SIGNATURE_LEN]) -> Option<bool> {
        let [r, s] = halves(signature).map(|half| Scalar::from_nonzero(&half));
        let (r, s) = (r?, s?);
        let inverse = s.invert()?;
        let mut sum = Sum::INFINITY;
        self.generator.add_multiple(&mut sum, &Scalar::from_hash(hash).times(&inverse));
        self.own.add_multiple(&mut sum, &r.times(&inverse));
        // The x of the sum is compared modulo the order of the group, which is a little smaller than the field's prime: an
        // r may stand for two of them.
        Some(sum.has_x(r.limbs()) || r.plus_order_below_prime().is_some_and(|x| sum.has_x(&x)))
    }
}
