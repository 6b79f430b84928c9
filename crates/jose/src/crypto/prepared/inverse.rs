//! Inverses modulo an odd number, by division steps (Bernstein and Yang, "Fast constant-time gcd computation and modular
//! inversion", 2019), here in variable time: 62 steps at a time on the low words, then once on the whole numbers.
//!
//! Callers multiply the result back: a wrong inverse could refuse a good signature, but never let a bad one pass.

use super::Limbs;

/// Steps in a batch, and bits in a limb of [`Wide`].
const BATCH: u32 = 62;
/// A batch's number of low bits.
const LOW: u64 = (1 << BATCH) - 1;
/// So many batches are enough for every input below 2^256: 741 steps are (section 11 of the paper).
const BATCHES: usize = 12;

/// A signed number: limbs of 62 bits from 0 to 2^62 − 1, the last with the sign.
type Wide = [i64; 5];

/// An odd number below 2^256.
pub(super) struct Modulus {
    wide: Wide,
    /// Its inverse modulo 2^62.
    inverse: u64,
}

impl Modulus {
    pub(super) const fn new(modulus: &Limbs) -> Self {
        // An odd number is its own inverse modulo 8; each round doubles the bits that are right.
        let low = modulus[0];
        let mut inverse = low;
        let mut right = 3;
        while right < BATCH {
            inverse = inverse.wrapping_mul(2_u64.wrapping_sub(low.wrapping_mul(inverse)));
            right *= 2;
        }
        Self { wide: widen(modulus), inverse: inverse & LOW }
    }

    /// The inverse of `x`, below the modulus; nothing where the two have a divisor in common, and for zero.
    pub(super) fn invert(&self, x: &Limbs) -> Option<Limbs> {
        let (mut f, mut g) = (self.wide, widen(x));
        // Kept true throughout: f ≡ d·x and g ≡ e·x, up to a power of two that the batches take out of d and e as well.
        let (mut d, mut e) = ([0; 5], [1, 0, 0, 0, 0]);
        let mut delta = 1;
        for _ in 0..BATCHES {
            if g == [0; 5] {
                break;
            }
            let step = Step::batch(
                &mut delta,
                f[0] as u64 | (f[1] as u64) << BATCH,
                g[0] as u64 | (g[1] as u64) << BATCH,
            );
            (f, g) = step.apply(&f, &g);
            (d, e) = step.apply_modulo(&d, &e, self);
        }
        let one = [1, 0, 0, 0, 0];
        let minus_one = [LOW as i64, LOW as i64, LOW as i64, LOW as i64, -1];
        let negative = match f {
            _ if g != [0; 5] => return None,
            f if f == one => false,
            f if f == minus_one => true,
            _ => return None,
        };
        Some(self.normalise(d, negative))
    }

    /// `d` or its negative, which lies between ±2 times the modulus, as a number from zero to below the modulus.
    fn normalise(&self, mut d: Wide, negate: bool) -> Limbs {
        if negate {
            d = combine(&d, -1, &[0; 5]);
        }
        while d[4] < 0 {
            d = combine(&d, 1, &self.wide);
        }
        loop {
            let less = combine(&self.wide, -1, &d);
            if less[4] < 0 {
                return narrow(&d);
            }
            d = less;
        }
    }
}

/// `addend + factor · number`, where `factor` is 1 or −1.
fn combine(number: &Wide, factor: i64, addend: &Wide) -> Wide {
    let (mut sum, mut carry) = (*addend, 0);
    for (limb, number) in sum.iter_mut().zip(number) {
        let total = *limb + factor * number + carry;
        (*limb, carry) = (total & LOW as i64, total >> BATCH);
    }
    sum[4] += carry << BATCH;
    sum
}

/// What a batch of steps does to the pair: 2^62 (f', g') = (u f + v g, q f + r g).
struct Step {
    u: i64,
    v: i64,
    q: i64,
    r: i64,
}

impl Step {
    /// Takes 62 steps, for which the low 62 bits of f (odd) and g are enough.
    ///
    /// A step with g even halves it; with g odd and delta > 0 it turns (f, g) into (g, (g − f)/2), else g into (g + f)/2.
    /// Until delta changes its sign, the additions of f to g have no influence on each other but through g's low bits, so
    /// several are done as one: g + w f, with w chosen to clear as many bits.
    fn batch(delta: &mut i64, mut f: u64, mut g: u64) -> Self {
        let (mut u, mut v, mut q, mut r) = (1_u64, 0_u64, 0_u64, 1_u64);
        let mut left = BATCH;
        loop {
            let halvings = (g | u64::MAX << left).trailing_zeros();
            g >>= halvings;
            u <<= halvings;
            v <<= halvings;
            *delta += i64::from(halvings);
            left -= halvings;
            if left == 0 {
                return Self { u: u as i64, v: v as i64, q: q as i64, r: r as i64 };
            }
            if *delta > 0 {
                *delta = -*delta;
                (f, g) = (g, f.wrapping_neg());
                (u, q) = (q, u.wrapping_neg());
                (v, r) = (r, v.wrapping_neg());
            }
            // f (2 − f²) is the inverse of f modulo 64, since f is its own modulo 8.
            let inverse = f.wrapping_mul(2_u64.wrapping_sub(f.wrapping_mul(f)));
            let bits = left.min(6).min(u32::try_from(1 - *delta).unwrap_or(6));
            let w = g.wrapping_neg().wrapping_mul(inverse) & ((1 << bits) - 1);
            g = g.wrapping_add(f.wrapping_mul(w));
            q = q.wrapping_add(u.wrapping_mul(w));
            r = r.wrapping_add(v.wrapping_mul(w));
        }
    }

    fn apply(&self, f: &Wide, g: &Wide) -> (Wide, Wide) {
        (linear(self.u, f, self.v, g, 0, &[0; 5]), linear(self.q, f, self.r, g, 0, &[0; 5]))
    }

    /// The same modulo `modulus`, where a multiple of it makes the division by 2^62 come out even. Keeps both numbers between
    /// −2 and 1 times the modulus.
    fn apply_modulo(&self, d: &Wide, e: &Wide, modulus: &Modulus) -> (Wide, Wide) {
        let row = |a: i64, b: i64| {
            // Adding the modulus to a negative number first keeps the result from growing with each batch.
            let lift = if d[4] < 0 { a } else { 0 } + if e[4] < 0 { b } else { 0 };
            let low = (a.wrapping_mul(d[0])).wrapping_add(b.wrapping_mul(e[0])) as u64;
            let off = modulus.inverse.wrapping_mul(low).wrapping_add(lift as u64) & LOW;
            linear(a, d, b, e, lift - off as i64, &modulus.wide)
        };
        (row(self.u, self.v), row(self.q, self.r))
    }
}

/// (a x + b y + c z) / 2^62, which must be whole.
#[inline(always)]
fn linear(a: i64, x: &Wide, b: i64, y: &Wide, c: i64, z: &Wide) -> Wide {
    let product = |factor: i64, limb: &i64| i128::from(factor) * i128::from(*limb);
    let (mut whole, mut sum) = ([0; 5], 0);
    for (((limb, x), y), z) in whole.iter_mut().zip(x).zip(y).zip(z) {
        sum += product(a, x) + product(b, y) + product(c, z);
        *limb = sum as i64 & LOW as i64;
        sum >>= BATCH;
    }
    // The lowest limb is zero, since the division leaves no remainder.
    let [_, first, second, third, fourth] = whole;
    [first, second, third, fourth, sum as i64]
}

const fn widen(limbs: &Limbs) -> Wide {
    let [a, b, c, d] = *limbs;
    [
        (a & LOW) as i64,
        ((a >> 62 | b << 2) & LOW) as i64,
        ((b >> 60 | c << 4) & LOW) as i64,
        ((c >> 58 | d << 6) & LOW) as i64,
        (d >> 56) as i64,
    ]
}

/// The number, which must lie between zero and 2^256.
fn narrow(wide: &Wide) -> Limbs {
    let [a, b, c, d, e] = wide.map(|limb| limb as u64);
    [a | b << 62, b >> 2 | c << 60, c >> 4 | d << 58, d >> 6 | e << 56]
}

#[cfg(test)]
mod tests {
    use super::super::reference::{big, interesting_limbs};
    use super::super::{Limbs, ed25519, p256};
    use super::Modulus;
    use num_bigint::BigUint;

    fn check(modulus: &Limbs, x: &Limbs) {
        let n = big(modulus);
        let found = Modulus::new(modulus).invert(x).map(|inverse| big(&inverse));
        // num-bigint wants its number below the modulus.
        assert_eq!(found, (big(x) % &n).modinv(&n), "{x:x?} modulo {modulus:x?}");
    }

    #[test]
    fn inverses_agree_with_a_big_integer_library() {
        let prime_or_not = [[u64::MAX; 4], [15, 0, 0, 0], [u64::MAX, 0, 0, 0], [1, 0, 0, 1 << 63]];
        for modulus in [p256::PRIME, p256::ORDER, ed25519::PRIME, ed25519::ORDER].iter().chain(&prime_or_not)
        {
            for x in interesting_limbs().filter(|x| big(x) < big(modulus)) {
                check(modulus, &x);
            }
        }
    }

    #[test]
    fn zero_and_numbers_with_a_common_divisor_have_no_inverse() {
        let fifteen = Modulus::new(&[15, 0, 0, 0]);
        for x in [0, 3, 5, 6, 9, 10, 12] {
            assert_eq!(fifteen.invert(&[x, 0, 0, 0]), None);
        }
        assert_eq!(fifteen.invert(&[7, 0, 0, 0]).map(|x| big(&x)), Some(BigUint::from(13_u8)));
    }
}
