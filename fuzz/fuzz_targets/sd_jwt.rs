//! Selective disclosure. The input is a claims set and disclosures, with a NUL between each two; `@0` to `@9` in any of them
//! stands for the digest of the disclosure of that number. What verifies leaves no trace of digests, shows only what was
//! disclosed, and has one text; and what Jeton issues shows all of its claims, or all but the hidden ones.
#![no_main]

use std::sync::LazyLock;

use jeton_fuzz::{keys, second_opinion, token};
use jeton_jose::Timestamp;
use jeton_jose::jwt::{Audience, Issuer, Signer, Verifier};
use jeton_jose::sd_jwt::{Presentation, SdJwtIssuer, SdJwtVerifier};
use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value, json};

const NOW: Timestamp = Timestamp::from_unix(keys::NOW);
const HEADER: &[u8] = br#"{"alg":"HS256","kid":"k1","typ":"dc+sd-jwt"}"#;

static VERIFIER: LazyLock<SdJwtVerifier> = LazyLock::new(|| {
    let verifier = Verifier::new(Issuer::any(), Audience::any(), keys::hmac("k1")).typ("dc+sd-jwt");
    SdJwtVerifier::new(verifier.allow_missing_exp().max_len(1 << 20))
});

fuzz_target!(|data: &[u8]| {
    if let Ok(text) = std::str::from_utf8(data) {
        if let Ok(presentation) = Presentation::parse(text) {
            assert_eq!(presentation.unbound(), text, "one presentation, one text");
        }
        hide_and_show(text);
    }
    by_hand(data);
});

/// A token with whatever digests and disclosures.
fn by_hand(data: &[u8]) {
    let mut parts = data.split(|byte| *byte == 0).map(String::from_utf8_lossy);
    let Some(claims) = parts.next() else { return };
    // From the last to the first, so that a disclosure can name those after it.
    let mut disclosures: Vec<String> = parts.take(10).map(String::from).collect();
    let mut digests = vec![String::new(); disclosures.len()];
    for index in (0..disclosures.len()).rev() {
        let named = with_digests(&disclosures[index], &digests);
        disclosures[index] = token::encode(&named);
        digests[index] = token::encode(token::sha256(&disclosures[index]));
    }
    let claims = with_digests(&claims, &digests);
    let mut text = token::signed(HEADER, claims.as_bytes());
    text.push('~');
    for disclosure in &disclosures {
        text.push_str(disclosure);
        text.push('~');
    }
    let Ok(verified) = VERIFIER.verify_unbound(&text, NOW) else { return };
    second_opinion::agreed(claims.as_bytes());
    for disclosure in &disclosures {
        second_opinion::agreed(&token::decode(disclosure).expect("base64url"));
    }
    assert!(!mentions_digests(&Value::Object(verified.claims().clone())), "a digest is left");
    for name in ["iss", "aud", "exp", "nbf", "iat", "cnf", "vct", "status"] {
        assert_eq!(verified.claims().get(name), verified.token().claims().get(name), "{name} was disclosed");
    }
    let presentation = Presentation::parse(&text).expect("what verifies can be presented");
    assert_eq!(presentation.hidden().count(), disclosures.len());
    assert_eq!(presentation.unbound(), text, "one presentation, one text");
    assert!(VERIFIER.verify_bound(&text, "a", "n", NOW).is_err(), "nobody has proved anything");
    for disclosure in &disclosures {
        let twice = format!("{text}{disclosure}~");
        assert!(VERIFIER.verify_unbound(&twice, NOW).is_err(), "a disclosure was shown twice");
    }
}

fn with_digests(text: &str, digests: &[String]) -> String {
    let mut out = text.to_owned();
    for (index, digest) in digests.iter().enumerate().filter(|(_, digest)| !digest.is_empty()) {
        out = out.replace(&format!("@{index}"), digest);
    }
    out
}

/// Claims within claims may have any depth, but their names mean nothing there.
fn mentions_digests(value: &Value) -> bool {
    match value {
        Value::Object(members) => members
            .iter()
            .any(|(name, value)| matches!(name.as_str(), "_sd" | "...") || mentions_digests(value)),
        Value::Array(elements) => elements.iter().any(mentions_digests),
        _ => false,
    }
}

/// A token by Jeton that hides what pointers name: the claims stand in the first line, each pointer in one of its own.
fn hide_and_show(text: &str) {
    let mut lines = text.split('\n');
    let claims = lines.next().and_then(|claims| second_opinion::read(claims.as_bytes()));
    let Some((Value::Object(claims), facts)) = claims else { return };
    if facts.depth > 16 || facts.nul_in_name || claims.keys().any(|name| name == "cnf") {
        return;
    }
    let holder = keys::ed25519();
    let signer = Signer::new(keys::hmac("k1")).typ("dc+sd-jwt");
    let issuer = SdJwtIssuer::new(signer).bind_to(&holder.public_key().to_jwk()).expect("a public key");
    let issuer = lines.take(5).fold(issuer, SdJwtIssuer::hide);
    let Ok(issued) = issuer.issue(&claims) else { return };
    let presentation = Presentation::parse(&issued).expect("what was issued can be presented");
    let bound = presentation.bound(&holder, "verifier", "nonce", NOW).expect("a key that signs");
    // Claims that are registered may be malformed, or of another time.
    let Ok(verified) = VERIFIER.verify_bound(&bound, "verifier", "nonce", NOW) else {
        let plain = token::signed(HEADER, Value::Object(claims).to_string().as_bytes());
        assert!(VERIFIER.verify_unbound(&format!("{plain}~"), NOW).is_err(), "hiding made a token bad");
        return;
    };
    let jwk: Value = serde_json::from_str(&keys::ed25519_jwk(false)).expect("it is JSON");
    let mut whole: Map<String, Value> = claims.clone();
    whole.insert("cnf".into(), json!({ "jwk": jwk }));
    let sorted = |claims: &Map<String, Value>| Value::Object(claims.clone());
    assert_eq!(sorted(verified.claims()), sorted(&whole), "with everything shown nothing is missing");
    assert!(VERIFIER.verify_bound(&bound, "another", "nonce", NOW).is_err());
    assert!(VERIFIER.verify_bound(&bound, "verifier", "another", NOW).is_err());
    let nothing = presentation.show(|_, _| false).unbound();
    let verified = VERIFIER.verify_unbound(&nothing, NOW).expect("showing nothing is allowed");
    assert!(!mentions_digests(&Value::Object(verified.claims().clone())));
}
