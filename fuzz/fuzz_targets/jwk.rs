//! Keys and sets of keys in JSON: what is read is what serde_json reads, it is written and read again as the same key, its
//! thumbprint is the hash of what RFC 7638 says, its public part holds nothing private, and what a key signs it verifies.
#![no_main]

use jeton_fuzz::{second_opinion, token};
use jeton_jose::{Algorithm, Jwk, JwkSet, KeyError, KeySet, PrivateKey, PublicKey, SharedSecret, jws};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

const PRIVATE: &[&str] = &["d", "p", "q", "dp", "dq", "qi", "k", "priv", "oth"];

fuzz_target!(|data: &[u8]| {
    let (key, set) = (Jwk::parse(data), JwkSet::parse(data));
    if key.is_err() && set.is_err() {
        return;
    }
    if let Ok(key) = key {
        let Some(json) = second_opinion::agreed(data) else { return };
        check(&key, &json);
    }
    let Ok(set) = set else { return };
    let Some((json, facts)) = second_opinion::read(data) else { return };
    // A key with a member twice is left out. The other reader takes one of the two.
    assert!(!facts.duplicate || !set.skipped().is_empty(), "a member that appears twice was accepted");
    let all = json["keys"].as_array().expect("a set is a list");
    assert_eq!(all.len(), set.keys().len() + set.skipped().len());
    let written = set.to_json();
    let again = JwkSet::parse(written.as_bytes()).expect("what was written is read");
    assert_eq!(again.to_json(), written);
    own(&written);
    let public = set.public().to_json();
    check_public(&own(&public)["keys"]);
    // A key that can be read alone and is sound is in the set. Only one with zeros before its digits is in the set alone.
    for (index, one) in all.iter().enumerate() {
        let in_set = set.indexed().find(|(at, _)| *at == index).map(|(_, key)| key);
        match (Jwk::parse(one.to_string().as_bytes()), in_set) {
            (Ok(alone), Some(key)) => assert_eq!(key.to_json(), alone.to_json()),
            (Ok(alone), None) => assert!(facts.duplicate || alone.is_public() && alone.check().is_err()),
            (Err(error), Some(_)) => {
                assert!(matches!(error, KeyError::MemberMalformed { name: "n" | "e" }), "{error}");
            }
            (Err(_), None) => assert!(set.skipped().iter().any(|skipped| skipped.index() == index)),
        }
    }
    if let Ok(usable) = KeySet::from_jwk_set(&set) {
        assert!(usable.len() <= set.keys().len());
    }
});

fn check(key: &Jwk, json: &Value) {
    let written = key.to_json();
    let again = Jwk::parse(written.as_bytes()).expect("what was written is read");
    assert_eq!(again.to_json(), written, "read, written and read again");
    let members = own(&written);
    for (name, value) in members.as_object().expect("a key is an object") {
        match (name.as_str(), json.get(name)) {
            // A secret exponent is written as long as the modulus, and read at any length.
            ("d" | "p" | "q" | "dp" | "dq" | "qi", Some(read)) if key.kty() == "RSA" => {
                let digits = |value: &Value| {
                    let bytes = token::decode(value.as_str().expect("a text")).expect("base64url");
                    bytes.into_iter().skip_while(|byte| *byte == 0).collect::<Vec<_>>()
                };
                assert_eq!(digits(read), digits(value), "{name}");
            }
            (_, read) => assert_eq!(read, Some(value), "{name} is what serde_json reads"),
        }
    }
    assert_eq!(key.thumbprint(), thumbprint(&members));
    assert_eq!(again.thumbprint(), key.thumbprint());
    if let Ok(public) = key.public() {
        assert!(public.is_public());
        assert_eq!(public.thumbprint(), key.thumbprint(), "a key and its public part have one thumbprint");
        check_public(&own(&public.to_json()));
        check_public(&serde_json::to_value(&public).expect("public keys serialise"));
    } else {
        assert!(key.is_symmetric());
    }
    if !key.is_public() {
        assert!(serde_json::to_value(key).is_err(), "a secret is not serialised by accident");
    }
    use_it(key);
}

/// What Jeton wrote itself.
fn own(json: &str) -> Value {
    second_opinion::agreed(json.as_bytes()).expect("it writes no numbers")
}

fn check_public(json: &Value) {
    match json {
        Value::Array(keys) => keys.iter().for_each(check_public),
        one => assert!(PRIVATE.iter().all(|name| one.get(name).is_none()), "a private member is published"),
    }
}

/// RFC 7638 §3.2, RFC 8037 §2, RFC 9964 §3: the required members in alphabetical order.
fn thumbprint(members: &Value) -> String {
    let required: &[&str] = match members["kty"].as_str().expect("a kty") {
        "RSA" => &["e", "kty", "n"],
        "EC" => &["crv", "kty", "x", "y"],
        "OKP" => &["crv", "kty", "x"],
        "AKP" => &["alg", "kty", "pub"],
        "oct" => &["k", "kty"],
        kty => panic!("{kty} is not known"),
    };
    let members: Vec<_> = required.iter().map(|name| format!("\"{name}\":{}", members[name])).collect();
    token::encode(token::sha256(format!("{{{}}}", members.join(","))))
}

fn use_it(key: &Jwk) {
    // Signatures by RSA take too long to be made by the thousand.
    if key.kty() == "RSA" {
        let _ = PublicKey::from_jwk_for(Algorithm::RS256, key);
        return;
    }
    let signed = if let Ok(private) = PrivateKey::from_jwk(key) {
        jws::Signer::new(private.clone())
            .sign(b"x")
            .ok()
            .map(|token| (token, jws::Verifier::new(private.public_key())))
    } else if let Ok(secret) = SharedSecret::from_jwk(key) {
        jws::Signer::new(secret.clone()).sign(b"x").ok().map(|token| (token, jws::Verifier::new(secret)))
    } else {
        None
    };
    if let Some((token, verifier)) = signed {
        verifier.verify(&token).expect("what a key signs it verifies");
    }
}
