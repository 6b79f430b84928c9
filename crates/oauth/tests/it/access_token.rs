//! The claims of an access token (RFC 9068 §2.2).

use jeton_jose::Timestamp;
use jeton_oauth::authorization::AuthorizationDetails;
use jeton_oauth::{AccessTokenClaims, Audiences, Scope, TokenUse};
use serde_json::{Value, json};

fn claims() -> Value {
    json!({
        "iss": "https://auth.example", "exp": 1_700_000_300, "iat": 1_700_000_000, "aud": "https://api.example",
        "sub": "5ba552d67", "client_id": "s6BhdRkqt3", "jti": "dbe39bf3a3ba4238a513f51d6e1691c4",
    })
}

fn parse(claims: Value) -> Result<AccessTokenClaims, serde_json::Error> {
    serde_json::from_value(claims)
}

fn with(member: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[member] = value;
    claims
}

#[test]
fn the_seven_claims_of_the_profile_are_enough_and_all_of_them_are_needed() {
    let parsed = parse(claims()).expect("the required claims");
    assert_eq!(parsed.exp, Timestamp::from_unix(1_700_000_300));
    assert!(parsed.aud.contains("https://api.example") && parsed.scope.is_empty());
    for member in ["iss", "exp", "iat", "aud", "sub", "client_id", "jti"] {
        let mut claims = claims();
        claims.as_object_mut().expect("an object").remove(member);
        parse(claims).expect_err(member);
        parse(with(member, Value::Null)).expect_err(member);
    }
}

#[test]
fn an_empty_subject_client_or_token_name_is_refused() {
    for member in ["sub", "client_id", "jti"] {
        parse(with(member, json!(""))).expect_err(member);
        parse(with(member, json!(7))).expect_err(member);
    }
}

#[test]
fn the_audience_is_one_text_or_a_list_that_is_not_empty() {
    let several = parse(with("aud", json!(["a", "b"]))).expect("a list");
    assert_eq!(several.aud.iter().collect::<Vec<_>>(), ["a", "b"]);
    assert!(several.aud.contains("b") && !several.aud.contains("c"));
    for wrong in [json!([]), json!(7), json!({}), json!(["a", 7]), json!(true)] {
        parse(with("aud", wrong.clone())).expect_err(&wrong.to_string());
    }
}

#[test]
fn the_user_id_may_be_an_integer_as_older_simplejwt_wrote_it() {
    for (value, id) in [(json!("42"), "42"), (json!(42), "42"), (json!(-1), "-1")] {
        assert_eq!(parse(with("user_id", value)).expect("an id").user_id.as_deref(), Some(id));
    }
    for wrong in [json!(4.2), json!([1]), json!(true)] {
        parse(with("user_id", wrong.clone())).expect_err(&wrong.to_string());
    }
}

#[test]
fn a_token_for_another_use_is_told_apart() {
    for (text, used_for) in [
        ("access", TokenUse::Access),
        ("refresh", TokenUse::Refresh),
        ("sliding", TokenUse::Sliding),
        ("x", TokenUse::Other),
    ] {
        assert_eq!(parse(with("token_type", json!(text))).expect("a use").token_type, Some(used_for));
    }
}

#[test]
fn the_key_that_a_token_is_bound_to_is_read() {
    let bound = parse(with("cnf", json!({"jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I", "other": 1})));
    let confirmation = bound.expect("claims").cnf.expect("a confirmation");
    assert_eq!(confirmation.jkt.as_deref(), Some("0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"));
}

#[test]
fn claims_are_written_in_the_order_of_simplejwt_and_read_back() {
    let claims = AccessTokenClaims {
        token_type: Some(TokenUse::Access),
        exp: Timestamp::from_unix(1_700_000_300),
        iat: Timestamp::from_unix(1_700_000_000),
        jti: "j".into(),
        user_id: Some("42".into()),
        iss: "https://auth.example".into(),
        aud: Audiences::one("api"),
        sub: "u".into(),
        client_id: "web".into(),
        scope: Scope::parse("read write").expect("a scope"),
        sid: Some("g".into()),
        username: Some("ada".into()),
        cnf: None,
        authorization_details: AuthorizationDetails::default(),
    };
    let text = serde_json::to_string(&claims).expect("JSON");
    assert_eq!(
        text,
        r#"{"token_type":"access","exp":1700000300,"iat":1700000000,"jti":"j","user_id":"42","iss":"https://auth.example","aud":"api","sub":"u","client_id":"web","scope":"read write","sid":"g","username":"ada"}"#
    );
    assert_eq!(serde_json::from_str::<AccessTokenClaims>(&text).expect("its own text"), claims);
}
