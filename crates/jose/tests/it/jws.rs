//! Signing and verifying bytes.

use jeton_jose::jws::{Signer, Verifier, sign_general, sign_general_detached};
use jeton_jose::{Algorithm, Jwk, KeySet, PrivateKey, PublicKey, SharedSecret, SignError, VerifyError};
use serde_json::json;

/// RFC 7515 A.1.
const HS256_JWK: &str = r#"{"kty":"oct","alg":"HS256","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"}"#;

fn rfc7515_secret() -> SharedSecret {
    SharedSecret::from_jwk(&Jwk::parse(HS256_JWK.as_bytes()).unwrap()).unwrap()
}

#[test]
fn rfc7515_a1_hs256_verifies() {
    let jws = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    let verified = Verifier::new(rfc7515_secret()).verify(jws).unwrap();
    assert!(verified.payload().starts_with(b"{\"iss\":\"joe\""));
}

#[test]
fn rfc7515_a3_es256_verifies() {
    let jwk = r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#;
    let key = PublicKey::from_jwk(&Jwk::parse(jwk.as_bytes()).unwrap()).unwrap();
    let jws = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
    assert!(Verifier::new(key).verify(jws).is_ok());
}

#[test]
fn rfc7797_4_1_encoded_and_4_2_unencoded_payload() {
    let signer = Signer::new(rfc7515_secret());
    assert_eq!(
        signer.sign(b"$.02").unwrap(),
        "eyJhbGciOiJIUzI1NiJ9.JC4wMg.5mvfOroL-g7HyqJoozehmsaqmvTYGEq5jTI1gVvoEoQ"
    );
    let detached = "eyJhbGciOiJIUzI1NiIsImI2NCI6ZmFsc2UsImNyaXQiOlsiYjY0Il19..A5dxf2s96_n5FLueVuW1Z_vh161FwXZC4YLPff6dmDY";
    assert_eq!(signer.clone().unencoded().sign_detached(b"$.02").unwrap(), detached);
    let verifier = Verifier::new(rfc7515_secret());
    assert_eq!(verifier.verify_detached(detached, b"$.02").unwrap().payload(), b"$.02");
    assert_eq!(verifier.verify_detached(detached, b"$.03").unwrap_err(), VerifyError::SignatureInvalid);
}

#[test]
fn rfc8037_a4_ed25519_signs_and_verifies() {
    let jwk = r#"{"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
    let key = PrivateKey::from_jwk(&Jwk::parse(jwk.as_bytes()).unwrap()).unwrap();
    let jws = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
    assert_eq!(Signer::new(&key).ed25519_as_eddsa().sign(b"Example of Ed25519 signing").unwrap(), jws);
    assert!(Verifier::new(key.public_key()).verify(jws).is_ok());
    assert_eq!(key.to_jwk().thumbprint(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
}

#[test]
fn an_unencoded_payload_with_dots_does_not_travel_in_compact_form() {
    let signer = Signer::new(rfc7515_secret()).unencoded();
    assert_eq!(signer.sign(b"$.02").unwrap_err(), SignError::Unencoded);
    assert_eq!(signer.sign(b"line\nbreak").unwrap_err(), SignError::Unencoded);
    let jws = signer.sign(b"$02").unwrap();
    assert_eq!(Verifier::new(rfc7515_secret()).verify(&jws).unwrap().payload(), b"$02");
}

#[test]
fn flattened_and_general_forms_verify() {
    let one = PrivateKey::generate(Algorithm::ES256).unwrap().with_kid("one");
    let two = PrivateKey::generate(Algorithm::Ed25519).unwrap().with_kid("two");
    let flattened = Signer::new(&one).kid_unprotected().sign_flattened(b"text").unwrap();
    assert_eq!(Verifier::new(one.public_key()).verify_json(&flattened).unwrap().payload(), b"text");
    let detached = Signer::new(&one).sign_flattened_detached(b"text").unwrap();
    assert!(Verifier::new(one.public_key()).verify_json_detached(&detached, b"text").is_ok());

    let general = sign_general(&[Signer::new(&one), Signer::new(&two)], b"text").unwrap();
    for (index, key) in [&one, &two].into_iter().enumerate() {
        let verified = Verifier::new(key.public_key()).verify_json(&general).unwrap();
        assert_eq!((verified.signature_index(), verified.kid()), (index, key.kid()));
    }
    let stranger = PrivateKey::generate(Algorithm::ES384).unwrap();
    assert!(Verifier::new(stranger.public_key()).verify_json(&general).is_err());
}

#[test]
fn json_at_the_compact_door_and_compact_at_the_json_door_are_refused() {
    let signer = Signer::new(rfc7515_secret());
    let verifier = Verifier::new(rfc7515_secret());
    assert_eq!(verifier.verify(&signer.sign_flattened(b"x").unwrap()).unwrap_err(), VerifyError::Malformed);
    assert_eq!(verifier.verify_json(&signer.sign(b"x").unwrap()).unwrap_err(), VerifyError::Malformed);
}

#[test]
fn malformed_json_forms_are_refused() {
    let signer = Signer::new(rfc7515_secret());
    let good: serde_json::Value = serde_json::from_str(&signer.sign_flattened(b"x").unwrap()).unwrap();
    let verifier = Verifier::new(rfc7515_secret());
    assert!(verifier.verify_json(&good.to_string()).is_ok());
    let with = |name: &str, value: serde_json::Value| {
        let mut jws = good.clone();
        jws[name] = value;
        verifier.verify_json(&jws.to_string())
    };
    let signature = json!({"protected": good["protected"], "signature": good["signature"]});
    assert!(with("signatures", json!([signature])).is_err(), "both forms at once");
    assert!(with("header", json!({})).is_err(), "an empty header");
    assert!(with("header", json!({"alg": "HS256"})).is_err(), "a name in both headers");
    assert!(with("header", json!({"crit": ["x"], "x": 1})).is_err(), "unprotected crit");
    assert!(with("header", json!({"b64": false})).is_err(), "unprotected b64");
    assert!(with("protected", json!("")).is_err(), "an empty protected header");
    assert!(with("signature", json!("")).is_err(), "an empty signature");
    assert!(with("payload", json!(5)).is_err(), "a payload of another type");
    let many = json!({"payload": good["payload"], "signatures": vec![signature; 17]});
    assert!(verifier.verify_json(&many.to_string()).is_err(), "too many signatures");
}

#[test]
fn a_set_of_keys_is_chosen_from_by_kid() {
    let keys: Vec<_> =
        (0..3).map(|i| PrivateKey::generate(Algorithm::ES256).unwrap().with_kid(format!("k{i}"))).collect();
    let set = KeySet::new(keys.iter().map(PrivateKey::public_key)).unwrap();
    let verifier = Verifier::new(set);
    assert_eq!(verifier.verify(&Signer::new(&keys[1]).sign(b"x").unwrap()).unwrap().kid(), Some("k1"));
    let renamed = keys[1].clone().with_kid("k2");
    assert_eq!(
        verifier.verify(&Signer::new(renamed).sign(b"x").unwrap()).unwrap_err(),
        VerifyError::SignatureInvalid
    );
    let unknown = keys[1].clone().with_kid("other");
    assert_eq!(
        verifier.verify(&Signer::new(unknown).sign(b"x").unwrap()).unwrap_err().code(),
        "key_not_found"
    );
}

#[test]
fn several_signatures_of_a_payload_that_travels_elsewhere() {
    let keys = [Algorithm::ES256, Algorithm::Ed25519].map(|alg| PrivateKey::generate(alg).unwrap());
    let signers = keys.each_ref().map(|key| Signer::new(key).unencoded());
    let jws = sign_general_detached(&signers, &[0xff, 0, b'.']).unwrap();
    for (index, key) in keys.iter().enumerate() {
        let verifier = Verifier::new(key.public_key());
        let verified = verifier.verify_json_detached(&jws, &[0xff, 0, b'.']).unwrap();
        assert_eq!(verified.signature_index(), index);
        assert!(verifier.verify_json_detached(&jws, b"other").is_err());
        assert!(verifier.verify_json(&jws).is_err());
    }
}
