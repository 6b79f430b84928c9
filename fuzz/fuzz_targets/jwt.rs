//! Tokens: what verifies says what serde_json reads in it, is in time, for us and from our issuer, has one text, and is judged
//! alike by a verifier that has seen it before, one that has seen others, and one that has seen none.
#![no_main]

use std::sync::LazyLock;

use jeton_fuzz::{input, keys, second_opinion, token};
use jeton_jose::jwt::{Audience, Issuer, Unverified, Verified, Verifier};
use jeton_jose::{Timestamp, VerifyError, json};
use libfuzzer_sys::fuzz_target;
use serde::Deserialize;
use serde_json::Value;

const NOW: Timestamp = Timestamp::from_unix(keys::NOW);
/// How far clocks may differ (seconds).
const LEEWAY: f64 = 30.0;

static EXPERIENCED: LazyLock<Verifier> = LazyLock::new(strict);
static EXPERIENCED_LENIENT: LazyLock<Verifier> = LazyLock::new(lenient);

fn strict() -> Verifier {
    Verifier::new("https://issuer.example", "api", keys::hmac("k1"))
}

fn lenient() -> Verifier {
    Verifier::new(Issuer::any(), Audience::any(), keys::hmac("k1")).typ("at+jwt").allow_missing_exp()
}

/// Claims as a program would have them.
#[derive(Debug, Deserialize, PartialEq)]
struct Claims {
    iss: String,
    sub: Option<String>,
    exp: Timestamp,
    #[serde(default)]
    scope: String,
    #[serde(default)]
    roles: Vec<String>,
}

fuzz_target!(|data: &[u8]| {
    if let Ok(text) = std::str::from_utf8(data) {
        whole(text);
        assert!(EXPERIENCED.verify::<Value>(text, NOW).is_err(), "a signature was forged");
    }
    let Some([header, claims]) = input::parts(data) else { return };
    let token = token::signed(header, claims);
    whole(&token);
    for (experienced, fresh) in [(&*EXPERIENCED, strict()), (&*EXPERIENCED_LENIENT, lenient())] {
        let first = fresh.verify::<Value>(&token, NOW);
        let again = fresh.verify::<Value>(&token, NOW);
        let other = experienced.verify::<Value>(&token, NOW);
        assert_eq!(seen(&first), seen(&again), "the second time is like the first");
        assert_eq!(seen(&first), seen(&other), "what was seen before does not count");
        let typed = fresh.verify::<Claims>(&token, NOW).map(Verified::into_claims);
        match first {
            Ok(verified) => {
                check(&verified, header, claims);
                assert_eq!(
                    typed.ok(),
                    json::from_slice::<Claims>(claims).ok(),
                    "typed or not, the same claims"
                );
                for other in token::other_texts(&token) {
                    assert!(
                        fresh.verify::<Value>(&other, NOW).is_err(),
                        "a second text for a token: {other:?}"
                    );
                }
            }
            // A number that no type holds does not matter where it is not read.
            Err(VerifyError::ClaimsMismatch { .. }) => {}
            Err(error) => assert_eq!(typed.err(), Some(error), "typed or not, the same error"),
        }
    }
});

/// What can be seen of an outcome.
fn seen(outcome: &Result<Verified<Value>, VerifyError>) -> Result<(String, Value), VerifyError> {
    match outcome {
        Ok(verified) => Ok((format!("{verified:?} {:?}", verified.algorithm()), verified.claims().clone())),
        Err(error) => Err(error.clone()),
    }
}

fn check(verified: &Verified<Value>, header: &[u8], claims: &[u8]) {
    let (Some(header), Some(claims)) = (second_opinion::agreed(header), second_opinion::agreed(claims))
    else {
        return;
    };
    assert_eq!(header["alg"], "HS256");
    assert_eq!(header.get("kid").and_then(Value::as_str), verified.kid());
    assert_eq!(header.get("typ").and_then(Value::as_str), verified.typ());
    assert!(header.get("crit").is_none() && header.get("b64").is_none());

    assert_eq!(&claims, verified.claims());
    let registered = verified.registered();
    assert_eq!(claims.get("iss").and_then(Value::as_str), registered.iss());
    assert_eq!(claims.get("sub").and_then(Value::as_str), registered.sub());
    assert_eq!(claims.get("jti").and_then(Value::as_str), registered.jti());
    let audiences: Vec<&str> = match claims.get("aud") {
        None => vec![],
        Some(Value::Array(all)) => all.iter().map(|one| one.as_str().expect("audiences are texts")).collect(),
        Some(one) => vec![one.as_str().expect("an audience is a text")],
    };
    assert_eq!(audiences, registered.aud().collect::<Vec<_>>());
    let now = keys::NOW as f64;
    let date = |name: &str| claims.get(name).map(|date| date.as_f64().expect("dates are numbers"));
    assert!(date("exp").is_none_or(|exp| exp + LEEWAY > now));
    assert!(date("nbf").is_none_or(|nbf| nbf - LEEWAY <= now));
    assert!(date("iat").is_none_or(|iat| iat - LEEWAY <= now));
    if verified.typ() != Some("at+jwt") && verified.typ() != Some("application/at+jwt") {
        let typ = verified.typ().map(str::to_ascii_lowercase);
        assert!(
            matches!(
                typ.as_deref(),
                None | Some("jwt" | "application/jwt" | "at+jwt" | "application/at+jwt")
            ),
            "{typ:?}"
        );
    }
}

/// A token that can be looked into is the one text of what is in it.
fn whole(text: &str) {
    let Ok(unverified) = Unverified::parse(text) else { return };
    let (input, _) = text.rsplit_once('.').expect("two dots");
    let again =
        format!("{}.{}", token::encode(unverified.header_json()), token::encode(unverified.claims_json()));
    assert_eq!(input, again, "one token, one text");
    second_opinion::agreed(unverified.header_json().as_bytes());
    second_opinion::agreed(unverified.claims_json().as_bytes());
}
