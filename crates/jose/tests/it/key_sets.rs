//! Sets of keys: one key that cannot be used takes no other down, and what must not be published is refused.

use jeton_jose::jws::{Signer, Verifier};
use jeton_jose::{Algorithm, Jwk, JwkSet, KeyError, KeySet, PrivateKey, SharedSecret, VerifyError};
use serde_json::{Value, json};

fn public(key: &PrivateKey) -> Value {
    serde_json::from_str(&key.public_key().to_jwk().to_json()).unwrap()
}

fn named(algorithm: Algorithm, kid: &str) -> PrivateKey {
    PrivateKey::generate(algorithm).unwrap().with_kid(kid)
}

fn text(keys: &[Value]) -> String {
    json!({ "keys": keys }).to_string()
}

fn with(key: &Value, members: Value) -> Value {
    let mut key = key.clone();
    for (name, value) in members.as_object().unwrap() {
        key[name] = value.clone();
    }
    key
}

fn without(key: &Value, name: &str) -> Value {
    let mut key = key.clone();
    key.as_object_mut().unwrap().remove(name);
    key
}

/// Keys that cannot be used, each with the code of the reason.
fn broken() -> Vec<(Value, &'static str)> {
    let ec = public(&named(Algorithm::ES256, "broken"));
    let rsa = public(&named(Algorithm::RS256, "broken"));
    let other = public(&named(Algorithm::ES256, "other"));
    let small = jeton_jose::base64url::encode([0xff; 128]);
    vec![
        (json!(7), "key_member_missing"),
        (json!({"kid": "broken"}), "key_member_missing"),
        (without(&ec, "kty"), "key_member_missing"),
        (without(&ec, "y"), "key_member_missing"),
        (with(&ec, json!({"kty": 5})), "key_member_malformed"),
        (with(&ec, json!({"x": "AA"})), "key_member_malformed"),
        (with(&ec, json!({"x": format!("{}=", ec["x"].as_str().unwrap())})), "key_member_malformed"),
        (with(&ec, json!({"alg": ["ES256"]})), "key_member_malformed"),
        (with(&ec, json!({"y": other["y"]})), "key_inconsistent"),
        (with(&ec, json!({"crv": "P-384"})), "key_member_malformed"),
        (with(&ec, json!({"crv": "brainpoolP256r1"})), "key_unsupported"),
        (with(&ec, json!({"kty": "NEW"})), "key_unsupported"),
        (json!({"kty": "OKP", "crv": "Ed448", "x": "AA", "kid": "broken"}), "key_unsupported"),
        (with(&ec, json!({"use": "sig", "key_ops": ["encrypt"]})), "key_use"),
        (with(&ec, json!({"key_ops": ["verify", "verify"]})), "key_use"),
        (with(&ec, json!({"key_ops": "verify"})), "key_member_malformed"),
        (with(&ec, json!({"kid": "k".repeat(257)})), "key_kid_too_long"),
        (with(&rsa, json!({"n": small, "use": "enc", "alg": "RSA-OAEP"})), "key_rsa_size"),
        (with(&rsa, json!({"e": "AQ"})), "key_rsa_numbers"),
        (with(&rsa, json!({"e": 65537})), "key_member_malformed"),
    ]
}

#[test]
fn one_key_that_cannot_be_used_takes_no_other_down() {
    let good = named(Algorithm::ES256, "good");
    let token = Signer::new(&good).sign(b"payload").unwrap();
    for (key, code) in broken() {
        let set = JwkSet::parse(text(&[key.clone(), public(&good)]).as_bytes()).unwrap();
        assert_eq!((set.keys().len(), set.skipped().len()), (1, 1), "{key}");
        let skipped = &set.skipped()[0];
        let kid = key["kid"].as_str().filter(|kid| kid.len() <= 256);
        assert_eq!((skipped.index(), skipped.kid(), skipped.reason().code()), (0, kid, code), "{key}");
        assert!(skipped.to_string().starts_with("keys[0]"), "{skipped}");
        let keys = KeySet::from_jwk_set(&set).unwrap();
        assert_eq!((keys.len(), keys.skipped()), (1, set.skipped()), "{key}");
        assert!(Verifier::new(keys).verify(&token).is_ok(), "{key}");
    }
    let all: Vec<Value> = broken().into_iter().map(|(key, _)| key).chain([public(&good)]).collect();
    let set = JwkSet::parse(text(&all).as_bytes()).unwrap();
    assert_eq!((set.keys().len(), set.skipped().len()), (1, all.len() - 1));
    assert!(set.skipped().iter().map(jeton_jose::jwk::SkippedKey::index).eq(0..all.len() - 1));
    assert_eq!(set.indexed().map(|(index, _)| index).collect::<Vec<_>>(), [all.len() - 1]);
}

#[test]
fn a_member_twice_is_the_fault_of_the_key_that_has_it() {
    let good = named(Algorithm::ES256, "good");
    let good = public(&good).to_string();
    let twice = |name: &str| good.replacen('{', &format!("{{\"{name}\":\"EC\","), 1);
    for name in ["kty", "k\\u0074y", "kid"] {
        let set = JwkSet::parse(format!("{{\"keys\":[{good},{}]}}", twice(name)).as_bytes()).unwrap();
        assert_eq!((set.keys().len(), set.skipped()[0].index()), (1, 1), "{name}");
        assert_eq!(set.skipped()[0].reason().code(), "json_duplicate_member", "{name}");
    }
    for whole in [
        format!("{{\"keys\":[{good}],\"keys\":[]}}"),
        format!("{{\"keys\":[{good}],\"x\":{{\"a\":1,\"a\":2}}}}"),
    ] {
        assert_eq!(JwkSet::parse(whole.as_bytes()).unwrap_err().code(), "json_duplicate_member");
    }
}

#[test]
fn what_a_set_of_keys_is_not_used_for_is_told_with_the_reason() {
    let keys = [
        public(&named(Algorithm::ES256, "good")),
        with(&without(&public(&named(Algorithm::RS256, "enc")), "alg"), json!({"use": "enc"})),
        with(&without(&public(&named(Algorithm::RS256, "oaep")), "use"), json!({"alg": "RSA-OAEP"})),
        without(&public(&named(Algorithm::RS256, "unsaid")), "alg"),
    ];
    let set = JwkSet::parse(text(&keys).as_bytes()).unwrap();
    assert!(set.skipped().is_empty(), "each can be used for something");
    let keys = KeySet::from_jwk_set(&set).unwrap();
    let skipped: Vec<_> =
        keys.skipped().iter().map(|key| (key.index(), key.kid().unwrap(), key.reason().code())).collect();
    assert_eq!(
        skipped,
        [
            (1, "enc", "key_algorithm_missing"),
            (2, "oaep", "key_algorithm_unknown"),
            (3, "unsaid", "key_algorithm_missing")
        ]
    );
}

#[test]
fn keys_that_name_no_algorithm_are_taken_for_the_one_that_is_said() {
    let key = named(Algorithm::RS256, "unsaid");
    let set = JwkSet::parse(
        text(&[without(&public(&key), "alg"), public(&named(Algorithm::ES256, "ec"))]).as_bytes(),
    );
    let set = set.unwrap();
    let token = Signer::new(&key).sign(b"payload").unwrap();
    let verify = |keys: KeySet| Verifier::new(keys).verify(&token).map(|verified| verified.algorithm());
    assert_eq!(KeySet::from_jwk_set(&set).unwrap().len(), 1);
    let keys = KeySet::from_jwk_set_with(&set, Algorithm::RS256).unwrap();
    assert_eq!((keys.len(), verify(keys)), (2, Ok(Algorithm::RS256)));
    // The key is for one algorithm all the same.
    assert!(verify(KeySet::from_jwk_set_with(&set, Algorithm::PS256).unwrap()).is_err());
    let keys = KeySet::from_jwk_set_with(&set, Algorithm::ES384).unwrap();
    assert_eq!((keys.len(), keys.skipped()[0].reason().code()), (1, "key_algorithm_mismatch"));
}

#[test]
fn a_private_member_of_any_kind_refuses_a_published_set() {
    let good = public(&named(Algorithm::ES256, "good"));
    let secret = SharedSecret::generate(Algorithm::HS256).unwrap().to_jwk();
    for key in [
        json!({"kty": "OKP", "crv": "Ed448", "x": "AA", "d": "AA"}),
        json!({"kty": "EC", "crv": "brainpoolP256r1", "x": "AA", "y": "AA", "d": "AA"}),
        json!({"kty": "NEW", "d": "AA"}),
        json!({"d": "AA"}),
        json!({"kty": "AKP", "alg": "FN-DSA-512", "pub": "AA", "priv": "AA"}),
        json!({"kty": "RSA", "n": "AQAB", "e": "AQAB", "d": "AA"}),
        json!({"kty": "RSA", "n": "AQAB", "e": "AQAB", "oth": []}),
        json!({"kty": "oct"}),
        json!({"kty": "oct", "k": ""}),
        with(&good, json!({"k": "AA"})),
        serde_json::from_str(&secret.to_json()).unwrap(),
        serde_json::from_str(&named(Algorithm::ES256, "x").to_jwk().to_json()).unwrap(),
    ] {
        let set = JwkSet::parse(text(&[good.clone(), key.clone()]).as_bytes()).unwrap();
        assert_eq!(set.check_public().unwrap_err(), KeyError::SecretInSet, "{key}");
        assert_eq!(KeySet::from_jwk_set(&set).unwrap_err(), KeyError::SecretInSet, "{key}");
        assert!(KeySet::from_jwk_set_with(&set, Algorithm::RS256).is_err(), "{key}");
    }
    let empty = json!({"kty": "OKP", "crv": "Ed448", "x": "AA", "d": null});
    let set = JwkSet::parse(text(&[good, empty]).as_bytes()).unwrap();
    assert_eq!(KeySet::from_jwk_set(&set).unwrap().len(), 1, "nothing is no secret");
}

#[test]
fn a_broken_key_of_ones_own_set_is_refused_by_index_and_kid() {
    let good = public(&named(Algorithm::ES256, "good"));
    for (key, code) in broken() {
        let text = text(&[good.clone(), key.clone()]);
        let own = JwkSet::parse_own(text.as_bytes());
        if code == "key_unsupported" {
            assert_eq!(own.unwrap().skipped()[0].index(), 1, "a key of another kind is not broken");
            continue;
        }
        let error = own.unwrap_err();
        assert_eq!(error.code(), code, "{key}");
        let KeyError::InSet(skipped) = &error else { panic!("{error:?}") };
        assert_eq!(skipped.index(), 1);
        let named = key["kid"] == "broken";
        let start = if named { r#"keys[1] (kid "broken"): "# } else { "keys[1]: " };
        assert!(error.to_string().starts_with(start), "{error}");
        let forgiving = JwkSet::parse(text.as_bytes()).unwrap();
        assert_eq!(KeySet::from_own_jwk_set(&forgiving, None).unwrap_err().code(), code, "{key}");
    }
    let mut mixed: Value = serde_json::from_str(&named(Algorithm::ES256, "p").to_jwk().to_json()).unwrap();
    mixed["d"] =
        serde_json::from_str::<Value>(&named(Algorithm::ES256, "q").to_jwk().to_json()).unwrap()["d"].clone();
    let error = JwkSet::parse_own(text(&[good, mixed]).as_bytes()).unwrap_err();
    assert_eq!(
        error.to_string(),
        r#"keys[1] (kid "p"): the parts of the key do not match, or a point is not on the curve"#
    );
}

#[test]
fn x5t_is_never_read_and_a_bad_x5c_costs_only_the_certificate() {
    let key = named(Algorithm::RS256, "k");
    let token = Signer::new(&key).sign(b"payload").unwrap();
    for members in [
        json!({"x5t": "RkI5OEZBN0U5QkM5NzA1NkFGODBCMEVDQTdCOTBGQ0VBRTM3RTkwMQ"}),
        json!({"x5t": 7}),
        json!({"x5c": ["MIIC"]}),
        json!({"x5c": "MIIC"}),
        json!({"x5c": []}),
        json!({"x5c": [7]}),
        json!({"x5t#S256": "AAAA"}),
        json!({"x5t#S256": null}),
        json!({"x5u": 5}),
    ] {
        let jwk = with(&public(&key), members.clone());
        let read = Jwk::parse(jwk.to_string().as_bytes()).unwrap();
        let has_fault = members.get("x5c").is_some() || members.get("x5t#S256").is_some();
        assert_eq!(read.certificate_fault().is_some(), has_fault, "{members}");
        assert!(read.certificates().is_none() && read.certificate_thumbprint().is_none(), "{members}");
        let set = JwkSet::parse(text(&[jwk]).as_bytes()).unwrap();
        let keys = KeySet::from_jwk_set(&set).unwrap();
        assert!(Verifier::new(keys).verify(&token).is_ok(), "{members}");
    }
}

#[test]
fn a_zero_before_the_digits_of_a_published_rsa_key_is_read_and_of_ones_own_refused() {
    let key = named(Algorithm::RS256, "k");
    let token = Signer::new(&key).sign(b"payload").unwrap();
    let n = jeton_jose::base64url::decode(public(&key)["n"].as_str().unwrap()).unwrap();
    let padded = jeton_jose::base64url::encode([&[0], n.as_slice()].concat());
    for members in [json!({"n": padded}), json!({"e": "AAEAAQ"}), json!({"n": padded, "e": "AAEAAQ"})] {
        let jwk = with(&public(&key), members);
        let set = JwkSet::parse(text(std::slice::from_ref(&jwk)).as_bytes()).unwrap();
        assert!(Verifier::new(KeySet::from_jwk_set(&set).unwrap()).verify(&token).is_ok());
        assert_eq!(set.keys()[0].thumbprint(), key.public_key().to_jwk().thumbprint());
        assert_eq!(Jwk::parse(jwk.to_string().as_bytes()).unwrap_err().code(), "key_member_malformed");
        assert_eq!(JwkSet::parse_own(text(&[jwk]).as_bytes()).unwrap_err().code(), "key_member_malformed");
    }
}

#[test]
fn of_two_keys_of_one_kid_the_algorithm_decides_and_published_ones_are_both_tried() {
    let [one, other] = [(); 2].map(|()| named(Algorithm::ES256, "k"));
    let another = named(Algorithm::Ed25519, "k");
    let own = KeySet::new([one.public_key(), another.public_key()]).unwrap();
    let set = JwkSet::parse(text(&[public(&one), public(&other), public(&another)]).as_bytes()).unwrap();
    let published = KeySet::from_jwk_set(&set).unwrap();
    assert_eq!(published.len(), 3);
    for (keys, signers) in [(own, vec![&one, &another]), (published, vec![&one, &other, &another])] {
        let bytes = Verifier::new(keys.clone());
        let tokens = jeton_jose::jwt::Verifier::new("i", "a", keys);
        let now = jeton_jose::Timestamp::from_unix(1_800_000_000);
        for signer in signers {
            // Twice, since a verifier remembers headers that were good.
            for _ in 0..2 {
                assert!(bytes.verify(&Signer::new(signer).sign(b"payload").unwrap()).is_ok());
                let claims = json!({"iss": "i", "aud": "a", "exp": 1_900_000_000});
                let token = jeton_jose::jwt::Signer::new(signer).sign(&claims).unwrap();
                assert!(tokens.verify::<Value>(&token, now).is_ok());
            }
        }
        let stranger = Signer::new(named(Algorithm::ES256, "k")).sign(b"payload").unwrap();
        assert_eq!(bytes.verify(&stranger).unwrap_err(), VerifyError::SignatureInvalid);
    }
    let own = KeySet::new([one.public_key(), other.public_key()]);
    assert_eq!(own.unwrap_err(), KeyError::KidCollision);
    assert_eq!(KeySet::from_own_jwk_set(&set, None).unwrap_err(), KeyError::KidCollision);
}

#[test]
fn of_keys_with_one_kid_sixteen_are_tried_at_most() {
    let keys: Vec<_> = (0..17).map(|_| named(Algorithm::Ed25519, "k")).collect();
    let set = KeySet::published(keys.iter().map(PrivateKey::public_key)).unwrap();
    let verify = |key: &PrivateKey| Verifier::new(set.clone()).verify(&Signer::new(key).sign(b"x").unwrap());
    assert!(verify(&keys[15]).is_ok() && verify(&keys[16]).is_err());
}
