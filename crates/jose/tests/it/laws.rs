//! Laws that hold for any input: what is signed verifies, what is changed does not, what is written is read again.

use std::sync::OnceLock;

use jeton_jose::jwt::{Audience, Signer, Unverified, Verifier};
use jeton_jose::{
    Algorithm, Jwk, PrivateKey, PublicKey, SharedSecret, SigningKey, Timestamp, VerifyingKey, base64url, jws,
};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);

/// One key for each algorithm, made once.
fn keys() -> &'static [(SigningKey, VerifyingKey)] {
    static KEYS: OnceLock<Vec<(SigningKey, VerifyingKey)>> = OnceLock::new();
    KEYS.get_or_init(|| {
        let pair = |&algorithm: &Algorithm| {
            if algorithm.is_symmetric() {
                let secret = SharedSecret::generate(algorithm).unwrap();
                (SigningKey::from(&secret), VerifyingKey::from(&secret))
            } else {
                let key = PrivateKey::generate(algorithm).unwrap();
                (SigningKey::from(&key), VerifyingKey::from(key.public_key()))
            }
        };
        Algorithm::ALL.iter().map(pair).collect()
    })
}

/// The same key under this `kid`.
fn renamed(key: &SigningKey, kid: &str) -> (SigningKey, VerifyingKey) {
    match key {
        SigningKey::Private(key) => {
            let key = key.clone().with_kid(kid);
            (SigningKey::from(&key), key.public_key().into())
        }
        SigningKey::Secret(secret) => {
            let secret = secret.clone().with_kid(kid);
            (SigningKey::from(&secret), secret.into())
        }
        other => panic!("another kind of key: {other:?}"),
    }
}

/// A text of any letters, those that break out of strings among them; no NUL, which no name may hold.
fn any_text(most: usize) -> impl Strategy<Value = String> + Clone {
    let breaking = prop::sample::select(vec!['"', '\\', ',', '}', '\n', '\u{2028}', '\u{1f600}']);
    vec(prop_oneof![4 => any::<char>(), 1 => breaking], 0..most)
        .prop_map(|letters| letters.into_iter().filter(|letter| *letter != '\0').collect())
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any_text(12).prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let members = btree_map(any_text(6), inner.clone(), 0..4);
        prop_oneof![
            vec(inner, 0..4).prop_map(Value::from),
            members.prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn any_claims() -> impl Strategy<Value = Map<String, Value>> {
    const REGISTERED: &[&str] = &["iss", "sub", "aud", "exp", "nbf", "iat", "jti"];
    let own = any_text(8).prop_filter("a name of its own", |name| !REGISTERED.contains(&&**name));
    btree_map(own, any_json(), 0..6).prop_map(|own| {
        let mut claims: Map<String, Value> = own.into_iter().collect();
        claims.insert("iss".into(), json!("i"));
        claims.insert("aud".into(), json!(["x", "a"]));
        claims.insert("exp".into(), json!(NOW.unix() + 60));
        claims
    })
}

/// No file of failures is kept: a failure becomes a test of its own.
fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(cases(24))]

    #[test]
    fn whatever_is_signed_verifies_and_comes_back_as_it_was(
        claims in any_claims(),
        kid in any_text(40),
        typ in any_text(20),
        member in any_json(),
    ) {
        for (key, _) in keys() {
            let (signing, verifying) = renamed(key, &kid);
            let signer = Signer::new(signing).typ(&*typ).header("own", &member).unwrap();
            let token = signer.sign(&claims).unwrap();
            let verifier = Verifier::new("i", "a", verifying).typ(typ.clone());
            let verified = verifier.verify::<Map<String, Value>>(&token, NOW).unwrap();
            prop_assert_eq!(verified.claims(), &claims);
            prop_assert_eq!((verified.kid(), verified.typ()), (Some(&*kid), Some(&*typ)));
            let header: Value =
                serde_json::from_str(Unverified::parse(&token).unwrap().header_json()).unwrap();
            let wanted = json!({"alg": key.algorithm().as_str(), "kid": kid, "typ": typ, "own": member});
            prop_assert_eq!(header, wanted, "something broke out of its string");
        }
    }

    #[test]
    fn any_bytes_are_signed_and_verified_in_every_form(
        payload in vec(any::<u8>(), 0..200),
        which in 0..17_usize,
    ) {
        let (signing, verifying) = &keys()[which];
        let (signer, verifier) =
            (jws::Signer::new(signing.clone()), jws::Verifier::new(verifying.clone()));
        let compact = verifier.verify(&signer.sign(&payload).unwrap()).unwrap();
        prop_assert_eq!(compact.payload(), &*payload);
        prop_assert!(verifier.verify_detached(&signer.sign_detached(&payload).unwrap(), &payload).is_ok());
        let flattened = verifier.verify_json(&signer.sign_flattened(&payload).unwrap()).unwrap();
        prop_assert_eq!(flattened.payload(), &*payload);
        let detached = signer.unencoded().sign_detached(&payload).unwrap();
        prop_assert!(verifier.verify_detached(&detached, &payload).is_ok());
        let mut other = payload;
        other.push(0);
        prop_assert!(verifier.verify_detached(&detached, &other).is_err());
    }
}

proptest! {
    #![proptest_config(cases(200))]

    #[test]
    fn a_token_with_one_bit_changed_is_refused(
        which in 0..17_usize,
        at in any::<prop::sample::Index>(),
        bit in 0..7_u32,
    ) {
        static TOKENS: OnceLock<Vec<String>> = OnceLock::new();
        let tokens = TOKENS.get_or_init(|| {
            let claims = json!({"iss": "i", "aud": "a", "exp": NOW.unix() + 60});
            keys().iter().map(|(key, _)| Signer::new(key.clone()).sign(&claims).unwrap()).collect()
        });
        let verifier = Verifier::new("i", "a", keys()[which].1.clone());
        prop_assert!(verifier.verify::<Value>(&tokens[which], NOW).is_ok());
        let mut bytes = tokens[which].clone().into_bytes();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        let changed = String::from_utf8(bytes).unwrap();
        prop_assert!(verifier.verify::<Value>(&changed, NOW).is_err(), "bit {} of byte {}", bit, at);
    }

    #[test]
    fn any_text_at_any_door_is_refused_without_panic(
        text in any_text(200),
        bytes in vec(any::<u8>(), 0..200),
    ) {
        let key = &keys()[0].1;
        let verifier = Verifier::new("i", Audience::any(), key.clone());
        prop_assert!(verifier.verify::<Value>(&text, NOW).is_err());
        prop_assert!(jws::Verifier::new(key.clone()).verify_json(&text).is_err());
        prop_assert!(Unverified::parse(&text).is_err() && Jwk::from_pem(&text).is_err());
        prop_assert!(Jwk::parse(&bytes).is_err() && Jwk::from_der(&bytes).is_err());
    }

    #[test]
    fn any_bytes_have_one_base64url(
        bytes in vec(any::<u8>(), 1..100),
        at in any::<prop::sample::Index>(),
        letter: char,
    ) {
        let text = base64url::encode(&bytes);
        let read = base64url::decode(&text).unwrap();
        prop_assert_eq!(&read, &bytes);
        let mut letters: Vec<char> = text.chars().collect();
        let at = at.index(letters.len());
        letters[at] = letter;
        let other: String = letters.into_iter().collect();
        prop_assert!(other == text || base64url::decode(&other).map_or(true, |other| other != bytes));
    }

    #[test]
    fn a_key_is_written_as_it_was_read_and_its_thumbprint_does_not_depend_on_the_order(
        which in 0..17_usize,
        kid in proptest::option::of(any_text(40)),
        order in Just((0..12_usize).collect::<Vec<_>>()).prop_shuffle(),
    ) {
        let mut jwk = match &keys()[which].0 {
            SigningKey::Private(key) => key.to_jwk(),
            SigningKey::Secret(secret) => secret.to_jwk(),
            other => panic!("another kind of key: {other:?}"),
        };
        if let Some(kid) = kid {
            jwk = jwk.with_kid(kid).unwrap();
        }
        let json = jwk.to_json();
        let read = Jwk::parse(json.as_bytes()).unwrap();
        prop_assert_eq!(&*read.to_json(), &*json);

        let members: Map<String, Value> = serde_json::from_str(&json).unwrap();
        let members: Vec<_> = members.iter().collect();
        let shuffled = order.iter().filter_map(|&at| members.get(at));
        let shuffled: Vec<_> = shuffled.map(|(name, value)| format!("{}:{value}", json!(name))).collect();
        prop_assert_eq!(shuffled.len(), members.len());
        let shuffled = Jwk::parse(format!("{{{}}}", shuffled.join(",")).as_bytes()).unwrap();
        prop_assert_eq!(shuffled.thumbprint(), jwk.thumbprint());
        prop_assert_eq!(&*shuffled.to_json(), &*json, "members are written in one order");
        if let Ok(public) = jwk.public() {
            prop_assert_eq!(public.thumbprint(), jwk.thumbprint());
            let key = PublicKey::from_jwk(&public).unwrap();
            prop_assert_eq!(key.to_jwk().to_json(), public.to_json());
        }
    }
}
