//! A refusal says what was found and what was wanted, in its fields and in one line.

use jeton_jose::jwt::{Audience, Issuer, TokenType, Verifier};
use jeton_jose::{Algorithm, JwkSet, KeySet, PrivateKey, SharedSecret, Timestamp, VerifyError, jws};
use serde::Deserialize;
use serde_json::{Value, json};

const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);

fn secret() -> SharedSecret {
    SharedSecret::new(Algorithm::HS256, b"0123456789abcdef0123456789ABCDEF").unwrap().with_kid("mine")
}

fn sign(claims: &Value) -> String {
    jws::Signer::new(secret()).sign(claims.to_string().as_bytes()).unwrap()
}

fn good() -> Value {
    json!({"iss": "i", "aud": "a", "exp": 1_900_000_000})
}

fn with(name: &str, value: Value) -> Value {
    let mut claims = good();
    claims[name] = value;
    claims
}

fn verifier() -> Verifier {
    Verifier::new("i", "a", secret())
}

fn refusal(token: &str) -> VerifyError {
    verifier().verify::<Value>(token, NOW).unwrap_err()
}

#[test]
fn issuer_audience_and_type_are_told_as_found_and_as_wanted() {
    let error = refusal(&sign(&with("iss", json!("https://other.example"))));
    let (found, wanted) = ("https://other.example".into(), Issuer::new("i"));
    assert_eq!(error, VerifyError::IssuerMismatch { found, wanted });
    assert_eq!(
        error.to_string(),
        r#"token is from another issuer: iss is "https://other.example", expected "i""#
    );

    let error = refusal(&sign(&with("aud", json!(["b", "c"]))));
    let found = ["b", "c"].map(Box::from).into();
    assert_eq!(error, VerifyError::AudienceMismatch { found, wanted: Audience::new("a") });
    assert_eq!(error.to_string(), r#"token is for another audience: aud is "b", "c", expected "a""#);

    let token = jws::Signer::new(secret()).typ("rt+jwt").sign(good().to_string().as_bytes()).unwrap();
    let error = refusal(&token);
    assert_eq!(
        error,
        VerifyError::TypeMismatch { found: Some("rt+jwt".into()), wanted: TokenType::JwtOrNone }
    );
    assert_eq!(error.to_string(), r#"wrong token type: typ is "rt+jwt", expected "JWT" or none"#);
    let error = verifier().typ("at+jwt").verify::<Value>(&sign(&good()), NOW).unwrap_err();
    assert_eq!(error.to_string(), r#"wrong token type: typ is absent, expected "at+jwt""#);
}

#[test]
fn algorithm_and_key_are_told_as_found_and_as_wanted() {
    let other = PrivateKey::generate(Algorithm::ES256).unwrap();
    let error = refusal(&jws::Signer::new(&other).sign(good().to_string().as_bytes()).unwrap());
    let allowed = [Algorithm::HS256].into();
    assert_eq!(error, VerifyError::AlgorithmNotAllowed { found: "ES256".into(), allowed });
    assert_eq!(error.to_string(), r#"algorithm not allowed: alg is "ES256", allowed: HS256"#);
    let nothing = format!(
        "{}.{}.",
        jeton_jose::base64url::encode(r#"{"alg":"none"}"#),
        jeton_jose::base64url::encode("{}")
    );
    assert_eq!(refusal(&nothing).to_string(), r#"algorithm not allowed: alg is "none", allowed: HS256"#);

    let error =
        refusal(&jws::Signer::new(secret().with_kid("other")).sign(good().to_string().as_bytes()).unwrap());
    let VerifyError::KeyNotFound { found, wanted } = &error else { panic!("{error:?}") };
    assert_eq!(found.as_deref(), Some("other"));
    assert_eq!(wanted.iter().collect::<Vec<_>>(), [(Algorithm::HS256, Some("mine"))]);
    assert_eq!(error.to_string(), r#"no matching key: kid is "other", expected "mine""#);
}

#[test]
fn a_token_whose_key_was_left_out_of_its_set_is_refused_with_the_reason() {
    let [key, other] =
        ["good", "bad"].map(|kid| PrivateKey::generate(Algorithm::ES256).unwrap().with_kid(kid));
    let mut bad: Value = serde_json::from_str(&other.public_key().to_jwk().to_json()).unwrap();
    bad["x"] = json!("AA");
    let good: Value = serde_json::from_str(&key.public_key().to_jwk().to_json()).unwrap();
    for keys in [json!([good, bad]), json!([bad])] {
        let set = JwkSet::parse(json!({ "keys": keys }).to_string().as_bytes()).unwrap();
        let verifier = Verifier::new("i", "a", KeySet::from_jwk_set(&set).unwrap());
        let token = jws::Signer::new(&other).sign(b"{}").unwrap();
        let error = verifier.verify::<Value>(&token, NOW).unwrap_err();
        let VerifyError::KeyNotFound { found, wanted } = &error else { panic!("{error:?}") };
        let skipped = wanted.skipped_as(found.as_deref().unwrap()).unwrap();
        assert_eq!(skipped.reason().code(), "key_member_malformed");
        assert!(
            error.to_string().ends_with(&format!("the key of that name cannot be used: {skipped}")),
            "{error}"
        );
    }
}

#[test]
fn a_critical_member_that_is_not_understood_is_named() {
    let header = jeton_jose::base64url::encode(r#"{"alg":"HS256","crit":["exp"],"exp":5}"#);
    let error = refusal(&format!("{header}.e30.AAAA"));
    assert_eq!(error, VerifyError::CriticalHeaderUnknown { name: "exp".into() });
    assert_eq!(error.to_string(), r#"`crit` names "exp", which is not understood"#);
}

#[test]
fn a_malformed_claim_is_told_with_its_place_what_stands_there_and_what_should() {
    for (name, value, pointer, found) in [
        ("exp", json!("1800000300"), "/exp", r#"the string "1800000300""#),
        ("exp", json!(1_800_000_000_000_u64), "/exp", "the number 1800000000000 (milliseconds, it seems)"),
        ("exp", json!(-1), "/exp", "the number -1"),
        ("exp", json!(null), "/exp", "null"),
        ("nbf", json!(true), "/nbf", "a boolean"),
        ("iat", json!([1_800_000_000]), "/iat", "an array"),
        ("sub", json!(42), "/sub", "the number 42"),
        ("jti", json!({}), "/jti", "an object"),
        ("iss", json!(["i"]), "/iss", "an array"),
        ("aud", json!([]), "/aud", "an empty array"),
        ("aud", json!(""), "/aud", "an empty string"),
        ("aud", json!(["a", 7]), "/aud/1", "the number 7"),
        ("aud", json!({"a": "a"}), "/aud", "an object"),
    ] {
        let error = refusal(&sign(&with(name, value)));
        let VerifyError::ClaimMalformed { name: named, fault } = &error else { panic!("{error:?}") };
        assert_eq!((*named, &*fault.pointer, &*fault.found), (name, pointer, found));
        assert!(error.to_string().contains(&format!("found {found} at {pointer:?}, expected ")), "{error}");
    }
    let error = refusal(&sign(&with("exp", json!("x".repeat(41)))));
    assert!(error.to_string().contains("found a string at"), "{error}");
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only read")]
struct Address {
    zip: String,
    lines: Vec<u8>,
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "only read")]
enum Role {
    Admin { level: u8 },
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "only read")]
struct Claims {
    address: Address,
    #[serde(rename = "https://x/~role")]
    role: Option<Role>,
}

#[test]
fn claims_that_do_not_fit_are_told_with_their_place() {
    let refusal = |name: &str, value: Value| {
        let mut claims = with("address", json!({"zip": "1", "lines": [1]}));
        claims[name] = value;
        verifier().verify::<Claims>(&sign(&claims), NOW).unwrap_err()
    };
    for (name, value, pointer, code) in [
        ("address", json!("x"), "/address", "json_type"),
        ("address", json!({"zip": 5, "lines": []}), "/address/zip", "json_type"),
        ("address", json!({"lines": []}), "/address/zip", "json_member_missing"),
        ("address", json!({"zip": "", "lines": [], "street": ""}), "/address/street", "json_member_unknown"),
        ("address", json!({"zip": "", "lines": [1, "secret"]}), "/address/lines/1", "json_type"),
        (
            "https://x/~role",
            json!({"Admin": {"level": 300}}),
            "/https:~1~1x~1~0role/Admin/level",
            "json_type",
        ),
        ("https://x/~role", json!({"Root": {}}), "/https:~1~1x~1~0role", "json_type"),
    ] {
        let error = refusal(name, value);
        let VerifyError::ClaimsMismatch { pointer: found, error: why } = &error else { panic!("{error:?}") };
        assert_eq!((&**found, why.code()), (pointer, code), "{error}");
        assert!(
            error.to_string().starts_with(&format!("claims do not match their type at {pointer:?}: ")),
            "{error}"
        );
        assert!(!error.to_string().contains("secret"), "{error}");
    }
    let missing = verifier().verify::<Claims>(&sign(&good()), NOW).unwrap_err();
    assert_eq!(
        missing.to_string(),
        r#"claims do not match their type at "/address": member `address` is missing"#
    );
}

#[test]
fn a_long_or_odd_text_of_a_token_stays_on_one_short_line() {
    let error = refusal(&sign(&with("iss", json!(format!("\u{1b}[31m\n{}", "x".repeat(5_000))))));
    let text = error.to_string();
    assert!(text.len() < 400 && !text.contains(['\u{1b}', '\n']), "{text}");
    let many: Vec<_> = (0..500).map(|number| format!("audience-{number}")).collect();
    let text = refusal(&sign(&with("aud", json!(many)))).to_string();
    assert!(text.len() < 400 && text.contains('…'), "{text}");
}

#[test]
fn more_keys_than_are_tried_are_told_from_a_wrong_signature() {
    let keys: Vec<_> = (0..18).map(|_| PrivateKey::generate(Algorithm::Ed25519).unwrap()).collect();
    let verify = |count: usize, key: &PrivateKey| {
        let set = KeySet::new(keys.iter().take(count).map(PrivateKey::public_key)).unwrap();
        jws::Verifier::new(set).verify(&jws::Signer::new(key).sign(b"x").unwrap()).map(drop)
    };
    assert_eq!(verify(18, &keys[15]), Ok(()));
    let error = verify(18, &keys[16]).unwrap_err();
    assert_eq!(error, VerifyError::KeyAmbiguous { fitting: 18, tried: 16 });
    assert!(error.to_string().contains("`kid`"), "{error}");
    assert_eq!(verify(16, &keys[16]), Err(VerifyError::SignatureInvalid));
}
