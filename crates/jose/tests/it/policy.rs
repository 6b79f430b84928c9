//! What a verifier can be told beyond the usual: several names of an issuer, further parties, extensions, subjects that are no
//! strings; and what it hands on.

use std::time::{Duration, UNIX_EPOCH};

use jeton_jose::jwt::{Issuer, Signer, Verifier};
use jeton_jose::{Algorithm, SharedSecret, SignError, Timestamp, VerifyError, json as strict, jws};
use serde::Deserialize;
use serde_json::{Value, json};

const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);

fn secret() -> SharedSecret {
    SharedSecret::new(Algorithm::HS256, b"0123456789abcdef0123456789ABCDEF").unwrap()
}

fn claims() -> Value {
    json!({"iss": "i", "aud": "a", "sub": "ada", "iat": NOW, "exp": 1_900_000_000})
}

fn with(name: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[name] = value;
    claims
}

/// Signs whatever it is given.
fn sign(claims: &Value) -> String {
    jws::Signer::new(secret()).sign(claims.to_string().as_bytes()).unwrap()
}

fn code(outcome: Result<impl std::fmt::Debug, VerifyError>) -> &'static str {
    outcome.map_or_else(|error| error.code(), |_| "ok")
}

#[test]
fn one_issuer_may_have_several_names() {
    let issuer = Issuer::one_of(["https://accounts.google.com", "accounts.google.com"]);
    let verifier = Verifier::new(issuer, "a", secret());
    let verify = |iss: Value| code(verifier.verify::<Value>(&sign(&with("iss", iss)), NOW));
    assert_eq!(verify(json!("https://accounts.google.com")), "ok");
    assert_eq!(verify(json!("accounts.google.com")), "ok");
    for other in ["https://accounts.google.com/", "google.com", ""] {
        assert_eq!(verify(json!(other)), "issuer_mismatch");
    }
    assert_eq!(verify(json!(["accounts.google.com"])), "claim_malformed");
    let nobody = Verifier::new(Issuer::one_of::<&str>([]), "a", secret());
    assert_eq!(code(nobody.verify::<Value>(&sign(&claims()), NOW)), "issuer_mismatch");
}

#[test]
fn further_parties_may_be_authorized_and_others_have_an_error_of_their_own() {
    let id_token = || Verifier::id_token("i", "a", secret());
    let android = id_token().authorized_parties(["android-1", "android-2"]);
    for azp in ["a", "android-1", "android-2"] {
        assert_eq!(code(android.verify::<Value>(&sign(&with("azp", json!(azp))), NOW)), "ok");
    }
    let token = sign(&with("azp", json!("other")));
    let error = android.verify::<Value>(&token, NOW).unwrap_err();
    let wanted = ["a", "android-1", "android-2"].map(Box::from).into();
    assert_eq!(error, VerifyError::AuthorizedPartyMismatch { found: "other".into(), wanted });
    assert_eq!(error.code(), "authorized_party_mismatch");
    let token = sign(&with("azp", json!("android-1")));
    assert_eq!(code(id_token().verify::<Value>(&token, NOW)), "authorized_party_mismatch");
    let mut several = with("aud", json!(["a", "b"]));
    assert_eq!(code(android.verify::<Value>(&sign(&several), NOW)), "claim_missing");
    several["azp"] = json!("android-2");
    assert_eq!(code(android.verify::<Value>(&sign(&several), NOW)), "ok");
    // Said of a verifier for other tokens it counts, too.
    let other = Verifier::new("i", "a", secret()).authorized_parties(["b"]);
    assert_eq!(code(other.verify::<Value>(&sign(&claims()), NOW)), "ok");
    assert_eq!(code(other.verify::<Value>(&sign(&with("azp", json!("b"))), NOW)), "ok");
    assert_eq!(code(other.verify::<Value>(&token, NOW)), "authorized_party_mismatch");
}

#[derive(Debug, Deserialize)]
struct Numbered {
    sub: u64,
}

#[test]
fn a_subject_of_another_type_is_left_to_the_caller_where_that_is_said() {
    let verifier = || Verifier::new("i", "a", secret()).any_subject();
    let token = sign(&with("sub", json!(42)));
    assert_eq!(code(Verifier::new("i", "a", secret()).verify::<Value>(&token, NOW)), "claim_malformed");
    let verified = verifier().verify::<Numbered>(&token, NOW).unwrap();
    assert_eq!((verified.registered().sub(), verified.claims().sub), (None, 42));
    assert_eq!(verifier().verify::<Value>(&sign(&claims()), NOW).unwrap().registered().sub(), Some("ada"));
    // Other claims keep their types, before it and behind it.
    for (name, value) in [("exp", json!("soon")), ("jti", json!(7)), ("aud", json!([]))] {
        let mut claims = with("sub", json!(42));
        claims[name] = value;
        assert_eq!(code(verifier().verify::<Value>(&sign(&claims), NOW)), "claim_malformed", "{name}");
    }
    assert_eq!(code(verifier().require("sub").verify::<Value>(&token, NOW)), "ok");
    assert_eq!(
        code(Verifier::id_token("i", "a", secret()).any_subject().verify::<Value>(&token, NOW)),
        "claim_malformed"
    );
}

#[test]
fn a_critical_member_is_signed_and_understood_where_that_is_said() {
    let signer = Signer::new(secret()).critical_header("tenant", &"north").unwrap();
    let token = signer.sign(&claims()).unwrap();
    let verifier = || Verifier::new("i", "a", secret());
    assert_eq!(code(verifier().verify::<Value>(&token, NOW)), "critical_header_unknown");
    assert_eq!(code(verifier().understands("other").verify::<Value>(&token, NOW)), "critical_header_unknown");
    let verifier = verifier().understands("tenant");
    // Twice, since a verifier remembers headers that were good.
    for _ in 0..2 {
        let verified = verifier.verify::<Value>(&token, NOW).unwrap();
        assert_eq!(verified.header().get("crit"), Some(json!(["tenant"])));
        assert_eq!(verified.header().get("tenant"), Some(json!("north")));
    }
    let unencoded = jws::Signer::new(secret()).critical_header("x", &1).unwrap().unencoded();
    let text = unencoded.sign(b"payload").unwrap();
    let verified = jws::Verifier::new(secret()).understands("x").verify(&text).unwrap();
    assert_eq!(verified.header().get("crit"), Some(json!(["x", "b64"])));
    for reserved in ["alg", "exp", "crit", "b64", "kid"] {
        let set = Signer::new(secret()).critical_header(reserved, &1);
        let is_reserved = reserved != "exp";
        assert_eq!(set.err(), is_reserved.then_some(SignError::HeaderName), "{reserved}");
    }
    // An unencoded payload is no matter of understanding in a JWT.
    let header = jeton_jose::base64url::encode(r#"{"alg":"HS256","b64":false,"crit":["b64"]}"#);
    let outcome = Verifier::new("i", "a", secret())
        .understands("b64")
        .verify::<Value>(&format!("{header}.e30.AAAA"), NOW);
    assert_eq!(code(outcome), "critical_header_unknown");
}

#[test]
fn a_verified_token_has_all_members_of_its_header() {
    let signer =
        Signer::new(secret().with_kid("k")).typ("at+jwt").header("tenant", &json!({"id": 7})).unwrap();
    let verifier = Verifier::new("i", "a", secret().with_kid("k")).typ("at+jwt");
    for token in [
        signer.sign(&claims()).unwrap(),
        Signer::new(secret().with_kid("k")).typ("at+jwt").sign(&claims()).unwrap(),
    ] {
        for _ in 0..2 {
            let verified = verifier.verify::<Value>(&token, NOW).unwrap();
            let header = verified.header();
            assert_eq!(
                (header.algorithm(), header.kid(), header.typ(), header.cty()),
                (Algorithm::HS256, Some("k"), Some("at+jwt"), None)
            );
            let json = jeton_jose::base64url::decode(token.split('.').next().unwrap()).unwrap();
            assert_eq!(header.json().as_bytes(), json);
            assert_eq!(header.read::<Value>().unwrap(), serde_json::from_slice::<Value>(&json).unwrap());
        }
    }
    let jws = jws::Signer::new(secret()).cty("text").header("n", &1).unwrap().sign_flattened(b"x").unwrap();
    let verified = jws::Verifier::new(secret()).verify_json(&jws).unwrap();
    assert_eq!((verified.header().cty(), verified.header().get("n")), (Some("text"), Some(json!(1))));
    assert_eq!(verified.header().get("absent"), None);
}

#[test]
fn a_timestamp_in_a_claims_struct_reads_what_the_verifier_reads() {
    #[derive(Debug, Deserialize)]
    struct Claims {
        exp: Timestamp,
        auth_time: Option<Timestamp>,
    }
    for date in
        ["1800000300", "1800000300.75", "1.8000003e9", "1.8000003005E+9", "18000003000e-1", "253402300799.5"]
    {
        let text = format!(r#"{{"iss":"i","aud":"a","exp":{date},"auth_time":{date}}}"#);
        let token = jws::Signer::new(secret()).sign(text.as_bytes()).unwrap();
        let verified = Verifier::new("i", "a", secret()).verify::<Claims>(&token, NOW).unwrap();
        let (exp, claims) = (verified.registered().exp(), verified.claims());
        assert_eq!((Some(claims.exp), claims.auth_time), (exp, exp), "{date}");
    }
    for date in [
        "-1",
        "-0.5",
        "253402300800",
        "1e300",
        "1e400",
        "18446744073709551616",
        "\"1800000300\"",
        "true",
        "null",
        "{}",
    ] {
        assert!(strict::from_slice::<Timestamp>(date.as_bytes()).is_err(), "{date}");
    }
    assert_eq!(strict::from_slice::<Timestamp>(b"-0").ok(), Some(Timestamp::MIN));
    assert_eq!(serde_json::from_str::<Timestamp>("1800000300.75").unwrap().unix(), 1_800_000_300);
    assert_eq!(serde_json::from_value::<Timestamp>(json!(1_800_000_300.75)).unwrap().unix(), 1_800_000_300);
    assert_eq!(serde_json::to_string(&Timestamp::from_unix(7)).unwrap(), "7");
}

#[test]
fn a_timestamp_comes_from_the_systems_time() {
    let at = |seconds: f64| Timestamp::from(UNIX_EPOCH + Duration::from_secs_f64(seconds)).unix();
    assert_eq!((at(0.0), at(1.9), at(1_800_000_000.5)), (0, 1, 1_800_000_000));
    assert_eq!(Timestamp::from(UNIX_EPOCH - Duration::from_secs(5)), Timestamp::MIN);
    assert_eq!(Timestamp::from(UNIX_EPOCH + Duration::from_secs(300_000_000_000)), Timestamp::MAX);
}
