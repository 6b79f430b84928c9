//! Signing and verifying JWTs.

use jeton_jose::jwt::{Signer, TokenType, Unverified, Verifier};
use jeton_jose::{Algorithm, PrivateKey, SharedSecret, SigningKey, Timestamp, VerifyError, VerifyingKey};
use serde_json::{Value, json};

const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);

fn pair(algorithm: Algorithm) -> (SigningKey, VerifyingKey) {
    if algorithm.is_symmetric() {
        let secret = SharedSecret::generate(algorithm).unwrap().with_kid("k");
        (SigningKey::from(&secret), VerifyingKey::from(secret))
    } else {
        let key = PrivateKey::generate(algorithm).unwrap().with_kid("k");
        let public = key.public_key();
        (key.into(), public.into())
    }
}

#[test]
fn every_algorithm_verifies_what_it_signs() {
    for &algorithm in Algorithm::ALL {
        let (signing, verifying) = pair(algorithm);
        let signer = Signer::new(signing).typ("at+jwt");
        let verifier = Verifier::new("https://issuer", "api", verifying).typ("at+jwt");
        let claims = json!({"iss": "https://issuer", "aud": "api", "sub": "ada", "exp": NOW.unix() + 300, "role": "admin"});
        let token = signer.sign(&claims).unwrap();
        let verified = verifier.verify::<Value>(&token, NOW).unwrap();
        assert_eq!(verified.claims(), &claims, "{algorithm}");
        assert_eq!(verified.registered().sub(), Some("ada"));
        assert_eq!(
            (verified.kid(), verified.typ(), verified.algorithm()),
            (Some("k"), Some("at+jwt"), algorithm)
        );
        let mut tampered = token.into_bytes();
        let last = tampered.len() - 6;
        tampered[last] = if tampered[last] == b'A' { b'B' } else { b'A' };
        let tampered = String::from_utf8(tampered).unwrap();
        assert_eq!(verifier.verify::<Value>(&tampered, NOW).unwrap_err(), VerifyError::SignatureInvalid);
    }
}

#[test]
fn an_expired_token_says_by_how_much() {
    let (signing, verifying) = pair(Algorithm::ES256);
    let verifier = Verifier::new("i", "a", verifying);
    let exp = Timestamp::from_unix(NOW.unix() - 30);
    let token = Signer::new(signing).sign(&json!({"iss": "i", "aud": "a", "exp": exp})).unwrap();
    assert_eq!(verifier.verify::<Value>(&token, NOW).unwrap_err(), VerifyError::Expired { exp, now: NOW });
    assert!(verifier.verify::<Value>(&token, Timestamp::from_unix(NOW.unix() - 1)).is_ok());
}

#[test]
fn a_token_can_be_looked_at_before_it_is_verified() {
    let (signing, _) = pair(Algorithm::Ed25519);
    let token = Signer::new(signing).ed25519_as_eddsa().sign(&json!({"iss": "i"})).unwrap();
    let seen = Unverified::parse(&token).unwrap();
    assert_eq!(
        (seen.alg(), seen.kid(), seen.typ(), seen.iss()),
        ("EdDSA", Some("k"), Some("JWT"), Some("i"))
    );
}

#[test]
fn a_header_in_another_order_is_accepted_again_and_again() {
    let (signing, verifying) = pair(Algorithm::HS256);
    let token =
        Signer::new(signing).without_typ().sign(&json!({"iss": "i", "aud": ["b", "a"], "exp": NOW})).unwrap();
    let verifier = Verifier::new("i", "a", verifying).typ(TokenType::JwtOrNone);
    for _ in 0..3 {
        assert!(verifier.verify::<Value>(&token, NOW).is_ok());
    }
}
