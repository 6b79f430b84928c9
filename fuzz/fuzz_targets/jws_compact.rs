//! Signed bytes in the compact form, attached, detached and unencoded: what verifies are the bytes that were signed, by the
//! header that serde_json reads, under no extension that nobody understands; and what Jeton signs it verifies.
#![no_main]

use std::sync::LazyLock;

use jeton_fuzz::{input, keys, second_opinion, token};
use jeton_jose::jws::{Signer, Verifier};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

static VERIFIER: LazyLock<Verifier> =
    LazyLock::new(|| Verifier::new(keys::hmac("k1")).understands("exp").max_len(1 << 20));

fuzz_target!(|data: &[u8]| {
    if let Ok(text) = std::str::from_utf8(data) {
        assert!(VERIFIER.verify(text).is_err(), "a signature was forged");
    }
    let Some([header, payload]) = input::parts(data) else { return };
    encoded(header, payload);
    unencoded(header, payload);
    if let (Ok(typ), Ok(cty)) = (std::str::from_utf8(header), std::str::from_utf8(payload)) {
        round_trip(typ, cty, payload);
    }
});

fn encoded(header: &[u8], payload: &[u8]) {
    let token = token::signed(header, payload);
    let Ok(verified) = VERIFIER.verify(&token) else { return };
    let Some(json) = check_header(header) else { return };
    // An encoded payload that says to be unencoded is signed as its letters, which are then the payload.
    if json.get("b64") == Some(&Value::Bool(false)) {
        assert_eq!(verified.payload(), token::encode(payload).as_bytes());
    } else {
        assert_eq!(verified.payload(), payload);
        let (input, signature) = token.rsplit_once('.').expect("a dot before the signature");
        let (head, _) = input.split_once('.').expect("a dot after the header");
        let detached = VERIFIER.verify_detached(&format!("{head}..{signature}"), payload);
        assert_eq!(detached.expect("detached it is the same").payload(), payload);
    }
    for other in token::other_texts(&token) {
        assert!(VERIFIER.verify(&other).is_err(), "a second text for a token: {other:?}");
    }
}

fn unencoded(header: &[u8], payload: &[u8]) {
    let head = token::encode(header);
    let signature = token::mac(&[head.as_bytes(), b".", payload].concat());
    if let Ok(text) = std::str::from_utf8(payload)
        && let Ok(verified) = VERIFIER.verify(&format!("{head}.{text}.{signature}"))
    {
        let Some(json) = check_header(header) else { return };
        if json.get("b64") == Some(&Value::Bool(false)) {
            assert_eq!(verified.payload(), payload);
            assert!(payload.iter().all(|byte| (0x20..0x7f).contains(byte) && *byte != b'.'));
        } else {
            assert_eq!(token::encode(verified.payload()).as_bytes(), payload);
        }
    }
    if let Ok(verified) = VERIFIER.verify_detached(&format!("{head}..{signature}"), payload)
        && let Some(json) = check_header(header)
    {
        // Nothing is the same, encoded or not.
        assert!(payload.is_empty() || json.get("b64") == Some(&Value::Bool(false)));
        assert_eq!(verified.payload(), payload);
    }
}

/// The header, checked; nothing where serde_json cannot hold it.
fn check_header(header: &[u8]) -> Option<Value> {
    let json = second_opinion::agreed(header)?;
    assert_eq!(json["alg"], "HS256");
    if let Some(critical) = json.get("crit") {
        let names = critical.as_array().expect("crit is a list");
        assert!(!names.is_empty());
        for name in names {
            let name = name.as_str().expect("crit lists names");
            assert!(matches!(name, "exp" | "b64"), "{name} is not understood");
            assert!(json.get(name).is_some(), "{name} is not there");
        }
    }
    if json.get("b64").is_some() {
        assert!(json["crit"].as_array().is_some_and(|names| names.contains(&Value::from("b64"))));
    }
    Some(json)
}

fn round_trip(typ: &str, cty: &str, payload: &[u8]) {
    let signer = Signer::new(keys::hmac("k1")).typ(typ).cty(cty);
    let unprotected = signer.clone().kid_unprotected();
    let raw = signer.clone().unencoded();
    let compact = signer.sign(payload).and_then(|token| {
        let head = token.split('.').next().expect("a header").len();
        // A header beyond the limit can be written, and is refused when it is read.
        Ok((head < 10_000).then_some(token))
    });
    if let Some(token) = compact.expect("anything can be signed") {
        let verified = VERIFIER.verify(&token).expect("what was signed verifies");
        assert_eq!((verified.payload(), verified.typ(), verified.cty()), (payload, Some(typ), Some(cty)));
        assert_eq!(verified.kid(), Some("k1"));
        let flattened = unprotected.sign_flattened(payload).expect("anything can be signed");
        let verified = VERIFIER.verify_json(&flattened).expect("what was signed verifies");
        assert_eq!(verified.payload(), payload);
        if let Ok(token) = raw.sign(payload) {
            assert_eq!(VERIFIER.verify(&token).expect("what was signed verifies").payload(), payload);
        }
        let flattened = raw.sign_flattened(payload).expect("a text can be signed");
        assert_eq!(VERIFIER.verify_json(&flattened).expect("what was signed verifies").payload(), payload);
    }
}
