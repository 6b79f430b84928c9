//! Ed25519 (RFC 8032 §5.1.7), accepting what AWS-LC accepts: the equation without the cofactor, S below the order, and R compared
//! as bytes with the one encoding of the point that was computed.

mod field;
mod point;
mod scalar;
mod table;
#[cfg(test)]
mod tests;

use aws_lc_rs::digest;
#[cfg(test)]
pub(super) use field::PRIME;
#[cfg(test)]
pub(super) use scalar::ORDER;

use point::{Affine, Sum};
use scalar::Scalar;
use table::Table;

use super::{Refused, SIGNATURE_LEN, halves};

/// A public key A, and the multiples of −A.
pub(crate) struct Key {
    base: &'static Table,
    negated: Table,
    encoded: [u8; 32],
}

impl Key {
    /// Takes the one encoding of a point, which need not be of prime order.
    pub(super) fn new(public: &[u8]) -> Result<Self, Refused> {
        let encoded = public.try_into().map_err(|_| Refused)?;
        let point = Affine::decode(&encoded).ok_or(Refused)?;
        let negated = Table::new(&point.negated()).ok_or(Refused)?;
        Ok(Self { base: table::of_base(), negated, encoded })
    }

    /// Whether `signature`, R and S in 32 bytes each, is good.
    pub(super) fn verify(&self, message: &[u8], signature: &[u8; SIGNATURE_LEN]) -> bool {
        let [r, s] = halves(signature);
        let Some(s) = Scalar::from_canonical(&s) else { return false };
        let mut hash = digest::Context::new(&digest::SHA512);
        for part in [&r, &self.encoded, message] {
            hash.update(part);
        }
        let mut k = [0; 64];
        k.copy_from_slice(hash.finish().as_ref());
        let mut sum = Sum::NEUTRAL;
        self.base.add_multiple(&mut sum, &s);
        self.negated.add_multiple(&mut sum, &Scalar::from_hash(&k));
        sum.encode().is_some_and(|encoded| encoded == r)
    }
}
