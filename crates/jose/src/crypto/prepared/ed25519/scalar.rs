//! Numbers modulo the order of the base point.

use fiat_crypto::curve25519_scalar_64 as fiat;
use fiat_crypto::curve25519_scalar_64::{
    fiat_25519_scalar_montgomery_domain_field_element as Montgomery,
    fiat_25519_scalar_non_montgomery_domain_field_element as Plain,
};

use crate::crypto::prepared::{Limbs, halves, is_below, limbs_from_le};

/// 2^252 + 27742317777372353535851937790883648493.
pub(in crate::crypto::prepared) const ORDER: Limbs =
    [0x5812_631a_5cf5_d3ed, 0x14de_f9de_a2f7_9cd6, 0, 0x1000_0000_0000_0000];

/// 2^252 in Montgomery form.
const SECOND: Montgomery = {
    let mut factor = Montgomery([0; 4]);
    fiat::fiat_25519_scalar_to_montgomery(&mut factor, &Plain([0, 0, 0, 1 << 60]));
    factor
};
/// 2^504 in Montgomery form.
const THIRD: Montgomery = {
    let mut factor = Montgomery([0; 4]);
    fiat::fiat_25519_scalar_mul(&mut factor, &SECOND, &SECOND);
    factor
};

/// A number below the order.
pub(super) struct Scalar(Limbs);

impl Scalar {
    /// Nothing where the number is the order or above.
    pub(super) fn from_canonical(bytes: &[u8; 32]) -> Option<Self> {
        let number = limbs_from_le(bytes);
        is_below(&number, &ORDER).then_some(Self(number))
    }

    /// A number of 512 bits, reduced in pieces of 252 bits, each of which is below the order.
    pub(super) fn from_hash(hash: &[u8; 64]) -> Self {
        const TOP: u64 = (1 << 60) - 1;
        let [[a, b, c, d], [e, f, g, h]] = halves(hash).map(|half| limbs_from_le(&half));
        let first = Montgomery([a, b, c, d & TOP]);
        let second =
            Montgomery([d >> 60 | e << 4, e >> 60 | f << 4, f >> 60 | g << 4, g >> 60 | h << 4 & TOP]);
        let third = Montgomery([h >> 56, 0, 0, 0]);
        // Each product has one factor in Montgomery form and is itself in none.
        let mut sum = first;
        for (piece, factor) in [(second, SECOND), (third, THIRD)] {
            let (mut product, before) = (Montgomery([0; 4]), sum);
            fiat::fiat_25519_scalar_mul(&mut product, &piece, &factor);
            fiat::fiat_25519_scalar_add(&mut sum, &before, &product);
        }
        Self(sum.0)
    }

    pub(super) fn limbs(&self) -> &Limbs {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use num_bigint::BigUint;

    use super::{ORDER, Scalar};
    use crate::crypto::prepared::reference::{big, interesting_limbs, le_bytes};

    #[test]
    fn hashes_are_reduced_as_a_big_integer_library_reduces_them() {
        let all: Vec<_> = interesting_limbs().map(|limbs| le_bytes(&big(&limbs))).collect();
        for (index, low) in all.iter().enumerate() {
            let high = all[(index * 3 + 1) % all.len()];
            let hash: [u8; 64] = std::array::from_fn(|at| if at < 32 { low[at] } else { high[at - 32] });
            let expected = BigUint::from_bytes_le(&hash) % big(&ORDER);
            assert_eq!(big(Scalar::from_hash(&hash).limbs()), expected, "{hash:x?}");
        }
    }

    #[test]
    fn only_numbers_below_the_order_are_scalars() {
        for number in interesting_limbs() {
            let scalar = Scalar::from_canonical(&le_bytes(&big(&number)));
            assert_eq!(scalar.map(|scalar| *scalar.limbs()), (big(&number) < big(&ORDER)).then_some(number));
        }
    }
}
