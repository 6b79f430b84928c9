//! A prepared key behaves as the key that it was made from.

use jeton_jose::jws::{self, Signer};
use jeton_jose::jwt::Verifier;
use jeton_jose::{Algorithm, Jwk, KeyError, KeySet, PrivateKey, PublicKey, Timestamp, VerifyError};
use serde_json::{Value, json};

const PREPARABLE: [Algorithm; 2] = [Algorithm::ES256, Algorithm::Ed25519];

fn verifies(key: &PublicKey, token: &str) -> bool {
    jws::Verifier::new(key).verify(token).is_ok()
}

#[test]
fn a_prepared_key_verifies_what_the_plain_key_verifies_and_nothing_else() {
    for algorithm in PREPARABLE {
        let private = PrivateKey::generate(algorithm).unwrap().with_kid("2026-11");
        let (plain, prepared) = (private.public_key(), private.public_key().prepare().unwrap());
        let stranger = PrivateKey::generate(algorithm).unwrap().with_kid("2026-11");
        for length in [0, 1, 63, 64, 300] {
            let payload = vec![b'x'; length];
            let token = Signer::new(&private).sign(&payload).unwrap();
            assert!(verifies(&plain, &token) && verifies(&prepared, &token));
            let foreign = Signer::new(&stranger).sign(&payload).unwrap();
            assert!(!verifies(&plain, &foreign) && !verifies(&prepared, &foreign));
            // Another character, and a part less, in each place of the signature.
            let start = token.rfind('.').unwrap() + 1;
            for at in start..token.len() {
                let mut mutated = token.clone().into_bytes();
                mutated[at] = if mutated[at] == b'B' { b'C' } else { b'B' };
                let mutated = String::from_utf8(mutated).unwrap();
                assert!(!verifies(&plain, &mutated) && !verifies(&prepared, &mutated), "{algorithm} at {at}");
                assert!(!verifies(&prepared, &token[..at]));
            }
        }
    }
}

#[test]
fn a_prepared_key_keeps_its_name_and_exports_as_before() {
    for algorithm in PREPARABLE {
        let plain = PrivateKey::generate(algorithm).unwrap().with_kid("2026-11").public_key();
        let prepared = plain.clone().prepare().unwrap();
        assert_eq!((prepared.kid(), prepared.algorithm()), (Some("2026-11"), algorithm));
        assert_eq!(prepared.to_jwk().to_json(), plain.to_jwk().to_json());
        let again = prepared.clone().prepare().unwrap().with_kid("other");
        assert_eq!(again.kid(), Some("other"));
    }
}

#[test]
fn a_jwt_verifier_takes_prepared_keys_beside_plain_ones() {
    let now = Timestamp::from_unix(1_800_000_000);
    let private =
        PREPARABLE.map(|algorithm| PrivateKey::generate(algorithm).unwrap().with_kid(algorithm.to_string()));
    let rsa = PrivateKey::generate(Algorithm::ES384).unwrap().with_kid("plain");
    let mut keys: Vec<PublicKey> = private.iter().map(|key| key.public_key().prepare().unwrap()).collect();
    keys.push(rsa.public_key());
    let verifier = Verifier::new("https://issuer.example", "api", KeySet::new(keys).unwrap());
    let claims = json!({"iss": "https://issuer.example", "aud": "api", "exp": now.unix() + 60});
    for key in private.iter().chain([&rsa]) {
        let token = jeton_jose::jwt::Signer::new(key).sign(&claims).unwrap();
        assert!(verifier.verify::<Value>(&token, now).is_ok());
        let cut = &token[..token.len() - 1];
        assert!(verifier.verify::<Value>(cut, now).is_err());
        let expired = verifier.verify::<Value>(&token, Timestamp::from_unix(1_800_000_100));
        assert!(matches!(expired, Err(VerifyError::Expired { .. })));
    }
}

#[test]
fn other_algorithms_cannot_be_prepared() {
    for algorithm in
        [Algorithm::ES384, Algorithm::ES512, Algorithm::ES256K, Algorithm::RS256, Algorithm::MlDsa44]
    {
        let key = PrivateKey::generate(algorithm).unwrap().public_key();
        let error = key.prepare().unwrap_err();
        assert!(matches!(error, KeyError::Unsupported { .. }));
        assert_eq!(error.code(), "key_unsupported");
    }
}

/// y = 1 + p, which some decoders reduce to 1: no signature verifies with the plain key, and there is none to prepare.
#[test]
fn an_ed25519_key_that_is_no_point_cannot_be_prepared() {
    let jwk = json!({"kty": "OKP", "crv": "Ed25519", "x": "7v_______________________________________38"});
    let key = Jwk::parse(jwk.to_string().as_bytes()).and_then(|jwk| PublicKey::from_jwk(&jwk));
    assert!(key.and_then(PublicKey::prepare).is_err());
}
