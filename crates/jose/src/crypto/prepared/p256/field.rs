//! Numbers modulo the prime of P-256, in Montgomery form: what stands for `a` is `a · 2^256`.

use std::ops::{Add, Mul, Neg, Sub};

use crate::crypto::prepared::inverse::Modulus;
use crate::crypto::prepared::{Limbs, add, is_below, subtract};

/// 2^256 − 2^224 + 2^192 + 2^96 − 1.
pub(in crate::crypto::prepared) const PRIME: Limbs =
    [0xffff_ffff_ffff_ffff, 0x0000_0000_ffff_ffff, 0, 0xffff_ffff_0000_0001];
const MODULUS: Modulus = Modulus::new(&PRIME);
/// 2^512 modulo the prime, which multiplies a number into Montgomery form.
const INTO_MONTGOMERY: Fe = Fe([0x3, 0xffff_fffb_ffff_ffff, 0xffff_ffff_ffff_fffe, 0x0000_0004_ffff_fffd]);

/// An element of the field, always below the prime, so that equal elements have equal limbs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Fe(Limbs);

impl Fe {
    pub(super) const ZERO: Self = Self([0; 4]);
    /// 2^256 modulo the prime.
    pub(super) const ONE: Self =
        Self([1, 0xffff_ffff_0000_0000, 0xffff_ffff_ffff_ffff, 0x0000_0000_ffff_fffe]);

    /// Nothing where the number is not below the prime.
    pub(super) fn new(number: &Limbs) -> Option<Self> {
        is_below(number, &PRIME).then(|| Self(*number) * INTO_MONTGOMERY)
    }

    pub(super) fn number(self) -> Limbs {
        (self * Self([1, 0, 0, 0])).0
    }

    pub(super) fn is_zero(self) -> bool {
        self == Self::ZERO
    }

    #[inline(always)]
    pub(super) fn squared(self) -> Self {
        self * self
    }

    pub(super) fn doubled(self) -> Self {
        self + self
    }

    /// Nothing for zero.
    pub(super) fn invert(self) -> Option<Self> {
        let inverse = Self::new(&MODULUS.invert(&self.number())?)?;
        (inverse * self == Self::ONE).then_some(inverse)
    }

    /// Itself, or its negative where `negate` says so.
    #[inline(always)]
    pub(super) fn negated_if(self, negate: bool) -> Self {
        Self(select(negate, &(-self).0, &self.0))
    }
}

impl Mul for Fe {
    type Output = Self;

    /// Row by row, with one step of the Montgomery reduction after each: a multiple of the prime is added that clears the
    /// lowest limb. Since the prime is −1 modulo 2^64 that multiple is the limb itself, and since it is
    /// 0xffffffff00000001 · 2^192 + 2^96 − 1, two shifts and one multiplication add it.
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        let [b0, b1, b2, b3] = other.0;
        let mut t = [0; 4];
        let mut top = 0;
        for a in self.0 {
            let (t0, carry) = a.carrying_mul_add(b0, t[0], 0);
            let (t1, carry) = a.carrying_mul_add(b1, t[1], carry);
            let (t2, carry) = a.carrying_mul_add(b2, t[2], carry);
            let (t3, carry) = a.carrying_mul_add(b3, t[3], carry);
            let (t4, over) = carry.overflowing_add(top);

            // t0 cancels against −t0, and t0 · 2^96 is what is left of the low half.
            let (low, high) = t0.carrying_mul(PRIME[3], 0);
            let (r0, carry) = t1.overflowing_add(t0 << 32);
            let (r1, carry) = t2.carrying_add(t0 >> 32, carry);
            let (r2, carry) = t3.carrying_add(low, carry);
            let (r3, carry) = t4.carrying_add(high, carry);
            t = [r0, r1, r2, r3];
            top = u64::from(over) + u64::from(carry);
        }
        reduced(t, top)
    }
}

impl Add for Fe {
    type Output = Self;

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        let (sum, carry) = add(&self.0, &other.0);
        reduced(sum, u64::from(carry))
    }
}

impl Sub for Fe {
    type Output = Self;

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        let (difference, borrow) = subtract(&self.0, &other.0);
        Self(add(&difference, &select(borrow, &PRIME, &[0; 4])).0)
    }
}

impl Neg for Fe {
    type Output = Self;

    #[inline(always)]
    fn neg(self) -> Self {
        Self::ZERO - self
    }
}

/// A number below twice the prime, `top` being its fifth limb.
#[inline(always)]
fn reduced(number: Limbs, top: u64) -> Fe {
    let (less, borrow) = subtract(&number, &PRIME);
    Fe(select(top < u64::from(borrow), &number, &less))
}

/// One or the other, without a branch: in half of the cases it would be guessed wrongly.
#[inline(always)]
fn select(condition: bool, yes: &Limbs, no: &Limbs) -> Limbs {
    let mask = u64::from(condition).wrapping_neg();
    let mut selected = *no;
    for (limb, yes) in selected.iter_mut().zip(yes) {
        *limb ^= mask & (*limb ^ yes);
    }
    selected
}

#[cfg(test)]
mod tests {
    use fiat_crypto::p256_64 as fiat;
    use num_bigint::BigUint;

    use super::{Fe, PRIME};
    use crate::crypto::prepared::reference::{big, interesting_limbs, limbs};

    fn interesting() -> impl Iterator<Item = Fe> {
        // As they stand, so that the limbs inside are the interesting ones and not their Montgomery forms only.
        interesting_limbs().filter(|number| big(number) < big(&PRIME)).map(Fe)
    }

    fn inside(fe: Fe) -> BigUint {
        assert!(big(&fe.0) < big(&PRIME), "{fe:x?} is not reduced");
        big(&fe.0)
    }

    #[test]
    fn field_arithmetic_agrees_with_a_big_integer_library_and_with_fiat() {
        let p = big(&PRIME);
        let montgomery = BigUint::from(1_u8) << 256_u32;
        let montgomery = montgomery.modinv(&p).unwrap();
        let all: Vec<Fe> = interesting().collect();
        for (index, &a) in all.iter().enumerate() {
            let b = all[(index * 7 + 3) % all.len()];
            for (a, b) in [(a, b), (a, a), (a, -a), (a, Fe(limbs(&(&p - 1_u8))))] {
                assert_eq!(inside(a * b), inside(a) * inside(b) * &montgomery % &p, "{a:x?} · {b:x?}");
                assert_eq!(inside(a + b), (inside(a) + inside(b)) % &p, "{a:x?} + {b:x?}");
                assert_eq!(inside(a - b), (inside(a) + &p - inside(b)) % &p, "{a:x?} - {b:x?}");
                let of = fiat::fiat_p256_montgomery_domain_field_element;
                let mut product = of([0; 4]);
                fiat::fiat_p256_mul(&mut product, &of(a.0), &of(b.0));
                assert_eq!((a * b).0, product.0);
            }
            assert_eq!(inside(-a), (&p - inside(a)) % &p);
            assert_eq!((a.negated_if(true), a.negated_if(false)), (-a, a));
            assert_eq!(a.invert().map(Fe::number).map(|n| big(&n)), big(&a.number()).modinv(&p));
        }
    }

    #[test]
    fn every_pair_of_extreme_limbs_multiplies_rightly() {
        let p = big(&PRIME);
        let montgomery = BigUint::from(1_u8) << 256_u32;
        let montgomery = montgomery.modinv(&p).unwrap();
        let limb = [0, 1, 0xffff_ffff, 1 << 32, 0xffff_ffff_0000_0001, u64::MAX];
        let number = |mut index: usize| {
            Fe(std::array::from_fn(|_| {
                let digit = limb[index % limb.len()];
                index /= limb.len();
                digit
            }))
        };
        let all: Vec<Fe> = (0..limb.len().pow(4)).map(number).filter(|fe| big(&fe.0) < p).collect();
        for a in all.iter().step_by(5) {
            for b in all.iter().step_by(3) {
                assert_eq!(inside(*a * *b), inside(*a) * inside(*b) * &montgomery % &p, "{a:x?} · {b:x?}");
            }
        }
    }

    #[test]
    fn numbers_go_in_and_come_out_and_those_not_below_the_prime_are_refused() {
        for number in interesting_limbs() {
            let fe = Fe::new(&number);
            assert_eq!(fe.is_some(), big(&number) < big(&PRIME));
            assert!(fe.is_none_or(|fe| fe.number() == number));
        }
        assert_eq!(Fe::new(&[1, 0, 0, 0]), Some(Fe::ONE));
    }
}
