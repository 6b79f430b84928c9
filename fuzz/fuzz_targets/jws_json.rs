//! Signed bytes in the JSON forms. The input is such a form in which `"@"` stands in the place of a signature that is to be
//! made. What verifies does so after another writer has written it again, and as the one signature alone; nothing is in two
//! headers, and nothing that decides stands outside the protected one.
#![no_main]

use std::sync::LazyLock;

use jeton_fuzz::{keys, second_opinion, token};
use jeton_jose::jws::{Verified, Verifier};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

static VERIFIER: LazyLock<Verifier> =
    LazyLock::new(|| Verifier::new(keys::hmac("k1")).understands("exp").max_len(1 << 20));

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let text = with_signatures(text);
    let Ok(verified) = VERIFIER.verify_json(&text) else { return };
    let Some(form) = second_opinion::agreed(text.as_bytes()) else { return };
    let Some((one, protected)) = check(&verified, &form) else { return };

    let rewritten = form.to_string();
    let again = VERIFIER.verify_json(&rewritten).expect("written again it is the same");
    assert_eq!(seen(&again), seen(&verified));

    let mut alone = one;
    alone["payload"] = form["payload"].clone();
    let again = VERIFIER.verify_json(&alone.to_string()).expect("the one signature suffices");
    assert_eq!((again.payload(), again.kid()), (verified.payload(), verified.kid()));
    // The compact form is the same signature, where everything is protected and the payload has no dots.
    let payload = form["payload"].as_str().expect("a text");
    if alone.get("header").is_none() && !payload.contains('.') {
        let part = |name: &str| alone[name].as_str().expect("a text");
        let compact = format!("{}.{payload}.{}", part("protected"), part("signature"));
        if let Ok(again) = VERIFIER.verify(&compact) {
            assert_eq!((again.payload(), again.kid()), (verified.payload(), verified.kid()));
        } else {
            assert_eq!(protected["b64"], Value::Bool(false), "only what the payload may hold differs");
        }
    }
});

fn seen(verified: &Verified) -> (&[u8], Option<&str>, Option<&str>, usize) {
    (verified.payload(), verified.kid(), verified.typ(), verified.signature_index())
}

/// The text with true signatures in the place of each `"@"`.
fn with_signatures(text: &str) -> String {
    let mut out = text.to_owned();
    let Ok(form) = serde_json::from_str::<Value>(text) else { return out };
    let Some(payload) = form["payload"].as_str() else { return out };
    let one = std::slice::from_ref(&form);
    for signature in form["signatures"].as_array().map_or(one, Vec::as_slice) {
        if signature["signature"] == "@" {
            let protected = signature["protected"].as_str().unwrap_or_default();
            let made = token::mac(format!("{protected}.{payload}").as_bytes());
            out = out.replacen("\"@\"", &format!("\"{made}\""), 1);
        }
    }
    out
}

/// Checks the headers of the signature that was verified, and gives it and its protected header; nothing where serde_json
/// cannot hold them.
fn check(verified: &Verified, form: &Value) -> Option<(Value, Value)> {
    let signature = match form.get("signatures") {
        Some(signatures) => {
            assert!(["protected", "header", "signature"].iter().all(|name| form.get(name).is_none()));
            signatures[verified.signature_index()].clone()
        }
        None => {
            assert_eq!(verified.signature_index(), 0);
            form.clone()
        }
    };
    let protected = signature["protected"].as_str().expect("something is protected");
    let protected = second_opinion::agreed(&token::decode(protected).expect("base64url"))?;
    assert_eq!(protected["alg"], "HS256");
    if let Some(header) = signature.get("header") {
        for name in header.as_object().expect("a header is an object").keys() {
            assert!(protected.get(name).is_none(), "{name} is in both headers");
            assert!(!matches!(name.as_str(), "crit" | "b64" | "alg"), "{name} is not protected");
        }
    }
    let payload = form["payload"].as_str().expect("a payload");
    if protected.get("b64") == Some(&Value::Bool(false)) {
        assert_eq!(verified.payload(), payload.as_bytes());
    } else {
        assert_eq!(Some(verified.payload()), token::decode(payload).as_deref());
    }
    Some((signature, protected))
}
