//! A signer makes no token that every verifier refuses.

use std::collections::BTreeMap;

use jeton_jose::jwt::{Audience, Issuer, Signer, Verifier};
use jeton_jose::remote_signer::Signature;
use jeton_jose::{Algorithm, PrivateKey, SharedSecret, SignError, Timestamp, base64url, jws};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);

fn secret() -> SharedSecret {
    SharedSecret::new(Algorithm::HS256, b"0123456789abcdef0123456789ABCDEF").unwrap()
}

/// Whether any verifier takes these claims, were the time right.
fn verifies(claims: &[u8]) -> bool {
    let token = jws::Signer::new(secret()).sign(claims).unwrap();
    let verifier =
        Verifier::new(Issuer::any(), Audience::any(), secret()).allow_missing_exp().allow_future_iat();
    match verifier.verify::<Value>(&token, NOW) {
        Ok(_) => true,
        Err(error) => !matches!(error.code(), "claim_malformed" | "claims_malformed"),
    }
}

const MALFORMED: [&str; 27] = [
    r#"{"sub":42}"#,
    r#"{"sub":null}"#,
    r#"{"sub":["ada"]}"#,
    r#"{"iss":5}"#,
    r#"{"iss":["i"]}"#,
    r#"{"jti":7}"#,
    r#"{"jti":{}}"#,
    r#"{"aud":[]}"#,
    r#"{"aud":""}"#,
    r#"{"aud":null}"#,
    r#"{"aud":7}"#,
    r#"{"aud":{}}"#,
    r#"{"aud":["a",7]}"#,
    r#"{"aud":[null]}"#,
    r#"{"exp":"1800000300"}"#,
    r#"{"exp":1800000000000}"#,
    r#"{"exp":-1}"#,
    r#"{"exp":null}"#,
    r#"{"exp":true}"#,
    r#"{"exp":[1800000300]}"#,
    r#"{"exp":253402300800}"#,
    r#"{"exp":1e300}"#,
    r#"{"exp":18446744073709551616}"#,
    r#"{"nbf":"soon"}"#,
    r#"{"nbf":253402300799.5}"#,
    r#"{"iat":1800000000000}"#,
    r#"{"iat":{}}"#,
];

const GOOD: [&str; 14] = [
    "{}",
    r#"{"sub":""}"#,
    r#"{"sub":"\u0041"}"#,
    r#"{"aud":"a"}"#,
    r#"{"aud":["a"]}"#,
    r#"{"aud":["a","b\u0041",""]}"#,
    r#"{"exp":1800000300}"#,
    r#"{"exp":0}"#,
    r#"{"exp":253402300799}"#,
    r#"{"exp":253402300799.5}"#,
    r#"{"exp":1800000300.5,"nbf":1.5e9,"iat":-0.5}"#,
    r#"{"x":{"exp":"text","sub":42},"Exp":"text","nonce":null,"azp":7}"#,
    r#"{"a":1,"b":2,"c":3,"ab":4,"ac":5,"bc":6}"#,
    r#"{"\u0065xp":1800000300}"#,
];

#[test]
fn claims_that_every_verifier_refuses_are_not_signed() {
    let signer = Signer::new(secret());
    for claims in MALFORMED {
        assert!(!verifies(claims.as_bytes()), "{claims}");
        let value: Value = serde_json::from_str(claims).unwrap();
        let members: Map<String, Value> = value.as_object().unwrap().clone();
        let raw: Box<RawValue> = RawValue::from_string(claims.to_owned()).unwrap();
        let by_name: BTreeMap<&str, &Value> =
            members.iter().map(|(name, value)| (name.as_str(), value)).collect();
        for result in [signer.sign(&value), signer.sign(&members), signer.sign(&raw), signer.sign(&by_name)] {
            let error = result.unwrap_err();
            let SignError::ClaimMalformed { name, fault } = &error else { panic!("{claims}: {error:?}") };
            assert!(
                members.contains_key(*name) && fault.pointer.starts_with(&format!("/{name}")),
                "{claims}"
            );
            assert_eq!(error.code(), "claim_malformed");
            assert!(error.to_string().contains("jws::Signer"), "{error}");
        }
        // Behind claims that are good, too.
        let behind = claims.replacen('{', r#"{"a":[1,{"b":{}}],"iss":"i","#, 1);
        if !claims.contains("iss") {
            assert!(signer.sign(&serde_json::from_str::<Value>(&behind).unwrap()).is_err(), "{behind}");
        }
    }
    for claims in GOOD {
        assert!(verifies(claims.as_bytes()), "{claims}");
        let value: Value = serde_json::from_str(claims).unwrap();
        let raw: Box<RawValue> = RawValue::from_string(claims.to_owned()).unwrap();
        signer.sign(&value).unwrap();
        signer.sign(&raw).unwrap();
    }
}

#[derive(Serialize)]
struct Typed<'c> {
    sub: &'c str,
    #[serde(skip_serializing_if = "Option::is_none")]
    exp: Option<Value>,
    tenant: u8,
}

#[test]
fn a_claim_of_a_struct_is_looked_at_too() {
    let signer = Signer::new(secret());
    let sign = |exp: Option<Value>| signer.sign(&Typed { sub: "ada", exp, tenant: 7 });
    assert!(sign(None).is_ok() && sign(Some(json!(1_800_000_300))).is_ok());
    let error = sign(Some(json!(1_800_000_000_000_u64))).unwrap_err();
    assert_eq!(
        error.to_string(),
        "claim `exp` is malformed: found the number 1800000000000 (milliseconds, it seems) at \"/exp\", expected a number of \
         seconds since 1970, in the years up to 9999; every verifier refuses this: who needs such a token signs it with \
         `jws::Signer`"
    );
}

/// Writes its members as they are, doubles included.
struct Members(Vec<(&'static str, Value)>);

impl Serialize for Members {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

#[test]
fn a_member_twice_and_a_text_that_is_too_deep_are_not_signed() {
    let signer = Signer::new(secret());
    let sign = |members: Vec<(&'static str, Value)>| signer.sign(&Members(members));
    for name in ["role", "exp"] {
        let error = sign(vec![(name, json!(1)), ("x", json!(2)), (name, json!(3))]).unwrap_err();
        assert_eq!(error.code(), "claims_not_serialisable");
        assert!(error.to_string().contains("duplicate member"), "{error}");
    }
    assert!(sign(vec![("a\0", json!(1))]).is_err(), "no verifier takes a NUL in a name");
    // Names that look alike to the quick look, and are not.
    assert!(sign(vec![("abxcd", json!(1)), ("acxbd", json!(2)), ("a\"b", json!(3))]).is_ok());
    let nested = |depth: usize| (1..depth).fold(json!(0), |inner, _| json!([inner]));
    for depth in [31, 32, 33, 40] {
        let signed = sign(vec![("x", nested(depth))]);
        let text = json!({"x": nested(depth)}).to_string();
        assert_eq!(signed.is_ok(), verifies(text.as_bytes()), "{depth}");
    }
}

#[test]
fn a_message_that_is_no_jws_is_verified_by_the_keys_algorithm_and_as_it_was_signed_only() {
    for algorithm in [Algorithm::ES256, Algorithm::Ed25519] {
        let key = PrivateKey::generate(algorithm).expect("a key");
        let compact = jws::Signer::new(&key).sign(b"a message").expect("a JWS");
        let (message, signature) = compact.rsplit_once('.').expect("three parts");
        let signature = base64url::decode(signature).expect("base64url");
        let verified = |message: &str, signature: &[u8]| {
            let signature = Signature::from_bytes(signature);
            key.public_key().verify_message(message.as_bytes(), &signature).is_ok()
        };
        assert!(verified(message, &signature), "{algorithm}");
        assert!(!verified(&message[1..], &signature), "{algorithm}");
        assert!(!verified(message, &signature[1..]) && !verified(message, b""), "{algorithm}");
        let mut spoiled = signature.clone();
        spoiled[7] ^= 1;
        assert!(!verified(message, &spoiled), "{algorithm}");
    }
}
