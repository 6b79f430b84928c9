//! Known faults of claims: each was a hole somewhere, each is refused here.

use std::time::Duration;

use jeton_jose::jwt::{Audience, Issuer, Signer, TokenType, Verifier};
use jeton_jose::{Algorithm, PrivateKey, SharedSecret, Timestamp, VerifyError, jws};
use serde_json::{Value, json};

const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);

fn secret() -> SharedSecret {
    SharedSecret::new(Algorithm::HS256, b"0123456789abcdef0123456789ABCDEF").unwrap()
}

/// Signs any text as claims.
fn sign(claims: &str) -> String {
    jws::Signer::new(secret()).sign(claims.as_bytes()).unwrap()
}

fn verify(claims: &str) -> Result<Value, VerifyError> {
    Ok(Verifier::new("i", "a", secret()).verify(&sign(claims), NOW)?.into_claims())
}

#[track_caller]
fn refused(claims: &str, code: &str) {
    assert_eq!(verify(claims).expect_err(claims).code(), code, "{claims}");
}

#[test]
fn claims_that_are_no_object_are_refused() {
    for claims in ["", "[]", "5", "\"x\"", "null", "true"] {
        refused(claims, "claims_malformed");
    }
}

#[test]
fn exp_of_another_type_is_refused() {
    for exp in ["\"1800000300\"", "null", "true", "[1800000300]", "{}"] {
        refused(&format!(r#"{{"iss":"i","aud":"a","exp":{exp}}}"#), "claim_malformed");
    }
}

#[test]
fn exp_outside_its_range_is_refused_without_panic() {
    for exp in [
        "-1",
        "18446744073709551615",
        "18446744073709551616",
        "1e300",
        "1e400",
        "-1e400",
        "253402300800",
        "9223372036854775807",
        "1e99999999999",
    ] {
        refused(&format!(r#"{{"iss":"i","aud":"a","exp":{exp}}}"#), "claim_malformed");
    }
    assert!(verify(r#"{"iss":"i","aud":"a","exp":253402300799}"#).is_ok());
    assert!(verify(r#"{"iss":"i","aud":"a","exp":1.8000003e9}"#).is_ok());
}

#[test]
fn a_fraction_of_a_second_counts_against_the_token() {
    let verifier = Verifier::new("i", "a", secret()).leeway(Duration::ZERO);
    let at =
        |claims: &str, now: i64| verifier.verify::<Value>(&sign(claims), Timestamp::from_unix(now)).map(drop);
    let exp = r#"{"iss":"i","aud":"a","exp":1000.9}"#;
    assert!(at(exp, 999).is_ok());
    assert_eq!(at(exp, 1000).unwrap_err().code(), "token_expired");
    let nbf = r#"{"iss":"i","aud":"a","exp":2000,"nbf":1000.1}"#;
    assert_eq!(at(nbf, 1000).unwrap_err().code(), "token_not_yet_valid");
    assert!(at(nbf, 1001).is_ok());
}

#[test]
fn a_token_without_exp_is_refused_unless_that_is_allowed() {
    refused(r#"{"iss":"i","aud":"a"}"#, "claim_missing");
    let verifier = Verifier::new("i", "a", secret()).allow_missing_exp();
    assert!(verifier.verify::<Value>(&sign(r#"{"iss":"i","aud":"a"}"#), NOW).is_ok());
}

#[test]
fn a_token_expires_in_the_second_of_its_exp_plus_leeway() {
    let at = |leeway, now| {
        let verifier = Verifier::new("i", "a", secret()).leeway(Duration::from_secs(leeway));
        verifier
            .verify::<Value>(&sign(r#"{"iss":"i","aud":"a","exp":1000}"#), Timestamp::from_unix(now))
            .is_ok()
    };
    assert_eq!([at(0, 999), at(0, 1000), at(30, 1029), at(30, 1030)], [true, false, true, false]);
}

#[test]
fn leeway_is_thirty_seconds_and_never_more_than_ten_minutes() {
    let token = sign(r#"{"iss":"i","aud":"a","exp":1000}"#);
    let at = |verifier: Verifier, now| verifier.verify::<Value>(&token, Timestamp::from_unix(now)).is_ok();
    assert!(at(Verifier::new("i", "a", secret()), 1029) && !at(Verifier::new("i", "a", secret()), 1030));
    let wide = || Verifier::new("i", "a", secret()).leeway(Duration::MAX);
    assert!(at(wide(), 1599) && !at(wide(), 1600));
}

#[test]
fn tokens_of_tomorrow_are_refused() {
    refused(r#"{"iss":"i","aud":"a","exp":1900000000,"nbf":1800086400}"#, "token_not_yet_valid");
    refused(r#"{"iss":"i","aud":"a","exp":1900000000,"iat":1800086400}"#, "issued_in_the_future");
    assert!(verify(r#"{"iss":"i","aud":"a","exp":1900000000,"nbf":1800000030,"iat":1800000030}"#).is_ok());
    for name in ["nbf", "iat"] {
        for value in ["\"1700000000\"", "null", "[]", "-5", "1e300"] {
            refused(
                &format!(r#"{{"iss":"i","aud":"a","exp":1900000000,"{name}":{value}}}"#),
                "claim_malformed",
            );
        }
    }
}

#[test]
fn a_maximum_age_needs_iat() {
    let verifier = Verifier::new("i", "a", secret()).max_age(Duration::from_secs(60));
    let verify = |claims: &str| verifier.verify::<Value>(&sign(claims), NOW).map(drop);
    let missing = verify(r#"{"iss":"i","aud":"a","exp":1900000000}"#);
    assert_eq!(missing.unwrap_err(), VerifyError::ClaimMissing { name: "iat" });
    assert!(verify(r#"{"iss":"i","aud":"a","exp":1900000000,"iat":1799999910}"#).is_ok());
    let old = verify(r#"{"iss":"i","aud":"a","exp":1900000000,"iat":1799999909}"#);
    assert_eq!(old.unwrap_err().code(), "token_too_old");
}

#[test]
fn iss_must_be_one_exact_string() {
    for iss in ["[\"i\"]", "5", "{}", "null", "true"] {
        refused(&format!(r#"{{"iss":{iss},"aud":"a","exp":1900000000}}"#), "claim_malformed");
    }
    for iss in ["", "I", "i ", "ii", "https://i"] {
        refused(&format!(r#"{{"iss":"{iss}","aud":"a","exp":1900000000}}"#), "issuer_mismatch");
    }
    refused(r#"{"aud":"a","exp":1900000000}"#, "claim_missing");
    let accounts = Verifier::new("accounts", "a", secret());
    let part = sign(r#"{"iss":"acc","aud":"a","exp":1900000000}"#);
    assert_eq!(accounts.verify::<Value>(&part, NOW).unwrap_err().code(), "issuer_mismatch");
}

#[test]
fn the_keys_of_one_issuer_do_not_vouch_for_another() {
    let (a, b) =
        (PrivateKey::generate(Algorithm::ES256).unwrap(), PrivateKey::generate(Algorithm::ES256).unwrap());
    let token = Signer::new(&a).sign(&json!({"iss": "b", "aud": "x", "exp": 1_900_000_000})).unwrap();
    assert_eq!(
        Verifier::new("b", "x", b.public_key()).verify::<Value>(&token, NOW).unwrap_err(),
        VerifyError::SignatureInvalid
    );
    assert_eq!(
        Verifier::new("a", "x", a.public_key()).verify::<Value>(&token, NOW).unwrap_err().code(),
        "issuer_mismatch"
    );
}

#[test]
fn aud_must_name_the_verifier() {
    for aud in ["null", "5", "{}", "[]", "\"\"", "[\"a\",7]", "[\"evil\",7]", "true"] {
        refused(&format!(r#"{{"iss":"i","aud":{aud},"exp":1900000000}}"#), "claim_malformed");
    }
    for aud in ["\"evil\"", "[\"evil\"]", "\"A\"", "\"a \"", "[\"aa\",\"A\"]"] {
        refused(&format!(r#"{{"iss":"i","aud":{aud},"exp":1900000000}}"#), "audience_mismatch");
    }
    refused(r#"{"iss":"i","exp":1900000000}"#, "claim_missing");
    assert!(verify(r#"{"iss":"i","aud":["x","\u0061"],"exp":1900000000}"#).is_ok());
}

#[test]
fn registered_claims_are_what_their_escapes_stand_for_and_the_claims_set_stays_as_it_was_signed() {
    let claims = r#"{"\u0069ss":"\u0069","sub":"\"\u00e9\"","aud":["\u0062","a","\ud83d\ude00"],"exp":1900000000,"jti":"\\"}"#;
    let token = sign(claims);
    let verified = Verifier::new("i", "a", secret()).verify::<Value>(&token, NOW).unwrap();
    let registered = verified.registered().clone();
    assert_eq!(registered.iss(), Some("i"));
    assert_eq!(registered.sub(), Some("\"é\""));
    assert_eq!(registered.aud().collect::<Vec<_>>(), ["b", "a", "😀"]);
    assert_eq!(registered.jti(), Some("\\"));
    assert_eq!(registered.json(), claims);
}

#[test]
fn any_audience_and_any_issuer_have_to_be_said() {
    let verifier = Verifier::new(Issuer::any(), Audience::any(), secret());
    assert!(verifier.verify::<Value>(&sign(r#"{"exp":1900000000}"#), NOW).is_ok());
    let malformed = sign(r#"{"exp":1900000000,"aud":7}"#);
    assert_eq!(verifier.verify::<Value>(&malformed, NOW).unwrap_err().code(), "claim_malformed");
}

#[test]
fn one_of_several_audiences_is_enough() {
    let verifier = Verifier::new("i", Audience::one_of(["x", "a"]), secret());
    assert!(verifier.verify::<Value>(&sign(r#"{"iss":"i","aud":"a","exp":1900000000}"#), NOW).is_ok());
}

#[test]
fn a_token_of_one_type_is_not_taken_for_another() {
    let claims = json!({"iss": "i", "aud": "a", "exp": 1_900_000_000});
    let typed = |typ: &str| Signer::new(secret()).typ(typ).sign(&claims).unwrap();
    let verify = |typ: TokenType, token: &str| {
        Verifier::new("i", "a", secret()).typ(typ).verify::<Value>(token, NOW).map(drop)
    };
    let untyped = Signer::new(secret()).without_typ().sign(&claims).unwrap();
    for foreign in ["dpop+jwt", "logout+jwt", "secevent+jwt", "example+sd-jwt", "foo", "rt+jwt"] {
        for wanted in [TokenType::JwtOrNone, "at+jwt".into()] {
            assert_eq!(verify(wanted, &typed(foreign)).unwrap_err().code(), "type_mismatch");
        }
    }
    assert_eq!(verify("at+jwt".into(), &untyped).unwrap_err().code(), "type_mismatch");
    assert_eq!(verify(TokenType::JwtOrNone, &typed("at+jwt")).unwrap_err().code(), "type_mismatch");
    for same in ["at+jwt", "AT+JWT", "application/at+jwt", "Application/At+Jwt"] {
        assert!(verify("at+jwt".into(), &typed(same)).is_ok(), "{same}");
    }
    assert_eq!(verify("at+jwt".into(), &typed("application/x/at+jwt")).unwrap_err().code(), "type_mismatch");
}

#[test]
fn sub_and_jti_of_another_type_are_refused() {
    for name in ["sub", "jti"] {
        for value in ["5", "null", "[\"x\"]", "{}"] {
            refused(
                &format!(r#"{{"iss":"i","aud":"a","exp":1900000000,"{name}":{value}}}"#),
                "claim_malformed",
            );
        }
    }
}

#[test]
fn a_required_claim_must_be_there() {
    let verifier = Verifier::new("i", "a", secret()).require("sub").require("role");
    let verify = |claims: &str| verifier.verify::<Value>(&sign(claims), NOW).map(drop);
    assert!(verify(r#"{"iss":"i","aud":"a","exp":1900000000,"sub":"ada","role":1}"#).is_ok());
    let error = verify(r#"{"iss":"i","aud":"a","exp":1900000000,"sub":"ada"}"#).unwrap_err();
    assert_eq!(error, VerifyError::ClaimMissing { name: "role" });
}

#[test]
fn odd_clocks_cause_no_panic() {
    let token = sign(r#"{"iss":"i","aud":"a","exp":253402300799,"nbf":0,"iat":0}"#);
    let verifier = Verifier::new("i", "a", secret()).leeway(Duration::from_secs(600)).max_age(Duration::MAX);
    for now in [i64::MIN, -1, 0, i64::MAX] {
        let _ = verifier.verify::<Value>(&token, Timestamp::from_unix(now));
    }
    assert_eq!(Timestamp::from_unix(i64::MIN), Timestamp::MIN);
    assert_eq!(Timestamp::MAX.saturating_add(Duration::MAX), Timestamp::MAX);
    assert_eq!(Timestamp::MIN.saturating_sub(Duration::MAX), Timestamp::MIN);
}

#[test]
fn an_issuer_may_accept_what_it_issued_before_its_clock_was_set_back() {
    let verifier = || Verifier::new("i", "a", secret()).allow_future_iat();
    let token = sign(r#"{"iss":"i","aud":"a","exp":1900000000,"iat":1800086400}"#);
    assert!(verifier().verify::<Value>(&token, NOW).is_ok());
    let not_yet_valid = sign(r#"{"iss":"i","aud":"a","exp":1900000000,"iat":1800086400,"nbf":1800086400}"#);
    assert_eq!(verifier().verify::<Value>(&not_yet_valid, NOW).unwrap_err().code(), "token_not_yet_valid");
    let expired = sign(r#"{"iss":"i","aud":"a","exp":1700000000,"iat":1800086400}"#);
    assert_eq!(verifier().verify::<Value>(&expired, NOW).unwrap_err().code(), "token_expired");
}

#[test]
fn the_signature_is_judged_before_the_claims() {
    let mut token = sign("{\"exp\":null").into_bytes();
    let at = token.len() - 10;
    token[at] = if token[at] == b'A' { b'B' } else { b'A' };
    let error = Verifier::new("i", "a", secret())
        .verify::<Value>(std::str::from_utf8(&token).unwrap(), NOW)
        .unwrap_err();
    assert_eq!(error, VerifyError::SignatureInvalid);
}

#[test]
fn claims_are_read_into_types_of_every_shape() {
    #[derive(serde::Deserialize, Debug, PartialEq)]
    #[serde(rename_all = "lowercase")]
    enum Shape {
        Plain,
        Number(u8),
        Pair(u8, bool),
        Named { a: Option<char> },
    }
    #[derive(serde::Deserialize, Debug, PartialEq)]
    struct Claims {
        iss: String,
        shapes: Vec<Shape>,
        map: std::collections::BTreeMap<u8, f64>,
        wide: u128,
        nested: (i8, Option<()>, String),
        #[serde(default)]
        absent: Option<u8>,
        exp: Timestamp,
    }
    let claims = sign(
        r#"{"iss":"i","aud":"a","exp":1900000000,"shapes":["plain",{"number":7},{"pair":[1,true]},{"named":{"a":"\u00e9"}}],
        "map":{"1":0.5,"2":2},"wide":340282366920938463463374607431768211455,"nested":[-1,null,"\n\"\ud83d\ude00"]}"#,
    );
    let verified = Verifier::new("i", "a", secret()).verify::<Claims>(&claims, NOW).unwrap();
    assert_eq!(
        verified.claims(),
        &Claims {
            iss: "i".into(),
            shapes: vec![Shape::Plain, Shape::Number(7), Shape::Pair(1, true), Shape::Named { a: Some('é') }],
            map: [(1, 0.5), (2, 2.0)].into(),
            wide: u128::MAX,
            nested: (-1, None, "\n\"😀".into()),
            absent: None,
            exp: Timestamp::from_unix(1_900_000_000),
        }
    );
}
