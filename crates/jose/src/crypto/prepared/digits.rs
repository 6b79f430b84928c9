//! Scalars as signed digits, one for each window of a table.

use super::Limbs;

/// Bits of a window. Wider ones save additions and cost memory: 5 bits take a tenth more time, 7 twice the memory for
/// five hundredths less.
pub(super) const WINDOW: usize = 6;

/// Windows of a table. They hold a digit each, and together more than the 256 bits of a scalar, so that nothing is carried
/// out of the last.
pub(super) const WINDOWS: usize = 256_usize.div_ceil(WINDOW);

/// Multiples that a table holds for each window: 1 to 32 times.
pub(super) const MULTIPLES: usize = 1 << (WINDOW - 1);

/// The digits of `scalar`, each from −31 to 32: `scalar` is the sum of `digit(i) · 2^(6 i)`.
pub(super) fn signed_digits(scalar: &Limbs) -> [i8; WINDOWS] {
    let mut carry = 0;
    std::array::from_fn(|window| {
        let (limb, shift) = (window * WINDOW / 64, window * WINDOW % 64);
        let [low, high] = [limb, limb + 1].map(|limb| u128::from(scalar.get(limb).copied().unwrap_or(0)));
        let bits = (high << 64 | low) >> shift;
        let digit = (bits as i8 & ((1 << WINDOW) - 1)) + carry;
        carry = i8::from(digit > MULTIPLES as i8);
        digit - (carry << WINDOW)
    })
}

#[cfg(test)]
mod tests {
    use super::super::reference::{big, interesting_limbs};
    use super::{MULTIPLES, WINDOW, signed_digits};
    use num_bigint::BigInt;

    #[test]
    fn the_digits_of_a_scalar_add_up_to_it_and_fit_the_table() {
        for scalar in interesting_limbs() {
            let digits = signed_digits(&scalar);
            let sum = digits.iter().rev().fold(BigInt::ZERO, |sum, digit| (sum << WINDOW) + *digit);
            assert_eq!(sum, BigInt::from(big(&scalar)), "{scalar:x?}");
            assert!(digits.iter().all(|digit| usize::from(digit.unsigned_abs()) <= MULTIPLES));
        }
    }
}
