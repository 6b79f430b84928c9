//! What the tests compare with: both curves by the textbook over big integers, slow and plain.

use num_bigint::BigUint;

use super::Limbs;

pub(super) fn big(limbs: &Limbs) -> BigUint {
    limbs.iter().rev().fold(BigUint::ZERO, |number, limb| (number << 64) + *limb)
}

pub(super) fn limbs(number: &BigUint) -> Limbs {
    let mut digits = number.iter_u64_digits();
    std::array::from_fn(|_| digits.next().unwrap_or(0))
}

pub(super) fn le_bytes(number: &BigUint) -> [u8; 32] {
    let bytes = number.to_bytes_le();
    std::array::from_fn(|at| bytes.get(at).copied().unwrap_or(0))
}

pub(super) fn be_bytes(number: &BigUint) -> [u8; 32] {
    let mut bytes = le_bytes(number);
    bytes.reverse();
    bytes
}

pub(super) fn numbers<const N: usize>(small: [u64; N]) -> [BigUint; N] {
    small.map(BigUint::from)
}

/// How many rounds of random tests to run, and from which seed: `PREPARED_ROUNDS` and `PREPARED_SEED`.
pub(super) fn rounds() -> (u64, u64) {
    let variable = |name, default| std::env::var(name).map_or(default, |value| value.parse().unwrap());
    (variable("PREPARED_ROUNDS", 10), variable("PREPARED_SEED", 0x7072_6570))
}

/// Numbers around zero, the powers of two, the primes and the orders; numbers of extreme limbs; and random ones.
pub(super) fn interesting_limbs() -> impl Iterator<Item = Limbs> {
    let marks = [super::p256::PRIME, super::p256::ORDER, super::ed25519::PRIME, super::ed25519::ORDER];
    let marks = marks.map(|mark| (big(&mark), 40_u8));
    let powers = (0..256_u32).map(|power| (BigUint::from(1_u8) << power, 1));
    let around = marks.into_iter().chain(powers).flat_map(|(mark, reach)| {
        (0..=2 * reach).filter_map(move |off| {
            let above = &mark + off;
            (above >= BigUint::from(reach)).then(|| limbs(&(above - reach)))
        })
    });
    let extreme = [0, 1, 0xffff_ffff, 1 << 32, 0xffff_ffff_0000_0001, u64::MAX];
    let extremes = (0..6_usize.pow(4))
        .map(move |at| [at % 6, at / 6 % 6, at / 36 % 6, at / 216].map(|which| extreme[which]));
    let mut random = fastrand::Rng::with_seed(0x7072_6570);
    let zero = std::iter::once([0; 4]);
    zero.chain(around).chain(extremes).chain((0..500).map(move |_| std::array::from_fn(|_| random.u64(..))))
}

/// P-256 (SP 800-186 §3.2.1.3).
pub(super) mod p256 {
    use num_bigint::BigUint;

    use super::big;

    /// Nothing is infinity.
    #[derive(Clone, PartialEq, Eq, Debug)]
    pub(in super::super) struct Point(pub(in super::super) Option<(BigUint, BigUint)>);

    fn hex(text: &[u8]) -> BigUint {
        BigUint::parse_bytes(text, 16).unwrap()
    }

    pub(in super::super) fn prime() -> BigUint {
        big(&super::super::p256::PRIME)
    }

    pub(in super::super) fn order() -> BigUint {
        big(&super::super::p256::ORDER)
    }

    pub(in super::super) fn generator() -> Point {
        let x = hex(b"6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296");
        let y = hex(b"4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5");
        Point(Some((x, y)))
    }

    impl Point {
        /// One of the two points with this x.
        pub(in super::super) fn with_x(x: &BigUint) -> Option<Self> {
            let p = prime();
            let b = hex(b"5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b");
            let square = (x.pow(3) + 3_u8 * (&p - x) + b) % &p;
            let y = square.modpow(&((&p + 1_u8) / 4_u8), &p);
            (&y * &y % &p == square).then(|| Self(Some((x.clone(), y))))
        }

        pub(in super::super) fn plus(&self, other: &Self) -> Self {
            let p = &prime();
            let (Some((x1, y1)), Some((x2, y2))) = (&self.0, &other.0) else {
                return if self.0.is_none() { other.clone() } else { self.clone() };
            };
            let slope = if x1 != x2 {
                (y2 + p - y1) * (x2 + p - x1).modinv(p).unwrap()
            } else if y1 == y2 {
                (3_u8 * x1 * x1 + p - 3_u8) * (2_u8 * y1).modinv(p).unwrap()
            } else {
                return Self(None);
            } % p;
            let x = (&slope * &slope + 2_u8 * p - x1 - x2) % p;
            let y = (slope * (x1 + p - &x) + p - y1) % p;
            Self(Some((x, y)))
        }

        pub(in super::super) fn negated(&self) -> Self {
            Self(self.0.clone().map(|(x, y)| (x, prime() - y)))
        }

        pub(in super::super) fn times(&self, scalar: &BigUint) -> Self {
            (0..scalar.bits()).rev().fold(Self(None), |sum, bit| {
                let sum = sum.plus(&sum);
                if scalar.bit(bit) { sum.plus(self) } else { sum }
            })
        }
    }
}

/// edwards25519 (RFC 8032 §5.1).
pub(super) mod ed25519 {
    use num_bigint::BigUint;

    use super::{big, le_bytes};

    #[derive(Clone, PartialEq, Eq, Debug)]
    pub(in super::super) struct Point(BigUint, BigUint);

    fn prime() -> BigUint {
        big(&super::super::ed25519::PRIME)
    }

    pub(in super::super) fn order() -> BigUint {
        big(&super::super::ed25519::ORDER)
    }

    fn d() -> BigUint {
        let p = prime();
        (&p - 121_665_u32) * BigUint::from(121_666_u32).modinv(&p).unwrap() % p
    }

    pub(in super::super) fn base() -> Point {
        let p = prime();
        let y = 4_u8 * BigUint::from(5_u8).modinv(&p).unwrap() % &p;
        let x = b"15112221349535400772501151409588531511454012693041857206046113283949847762202";
        Point(BigUint::parse_bytes(x, 10).unwrap(), y)
    }

    /// The eight points whose order divides eight. The second generates the others.
    pub(in super::super) fn small_order() -> Vec<Point> {
        // The order's multiple of any point is one of them; some small y gives one that generates them all.
        let all = (2_u8..).find_map(|y| {
            let mut encoded = [0; 32];
            encoded[0] = y;
            let point = Point::decode(&encoded)?.times(&order());
            let all: Vec<Point> = (0..8_u8).map(|k| point.times(&k.into())).collect();
            (!all[1..].contains(&Point::neutral())).then_some(all)
        });
        all.unwrap()
    }

    impl Point {
        pub(in super::super) fn neutral() -> Self {
            Self(BigUint::ZERO, BigUint::from(1_u8))
        }

        fn decode(bytes: &[u8; 32]) -> Option<Self> {
            let p = &prime();
            let y = BigUint::from_bytes_le(bytes);
            let square = (&y * &y + p - 1_u8) * (d() * &y * &y + 1_u8).modinv(p)? % p;
            let root = square.modpow(&((p + 3_u8) / 8_u8), p);
            let turned = &root * BigUint::from(2_u8).modpow(&((p - 1_u8) / 4_u8), p) % p;
            [root, turned].into_iter().find(|x| x * x % p == square).map(|x| Self(x, y))
        }

        pub(in super::super) fn plus(&self, Self(x2, y2): &Self) -> Self {
            let (p, Self(x1, y1)) = (&prime(), self);
            let product = d() * x1 * x2 % p * y1 * y2 % p;
            let x = (x1 * y2 + y1 * x2) * (1_u8 + &product).modinv(p).unwrap() % p;
            let y = (y1 * y2 + x1 * x2) * (1_u8 + p - product).modinv(p).unwrap() % p;
            Self(x, y)
        }

        pub(in super::super) fn negated(&self) -> Self {
            Self((prime() - &self.0) % prime(), self.1.clone())
        }

        pub(in super::super) fn times(&self, scalar: &BigUint) -> Self {
            (0..scalar.bits()).rev().fold(Self::neutral(), |sum, bit| {
                let sum = sum.plus(&sum);
                if scalar.bit(bit) { sum.plus(self) } else { sum }
            })
        }

        pub(in super::super) fn encode(&self) -> [u8; 32] {
            let mut bytes = le_bytes(&self.1);
            bytes[31] |= u8::from(self.0.bit(0)) << 7;
            bytes
        }
    }
}
