//! Numbers modulo the order of P-256.

use fiat_crypto::p256_scalar_64 as fiat;

use super::field;
use crate::crypto::prepared::inverse::Modulus;
use crate::crypto::prepared::{Limbs, add, is_below, limbs_from_be, subtract};

/// How many points there are, a prime.
pub(in crate::crypto::prepared) const ORDER: Limbs =
    [0xf3b9_cac2_fc63_2551, 0xbce6_faad_a717_9e84, 0xffff_ffff_ffff_ffff, 0xffff_ffff_0000_0000];
const MODULUS: Modulus = Modulus::new(&ORDER);

/// A number below the order.
#[derive(Clone, Copy)]
pub(super) struct Scalar(Limbs);

impl Scalar {
    /// Nothing for zero, the order, or above: the range of r and s.
    pub(super) fn from_nonzero(bytes: &[u8; 32]) -> Option<Self> {
        let number = limbs_from_be(bytes);
        (number != [0; 4] && is_below(&number, &ORDER)).then_some(Self(number))
    }

    /// A hash modulo the order, which is more than half of 2^256: subtracting it once is enough.
    pub(super) fn from_hash(hash: &[u8; 32]) -> Self {
        let number = limbs_from_be(hash);
        let (less, below) = subtract(&number, &ORDER);
        Self(if below { number } else { less })
    }

    pub(super) fn limbs(&self) -> &Limbs {
        &self.0
    }

    /// The inverse, ready to multiply by; nothing for zero.
    pub(super) fn invert(&self) -> Option<Factor> {
        let inverse = Self(MODULUS.invert(&self.0)?);
        let mut factor = fiat::fiat_p256_scalar_montgomery_domain_field_element([0; 4]);
        fiat::fiat_p256_scalar_to_montgomery(
            &mut factor,
            &fiat::fiat_p256_scalar_non_montgomery_domain_field_element(inverse.0),
        );
        let factor = Factor(factor);
        (self.times(&factor).0 == [1, 0, 0, 0]).then_some(factor)
    }

    pub(super) fn times(&self, factor: &Factor) -> Self {
        let mut product = fiat::fiat_p256_scalar_montgomery_domain_field_element([0; 4]);
        // One factor in Montgomery form and one not: the product is not either.
        fiat::fiat_p256_scalar_mul(
            &mut product,
            &fiat::fiat_p256_scalar_montgomery_domain_field_element(self.0),
            &factor.0,
        );
        Self(product.0)
    }

    /// This number plus the order, where that is below the field's prime.
    pub(super) fn plus_order_below_prime(&self) -> Option<Limbs> {
        let (room, _) = subtract(&field::PRIME, &ORDER);
        is_below(&self.0, &room).then(|| add(&self.0, &ORDER).0)
    }
}

/// A scalar in Montgomery form.
pub(super) struct Factor(fiat::fiat_p256_scalar_montgomery_domain_field_element);

#[cfg(test)]
mod tests {
    use super::{ORDER, Scalar};
    use crate::crypto::prepared::p256::PRIME;
    use crate::crypto::prepared::reference::{be_bytes, big, interesting_limbs};

    #[test]
    fn scalar_arithmetic_agrees_with_a_big_integer_library() {
        let n = big(&ORDER);
        let all: Vec<_> = interesting_limbs().collect();
        for (index, number) in all.iter().enumerate() {
            let bytes = be_bytes(&big(number));
            let hash = Scalar::from_hash(&bytes);
            assert_eq!(big(hash.limbs()), big(number) % &n);
            let scalar = Scalar::from_nonzero(&bytes);
            assert_eq!(scalar.is_some(), *number != [0; 4] && big(number) < n);
            let Some(scalar) = scalar else { continue };
            let inverse = scalar.invert().unwrap();
            let other = Scalar::from_hash(&be_bytes(&big(&all[(index * 5 + 1) % all.len()])));
            let product = big(other.limbs()) * big(number).modinv(&n).unwrap() % &n;
            assert_eq!(big(other.times(&inverse).limbs()), product);
            let sum = big(number) + &n;
            let expected = (sum < big(&PRIME)).then_some(sum);
            assert_eq!(scalar.plus_order_below_prime().map(|sum| big(&sum)), expected);
        }
    }
}
