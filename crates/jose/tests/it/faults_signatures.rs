//! Known faults of signatures: each was a hole somewhere, each is refused here.

use jeton_jose::jws::{Signer, Verifier};
use jeton_jose::{Algorithm, PrivateKey, SharedSecret, SigningKey, VerifyError, VerifyingKey, base64url};

fn pair(algorithm: Algorithm) -> (SigningKey, VerifyingKey) {
    if algorithm.is_symmetric() {
        let secret = SharedSecret::generate(algorithm).unwrap();
        (SigningKey::from(&secret), secret.into())
    } else {
        let key = PrivateKey::generate(algorithm).unwrap();
        let public = key.public_key();
        (key.into(), public.into())
    }
}

/// A token with another signature behind the same header and payload.
fn replaced(token: &str, signature: &[u8]) -> String {
    format!("{}.{}", token.rsplit_once('.').unwrap().0, base64url::encode(signature))
}

fn signature(token: &str) -> Vec<u8> {
    base64url::decode(token.rsplit_once('.').unwrap().1).unwrap()
}

#[test]
fn empty_short_long_and_zero_signatures_are_refused_for_every_algorithm() {
    for &algorithm in Algorithm::ALL {
        let (signing, verifying) = pair(algorithm);
        let (token, verifier) = (Signer::new(signing).sign(b"text").unwrap(), Verifier::new(verifying));
        let good = signature(&token);
        assert!(verifier.verify(&token).is_ok());
        for bad in [
            vec![],
            vec![0],
            good[..good.len() - 1].to_vec(),
            good[1..].to_vec(),
            good[..good.len() / 2].to_vec(),
            [good.as_slice(), &[0]].concat(),
            [&[0], good.as_slice()].concat(),
            vec![0; good.len()],
            vec![0xff; good.len()],
        ] {
            assert_eq!(
                verifier.verify(&replaced(&token, &bad)).unwrap_err(),
                VerifyError::SignatureInvalid,
                "{algorithm}"
            );
        }
    }
}

#[test]
fn any_flipped_bit_of_a_signature_is_refused() {
    for algorithm in [Algorithm::HS256, Algorithm::ES256, Algorithm::Ed25519, Algorithm::PS256] {
        let (signing, verifying) = pair(algorithm);
        let (token, verifier) = (Signer::new(signing).sign(b"text").unwrap(), Verifier::new(verifying));
        let good = signature(&token);
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 1 << (at % 8);
            assert!(verifier.verify(&replaced(&token, &bad)).is_err(), "{algorithm} {at}");
        }
    }
}

#[test]
fn r_or_s_of_zero_or_of_the_order_is_refused_on_every_curve() {
    let orders: [(Algorithm, &str); 4] = [
        (Algorithm::ES256, "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"),
        (
            Algorithm::ES384,
            "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973",
        ),
        (
            Algorithm::ES512,
            "01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409",
        ),
        (Algorithm::ES256K, "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141"),
    ];
    for (algorithm, order) in orders {
        let (signing, verifying) = pair(algorithm);
        let (token, verifier) = (Signer::new(signing).sign(b"text").unwrap(), Verifier::new(verifying));
        let order = crate::vectors::hex(order);
        let zero = vec![0; order.len()];
        let mut one = zero.clone();
        *one.last_mut().unwrap() = 1;
        for r in [&zero, &one, &order] {
            for s in [&zero, &one, &order] {
                let forged = replaced(&token, &[r.as_slice(), s].concat());
                assert_eq!(verifier.verify(&forged).unwrap_err(), VerifyError::SignatureInvalid);
            }
        }
        // The DER of r = s = 0 (CVE-2022-21449).
        assert!(verifier.verify(&replaced(&token, &[0x30, 6, 2, 1, 0, 2, 1, 0])).is_err());
    }
}

#[test]
fn an_ecdsa_signature_in_der_is_refused() {
    let (signing, verifying) = pair(Algorithm::ES256);
    let (token, verifier) = (Signer::new(signing).sign(b"text").unwrap(), Verifier::new(verifying));
    let good = signature(&token);
    let integer = |digits: &[u8]| {
        let skip = digits.iter().take_while(|&&digit| digit == 0).count();
        let digits = &digits[skip..];
        let pad: &[u8] = if digits[0] >= 0x80 { &[0] } else { &[] };
        [&[2, u8::try_from(pad.len() + digits.len()).unwrap()], pad, digits].concat()
    };
    let body = [integer(&good[..32]), integer(&good[32..])].concat();
    let der = [&[0x30, u8::try_from(body.len()).unwrap()], body.as_slice()].concat();
    assert!(verifier.verify(&replaced(&token, &der)).is_err());
}

#[test]
fn a_pss_signature_is_no_pkcs1_one_and_hashes_are_not_exchanged() {
    let key = PrivateKey::generate(Algorithm::PS256).unwrap();
    let jwk: serde_json::Value = serde_json::from_str(&key.to_jwk().to_json()).unwrap();
    let as_algorithm = |alg: &str| {
        let mut jwk = jwk.clone();
        jwk["alg"] = alg.into();
        PrivateKey::from_jwk(&jeton_jose::Jwk::parse(jwk.to_string().as_bytes()).unwrap()).unwrap()
    };
    let names = ["PS256", "PS384", "PS512", "RS256", "RS384", "RS512"];
    for signed in names {
        for verified in names {
            // The header is rewritten to the verifier's algorithm, so that only the signature can tell.
            let token = Signer::new(as_algorithm(signed)).sign(b"text").unwrap();
            let template = Signer::new(as_algorithm(verified)).sign(b"text").unwrap();
            let verifier = Verifier::new(as_algorithm(verified).public_key());
            assert_eq!(verifier.verify(&token).is_ok(), signed == verified);
            if signed != verified {
                assert!(
                    verifier.verify(&replaced(&template, &signature(&token))).is_err(),
                    "{signed} as {verified}"
                );
            }
        }
    }
}

#[test]
fn keys_of_one_algorithm_do_not_verify_tokens_of_another() {
    let tokens: Vec<_> = Algorithm::ALL.iter().map(|&algorithm| (algorithm, pair(algorithm))).collect();
    for (signed, (signing, _)) in &tokens {
        let token = Signer::new(signing.clone()).sign(b"text").unwrap();
        for (verified, (_, verifying)) in &tokens {
            let outcome = Verifier::new(verifying.clone()).verify(&token).map(drop);
            if signed == verified {
                assert!(outcome.is_ok());
            } else {
                assert_eq!(outcome.unwrap_err().code(), "algorithm_not_allowed");
            }
        }
    }
}

#[test]
fn ed25519_signatures_with_a_scalar_beyond_the_order_are_refused() {
    let (signing, verifying) = pair(Algorithm::Ed25519);
    let (token, verifier) = (Signer::new(signing).sign(b"text").unwrap(), Verifier::new(verifying));
    let order = crate::vectors::hex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
    let mut bad = signature(&token);
    let mut carry = 0u16;
    for (digit, add) in bad[32..].iter_mut().zip(order) {
        carry += u16::from(*digit) + u16::from(add);
        *digit = u8::try_from(carry & 0xff).unwrap();
        carry >>= 8;
    }
    assert!(verifier.verify(&replaced(&token, &bad)).is_err());
}

#[test]
fn a_token_never_verifies_under_a_stranger_s_key() {
    for &algorithm in Algorithm::ALL {
        let token = Signer::new(pair(algorithm).0).sign(b"text").unwrap();
        assert_eq!(
            Verifier::new(pair(algorithm).1).verify(&token).unwrap_err(),
            VerifyError::SignatureInvalid
        );
    }
}

#[test]
fn the_signature_that_was_wanted_is_in_no_error() {
    let (signing, verifying) = pair(Algorithm::HS256);
    let token = Signer::new(signing).sign(b"text").unwrap();
    let good = signature(&token);
    let error = Verifier::new(verifying).verify(&replaced(&token, &[0; 32])).unwrap_err();
    let shown = format!("{error} {error:?}");
    assert!(!shown.contains(&base64url::encode(&good)) && !shown.contains(&format!("{:?}", &good[..4])));
}

#[test]
fn of_several_signatures_only_one_by_the_verifiers_key_counts() {
    let (mallory, ada) = (pair(Algorithm::ES256), pair(Algorithm::ES256));
    let sign = |signers: &[Signer], payload: &[u8]| -> serde_json::Value {
        serde_json::from_str(&jeton_jose::jws::sign_general(signers, payload).unwrap()).unwrap()
    };
    let both = sign(&[Signer::new(mallory.0.clone()), Signer::new(ada.0.clone())], b"text");
    let verifier = Verifier::new(ada.1);
    assert_eq!(verifier.verify_json(&both.to_string()).unwrap().signature_index(), 1);

    // CVE-2016-9122: a good signature by somebody else does not vouch for the bad one that carries the name.
    let alone = sign(&[Signer::new(mallory.0.clone())], b"text");
    assert_eq!(verifier.verify_json(&alone.to_string()).unwrap_err(), VerifyError::SignatureInvalid);
    let mut changed = both.clone();
    changed["payload"] = base64url::encode("other").into();
    assert_eq!(verifier.verify_json(&changed.to_string()).unwrap_err(), VerifyError::SignatureInvalid);
    let other = sign(&[Signer::new(mallory.0)], b"other");
    changed["signatures"][0] = other["signatures"][0].clone();
    assert_eq!(verifier.verify_json(&changed.to_string()).unwrap_err(), VerifyError::SignatureInvalid);
    changed["signatures"] = serde_json::json!([]);
    assert_eq!(verifier.verify_json(&changed.to_string()).unwrap_err(), VerifyError::Malformed);
}
