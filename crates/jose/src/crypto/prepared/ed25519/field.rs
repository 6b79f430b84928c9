//! Numbers modulo 2^255 − 19, by `fiat-crypto`: what its proofs ask of the arguments is in the types. An [`Fe`] has limbs within
//! the tight bounds, a [`Loose`] within those that one addition or subtraction leaves, and only products of these are taken.

use std::ops::{Add, Mul, Sub};

use fiat_crypto::curve25519_64 as fiat;

use crate::crypto::prepared::inverse::Modulus;
use crate::crypto::prepared::{Limbs, is_below, limbs_from_le};

/// 2^255 − 19.
pub(in crate::crypto::prepared) const PRIME: Limbs =
    [0xffff_ffff_ffff_ffed, u64::MAX, u64::MAX, 0x7fff_ffff_ffff_ffff];
const MODULUS: Modulus = Modulus::new(&PRIME);

/// An element of the field.
#[derive(Clone, Copy)]
pub(super) struct Fe(fiat::fiat_25519_tight_field_element);

/// A sum or a difference of two elements.
#[derive(Clone, Copy)]
pub(super) struct Loose(fiat::fiat_25519_loose_field_element);

impl Fe {
    pub(super) const ZERO: Self = Self(fiat::fiat_25519_tight_field_element([0; 5]));
    pub(super) const ONE: Self = Self(fiat::fiat_25519_tight_field_element([1, 0, 0, 0, 0]));

    /// Nothing where the number is not below the prime.
    pub(super) fn new(number: &Limbs) -> Option<Self> {
        is_below(number, &PRIME).then(|| {
            let mut bytes = [0; 32];
            let (words, _) = bytes.as_chunks_mut();
            for (word, limb) in words.iter_mut().zip(number) {
                *word = limb.to_le_bytes();
            }
            let mut fe = Self::ZERO;
            fiat::fiat_25519_from_bytes(&mut fe.0, &bytes);
            fe
        })
    }

    /// The one encoding: little-endian, below the prime.
    pub(super) fn bytes(self) -> [u8; 32] {
        let mut bytes = [0; 32];
        fiat::fiat_25519_to_bytes(&mut bytes, &self.0);
        bytes
    }

    pub(super) fn is_odd(self) -> bool {
        self.bytes()[0] & 1 == 1
    }

    pub(super) fn squared(self) -> Self {
        Loose::from(self).squared()
    }

    pub(super) fn doubled(self) -> Loose {
        self + self
    }

    pub(super) fn negated(self) -> Self {
        (Self::ZERO - self).carried()
    }

    /// Nothing for zero.
    pub(super) fn invert(self) -> Option<Self> {
        let inverse = Self::new(&MODULUS.invert(&limbs_from_le(&self.bytes()))?)?;
        (inverse * self == Self::ONE).then_some(inverse)
    }

    /// One of the two roots, if there are any. The prime is 5 modulo 8, so a root's square or its negative is
    /// x^((p + 3)/4) = ±x, and √−1 mends the sign (RFC 8032 §5.1.3).
    pub(super) fn square_root(self) -> Option<Self> {
        let candidate = self.power(&[0xffff_ffff_ffff_fffe, u64::MAX, u64::MAX, 0x0fff_ffff_ffff_ffff]);
        if candidate.squared() == self {
            return Some(candidate);
        }
        // 2 is not a square, so 2^((p − 1)/4) is a root of −1.
        let two = Self::ONE.doubled().carried();
        let root_of_minus_one =
            two.power(&[0xffff_ffff_ffff_fffb, u64::MAX, u64::MAX, 0x1fff_ffff_ffff_ffff]);
        let candidate = candidate * root_of_minus_one;
        (candidate.squared() == self).then_some(candidate)
    }

    fn power(self, exponent: &Limbs) -> Self {
        let mut power = Self::ONE;
        for limb in exponent.iter().rev() {
            for bit in (0..64).rev() {
                power = power.squared();
                if limb >> bit & 1 == 1 {
                    power = power * self;
                }
            }
        }
        power
    }
}

impl Loose {
    pub(super) fn carried(self) -> Fe {
        let mut fe = Fe::ZERO;
        fiat::fiat_25519_carry(&mut fe.0, &self.0);
        fe
    }

    pub(super) fn squared(self) -> Fe {
        let mut square = Fe::ZERO;
        fiat::fiat_25519_carry_square(&mut square.0, &self.0);
        square
    }
}

impl From<Fe> for Loose {
    #[inline(always)]
    fn from(fe: Fe) -> Self {
        // The tight bounds lie within the loose ones: this copies.
        let mut loose = fiat::fiat_25519_loose_field_element([0; 5]);
        fiat::fiat_25519_relax(&mut loose, &fe.0);
        Self(loose)
    }
}

impl PartialEq for Fe {
    fn eq(&self, other: &Self) -> bool {
        self.bytes() == other.bytes()
    }
}

impl Add for Fe {
    type Output = Loose;

    #[inline(always)]
    fn add(self, other: Self) -> Loose {
        let mut sum = fiat::fiat_25519_loose_field_element([0; 5]);
        fiat::fiat_25519_add(&mut sum, &self.0, &other.0);
        Loose(sum)
    }
}

impl Sub for Fe {
    type Output = Loose;

    #[inline(always)]
    fn sub(self, other: Self) -> Loose {
        let mut difference = fiat::fiat_25519_loose_field_element([0; 5]);
        fiat::fiat_25519_sub(&mut difference, &self.0, &other.0);
        Loose(difference)
    }
}

impl<T: Into<Loose>> Mul<T> for Loose {
    type Output = Fe;

    #[inline(always)]
    fn mul(self, other: T) -> Fe {
        let mut product = Fe::ZERO;
        fiat::fiat_25519_carry_mul(&mut product.0, &self.0, &other.into().0);
        product
    }
}

impl<T: Into<Loose>> Mul<T> for Fe {
    type Output = Self;

    #[inline(always)]
    fn mul(self, other: T) -> Self {
        Loose::from(self) * other
    }
}

#[cfg(test)]
mod tests {
    use num_bigint::BigUint;

    use super::{Fe, PRIME};
    use crate::crypto::prepared::limbs_from_le;
    use crate::crypto::prepared::reference::{big, interesting_limbs};

    fn value(fe: Fe) -> BigUint {
        big(&limbs_from_le(&fe.bytes()))
    }

    #[test]
    fn field_arithmetic_agrees_with_a_big_integer_library() {
        let p = big(&PRIME);
        let all: Vec<Fe> = interesting_limbs().filter_map(|number| Fe::new(&number)).collect();
        for (index, &a) in all.iter().enumerate() {
            let b = all[(index * 7 + 3) % all.len()];
            let (x, y) = (value(a), value(b));
            assert_eq!(value(a * b), &x * &y % &p);
            assert_eq!(value(a.squared()), &x * &x % &p);
            assert_eq!(value((a + b) * (a - b)), (&x + &y) * (&x + &p - &y) % &p);
            assert_eq!(value((a + b).squared()), (&x + &y).pow(2) % &p);
            assert_eq!(value((a - b).carried()), (&x + &p - &y) % &p);
            assert_eq!(value(a.negated()), (&p - &x) % &p);
            assert_eq!(a.invert().map(value), x.modinv(&p));
            assert_eq!(a.is_odd(), x.bit(0));
        }
    }

    #[test]
    fn square_roots_are_found_for_squares_and_for_nothing_else() {
        let p = big(&PRIME);
        let half = (&p - 1_u8) / 2_u8;
        for fe in interesting_limbs().filter_map(|number| Fe::new(&number)).step_by(3) {
            let is_square = value(fe).modpow(&half, &p) <= BigUint::from(1_u8);
            let root = fe.square_root();
            assert_eq!(root.is_some(), is_square);
            assert!(root.is_none_or(|root| value(root).pow(2) % &p == value(fe)));
        }
    }

    #[test]
    fn numbers_that_are_not_below_the_prime_are_refused() {
        for number in interesting_limbs() {
            let fe = Fe::new(&number);
            assert_eq!(fe.is_some(), big(&number) < big(&PRIME));
            assert!(fe.is_none_or(|fe| value(fe) == big(&number)));
        }
    }
}
