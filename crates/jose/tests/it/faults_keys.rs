//! Known faults of keys: each was a hole somewhere, each is refused here.

use jeton_jose::{
    Algorithm, Jwk, KeyError, KeySet, PrivateKey, PublicKey, RsaBits, SharedSecret, VerifyingKey,
};
use serde_json::{Value, json};

fn public(algorithm: Algorithm) -> Value {
    serde_json::from_str(&PrivateKey::generate(algorithm).unwrap().public_key().to_jwk().to_json()).unwrap()
}

fn private(algorithm: Algorithm) -> Value {
    serde_json::from_str(&PrivateKey::generate(algorithm).unwrap().to_jwk().to_json()).unwrap()
}

fn import(jwk: &Value) -> Result<PublicKey, KeyError> {
    PublicKey::from_jwk(&Jwk::parse(jwk.to_string().as_bytes())?)
}

fn with(jwk: &Value, name: &str, value: Value) -> Value {
    let mut jwk = jwk.clone();
    jwk[name] = value;
    jwk
}

fn without(jwk: &Value, name: &str) -> Value {
    let mut jwk = jwk.clone();
    jwk.as_object_mut().unwrap().remove(name);
    jwk
}

#[test]
fn a_key_without_alg_needs_one_unless_its_type_allows_only_one() {
    assert_eq!(import(&without(&public(Algorithm::RS256), "alg")).unwrap_err(), KeyError::AlgorithmMissing);
    for algorithm in
        [Algorithm::ES256, Algorithm::ES384, Algorithm::ES512, Algorithm::ES256K, Algorithm::Ed25519]
    {
        assert_eq!(import(&without(&public(algorithm), "alg")).unwrap().algorithm(), algorithm);
    }
    let secret = Jwk::from_secret(&[7; 64]);
    assert_eq!(SharedSecret::from_jwk(&secret).unwrap_err(), KeyError::AlgorithmMissing);
    assert!(SharedSecret::from_jwk_for(Algorithm::HS512, &secret).is_ok());
    assert_eq!(
        import(&without(&public(Algorithm::MlDsa44), "alg")).unwrap_err(),
        KeyError::MemberMissing { name: "alg" }
    );
}

#[test]
fn a_key_of_one_algorithm_is_not_used_for_another() {
    let rs256 = Jwk::parse(public(Algorithm::RS256).to_string().as_bytes()).unwrap();
    let wanted = Algorithm::PS256;
    assert_eq!(PublicKey::from_jwk_for(wanted, &rs256).unwrap_err(), KeyError::AlgorithmMismatch { wanted });
    let es256 = public(Algorithm::ES256);
    assert!(matches!(import(&with(&es256, "alg", json!("ES384"))), Err(KeyError::AlgorithmMismatch { .. })));
    assert!(matches!(import(&with(&es256, "alg", json!("RS256"))), Err(KeyError::AlgorithmMismatch { .. })));
    assert_eq!(import(&with(&es256, "alg", json!("ECDH-ES"))).unwrap_err(), KeyError::AlgorithmUnknown);
    assert_eq!(import(&with(&es256, "alg", json!("none"))).unwrap_err(), KeyError::AlgorithmUnknown);
    assert_eq!(import(&with(&es256, "alg", json!("es256"))).unwrap_err(), KeyError::AlgorithmUnknown);
}

#[test]
fn use_and_key_ops_bind() {
    let jwk = public(Algorithm::ES256);
    assert_eq!(import(&with(&jwk, "use", json!("enc"))).unwrap_err(), KeyError::Use);
    assert_eq!(import(&with(&jwk, "use", json!("other"))).unwrap_err(), KeyError::Use);
    let free = without(&jwk, "use");
    assert!(import(&with(&free, "key_ops", json!(["verify"]))).is_ok());
    for operations in [json!(["sign"]), json!([]), json!(["encrypt"]), json!(["verify", "verify"])] {
        assert_eq!(import(&with(&free, "key_ops", operations)).unwrap_err(), KeyError::Use);
    }
    assert_eq!(import(&with(&jwk, "key_ops", json!(["verify", "encrypt"]))).unwrap_err(), KeyError::Use);
    for malformed in [json!("verify"), json!([1]), json!({})] {
        assert_eq!(
            import(&with(&free, "key_ops", malformed)).unwrap_err(),
            KeyError::MemberMalformed { name: "key_ops" }
        );
    }
}

#[test]
fn a_secret_that_may_only_verify_does_not_sign() {
    let secret = SharedSecret::generate(Algorithm::HS256).unwrap().to_jwk().to_json();
    let mut jwk: Value = serde_json::from_str(&secret).unwrap();
    jwk = with(&without(&jwk, "use"), "key_ops", json!(["verify"]));
    let secret = SharedSecret::from_jwk(&Jwk::parse(jwk.to_string().as_bytes()).unwrap()).unwrap();
    let error = jeton_jose::jws::Signer::new(secret).sign(b"x").unwrap_err();
    assert_eq!(error.code(), "key_use");
}

#[test]
fn members_of_another_type_are_refused() {
    let jwk = public(Algorithm::ES256);
    for (name, value) in [
        ("kty", json!(5)),
        ("crv", json!(["P-256"])),
        ("x", json!(5)),
        ("y", json!(null)),
        ("alg", json!(5)),
        ("kid", json!({})),
        ("use", json!(true)),
    ] {
        assert!(import(&with(&jwk, name, value)).is_err(), "{name}");
    }
    assert!(import(&json!([])).is_err() && import(&json!("x")).is_err() && import(&json!({})).is_err());
    for name in ["n", "k", "pub", "p"] {
        assert_eq!(import(&with(&jwk, name, json!("AAAA"))).unwrap_err(), KeyError::MemberMalformed { name });
    }
    let oct = json!({"kty": "oct", "alg": "HS256", "k": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "x": "AAAA"});
    assert!(Jwk::parse(oct.to_string().as_bytes()).is_err());
    assert!(import(&with(&jwk, "crv", json!("P-384"))).is_err(), "curve and coordinates disagree");
}

#[test]
fn coordinates_must_have_their_full_length() {
    let jwk = public(Algorithm::ES256);
    let x = jeton_jose::base64url::decode(jwk["x"].as_str().unwrap()).unwrap();
    for broken in [&x[1..], &[&[0], x.as_slice()].concat()] {
        let broken = with(&jwk, "x", json!(jeton_jose::base64url::encode(broken)));
        assert_eq!(import(&broken).unwrap_err(), KeyError::MemberMalformed { name: "x" });
    }
    let rsa = public(Algorithm::RS256);
    let n = jeton_jose::base64url::decode(rsa["n"].as_str().unwrap()).unwrap();
    let padded = with(&rsa, "n", json!(jeton_jose::base64url::encode([&[0], n.as_slice()].concat())));
    assert_eq!(import(&padded).unwrap_err(), KeyError::MemberMalformed { name: "n" });
    assert!(import(&with(&rsa, "e", json!("AAEAAQ"))).is_err());
    assert!(import(&with(&jwk, "x", json!(format!("{}=", jwk["x"].as_str().unwrap())))).is_err(), "padding");
}

#[test]
fn the_private_part_must_match_the_public_one() {
    for algorithm in [
        Algorithm::ES256,
        Algorithm::ES384,
        Algorithm::ES512,
        Algorithm::ES256K,
        Algorithm::Ed25519,
        Algorithm::MlDsa44,
        Algorithm::RS256,
    ] {
        let (one, other) = (private(algorithm), private(algorithm));
        let mut mixed = one.clone();
        for name in ["d", "priv"] {
            if !other[name].is_null() {
                mixed[name] = other[name].clone();
            }
        }
        let imported = Jwk::parse(mixed.to_string().as_bytes()).and_then(|jwk| PrivateKey::from_jwk(&jwk));
        assert_eq!(imported.unwrap_err(), KeyError::Inconsistent, "{algorithm}");
    }
}

#[test]
fn a_point_off_the_curve_or_at_infinity_is_refused() {
    for algorithm in [Algorithm::ES256, Algorithm::ES384, Algorithm::ES512, Algorithm::ES256K] {
        let jwk = public(algorithm);
        let zero = json!(jeton_jose::base64url::encode(vec![
            0;
            jeton_jose::base64url::decode(
                jwk["x"].as_str().unwrap()
            )
            .unwrap()
            .len()
        ]));
        assert_eq!(import(&with(&jwk, "y", jwk["x"].clone())).unwrap_err(), KeyError::Inconsistent);
        assert_eq!(
            import(&with(&with(&jwk, "y", zero.clone()), "x", zero)).unwrap_err(),
            KeyError::Inconsistent
        );
    }
}

#[test]
fn rsa_keys_of_a_wrong_size_or_exponent_are_refused() {
    let jwk = public(Algorithm::RS256);
    let n = jeton_jose::base64url::decode(jwk["n"].as_str().unwrap()).unwrap();
    let size = |bytes: usize| {
        let mut n: Vec<u8> = n.iter().copied().cycle().take(bytes).collect();
        n[bytes - 1] |= 1;
        import(&with(&jwk, "n", json!(jeton_jose::base64url::encode(n))))
    };
    assert_eq!(size(128).unwrap_err(), KeyError::RsaSize { bits: 1024 });
    assert_eq!(size(1025).unwrap_err(), KeyError::RsaSize { bits: 8200 });
    for exponent in ["AQ", "AA", "BA", "AQAA", "AgAAAAE", "AQAAAAAB"] {
        assert!(import(&with(&jwk, "e", json!(exponent))).is_err(), "{exponent}");
    }
    let mut even = n.clone();
    even[255] &= 0xfe;
    assert_eq!(
        import(&with(&jwk, "n", json!(jeton_jose::base64url::encode(even)))).unwrap_err(),
        KeyError::RsaNumbers
    );
}

#[test]
fn a_key_with_the_roca_flaw_is_refused() {
    // One more than a multiple of these primes is a power of 65537 modulo each of them, which is the fingerprint.
    let primes: [u128; 17] = [11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157];
    let mut n = primes.iter().product::<u128>().to_be_bytes().to_vec();
    n.drain(..n.iter().position(|&byte| byte != 0).unwrap());
    n.resize(257, 0);
    n[256] = 1;
    let jwk = with(&public(Algorithm::RS256), "n", json!(jeton_jose::base64url::encode(&n)));
    assert_eq!(import(&jwk).unwrap_err(), KeyError::RsaRoca);
    n[256] = 3;
    assert!(import(&with(&jwk, "n", json!(jeton_jose::base64url::encode(n)))).is_ok());
}

#[test]
fn rsa_keys_are_made_in_three_sizes() {
    for (bits, bytes) in [(RsaBits::Rsa2048, 256), (RsaBits::Rsa3072, 384), (RsaBits::Rsa4096, 512)] {
        let key = PrivateKey::generate_rsa(Algorithm::PS256, bits).unwrap();
        let jwk: Value = serde_json::from_str(&key.public_key().to_jwk().to_json()).unwrap();
        assert_eq!(jeton_jose::base64url::decode(jwk["n"].as_str().unwrap()).unwrap().len(), bytes);
    }
    let wanted = Algorithm::ES256;
    let error = PrivateKey::generate_rsa(wanted, RsaBits::default()).unwrap_err();
    assert_eq!(error, KeyError::AlgorithmMismatch { wanted });
}

#[test]
fn short_empty_and_published_secrets_are_refused() {
    for (algorithm, wanted) in [(Algorithm::HS256, 32), (Algorithm::HS384, 48), (Algorithm::HS512, 64)] {
        for bytes in [0, 4, wanted - 1] {
            let error = SharedSecret::new(algorithm, &vec![b'x'; bytes]).unwrap_err();
            assert_eq!(error, KeyError::SecretTooShort { bytes, wanted, algorithm });
        }
    }
    for known in ["a-string-secret-at-least-256-bits-long", "12345678901234567890123456789012"] {
        let known = SharedSecret::new(Algorithm::HS256, known.as_bytes());
        assert_eq!(known.unwrap_err(), KeyError::SecretKnown);
    }
    assert!(SharedSecret::new(Algorithm::ES256, &[7; 64]).is_err());
}

#[test]
fn two_keys_of_one_kid_and_algorithm_and_mixed_kinds_make_no_set() {
    let one = PrivateKey::generate(Algorithm::ES256).unwrap().with_kid("k");
    let other = PrivateKey::generate(Algorithm::ES256).unwrap().with_kid("k");
    assert_eq!(KeySet::new([one.public_key(), other.public_key()]).unwrap_err(), KeyError::KidCollision);
    let secret = SharedSecret::generate(Algorithm::HS256).unwrap();
    assert_eq!(
        KeySet::new([VerifyingKey::from(one.public_key()), secret.into()]).unwrap_err(),
        KeyError::MixedSet
    );
}

#[test]
fn ed448_is_refused_by_name() {
    let jwk = json!({"kty": "OKP", "crv": "Ed448", "x": "X9dEm1m0Yf0s54fsYWrUah2hNCSFpw4fig6nXYDpZ3jt8SR2m0bHBhvWeD3x5Q9s0foavq_oJWGA"});
    assert!(import(&jwk).unwrap_err().to_string().contains("Ed448"));
}

#[test]
fn encrypted_and_garbled_pem_is_refused() {
    let pem = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";
    assert_eq!(Jwk::from_pem(pem).unwrap_err(), KeyError::Encrypted);
    let pem = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAAAA\n-----END RSA PRIVATE KEY-----\n";
    assert_eq!(Jwk::from_pem(pem).unwrap_err(), KeyError::Encrypted);
    let good = PrivateKey::generate(Algorithm::ES256).unwrap().to_jwk().to_pem().unwrap();
    for broken in [
        "",
        "-----BEGIN PRIVATE KEY-----",
        &good.replace("END PRIVATE", "END PUBLIC"),
        &good.replace('M', "*"),
    ] {
        assert_eq!(Jwk::from_pem(broken).unwrap_err(), KeyError::Pem);
    }
    let der = PrivateKey::generate(Algorithm::RS256).unwrap().to_jwk().to_der().unwrap();
    for len in 0..der.len() {
        assert!(Jwk::from_der(&der[..len]).is_err());
    }
    assert!(Jwk::from_der(&[der.as_slice(), &[0]].concat()).is_err());
}

#[test]
fn nothing_of_a_key_is_in_an_error() {
    let jwk = private(Algorithm::ES256);
    let secret = jwk["d"].as_str().unwrap();
    for broken in
        [with(&jwk, "x", json!("AAAA")), with(&jwk, "kty", json!("RSA")), with(&jwk, "use", json!("enc"))]
    {
        let error =
            Jwk::parse(broken.to_string().as_bytes()).and_then(|jwk| PrivateKey::from_jwk(&jwk)).unwrap_err();
        assert!(!format!("{error} {error:?}").contains(secret));
    }
}

#[test]
fn a_key_for_agreement_does_not_sign_and_a_key_for_signatures_is_for_one_algorithm() {
    let x25519 = json!({"kty": "OKP", "crv": "X25519", "x": "3p7bfXt9wbTTW2HC7OQ1Nz-DQ8hbeGdNrfx-FG-IK08"});
    assert_eq!(import(&x25519).unwrap_err(), KeyError::AlgorithmUnknown);
    let jwk = Jwk::parse(x25519.to_string().as_bytes()).unwrap();
    let wanted = Algorithm::Ed25519;
    assert_eq!(PublicKey::from_jwk_for(wanted, &jwk).unwrap_err(), KeyError::AlgorithmMismatch { wanted });
    let agreeing = with(&without(&public(Algorithm::ES256), "use"), "alg", json!("ECDH-ES+A256KW"));
    let jwk = Jwk::parse(agreeing.to_string().as_bytes()).unwrap();
    assert!(PublicKey::from_jwk(&jwk).is_err() && PublicKey::from_jwk_for(Algorithm::ES256, &jwk).is_err());
}

#[test]
fn a_token_without_kid_is_tried_with_sixteen_keys_at_most() {
    let keys: Vec<_> = (0..17).map(|_| PrivateKey::generate(Algorithm::Ed25519).unwrap()).collect();
    let set = KeySet::new(keys.iter().map(PrivateKey::public_key)).unwrap();
    let verifier = jeton_jose::jws::Verifier::new(set);
    let verify = |key: &PrivateKey| verifier.verify(&jeton_jose::jws::Signer::new(key).sign(b"x").unwrap());
    assert!(verify(&keys[0]).is_ok() && verify(&keys[15]).is_ok());
    assert_eq!(verify(&keys[16]).unwrap_err().code(), "key_ambiguous");
}

#[test]
fn secrets_show_in_no_debug_text() {
    let secret = SharedSecret::new(Algorithm::HS256, b"0123456789abcdef0123456789ABCDEF").unwrap();
    let signer = jeton_jose::jwt::Signer::new(&secret);
    let verifier = jeton_jose::jwt::Verifier::new("i", "a", secret.clone());
    let token = signer.sign(&json!({"iss": "i", "aud": "a", "exp": 1_900_000_000})).unwrap();
    let seen = jeton_jose::jwt::Unverified::parse(&token).unwrap();
    let now = jeton_jose::Timestamp::from_unix(1_800_000_000);
    let verified = verifier.verify::<Value>(&token, now).unwrap();
    let shown = format!("{secret:?} {:?} {signer:?} {verifier:?} {seen:?} {verified:?}", secret.to_jwk());
    let shown = format!("{shown} {:#?} {:?}", VerifyingKey::from(&secret), KeySet::from(&secret));
    let signature = token.rsplit('.').next().unwrap();
    for hidden in ["0123456789abcdef", "MDEyMzQ1Njc4OWFiY2RlZj", "48, 49, 50, 51", signature] {
        assert!(!shown.contains(hidden), "{hidden} in {shown}");
    }
}
