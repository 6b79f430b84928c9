//! The answers of RFC 6750 §3.

use axum::body::Body;
use http::{Request, StatusCode};
use serde_json::json;

use crate::world::{Issuer, NOW, app, builder, claims, send, send_request, send_token, with};

#[tokio::test]
async fn a_good_token_passes_and_its_scheme_may_be_spelt_in_any_case() {
    let issuer = Issuer::new("k");
    let app = app(&builder(&issuer).0.build());
    for scheme in ["Bearer", "bearer", "BEARER"] {
        let answer = send(&app, &[&format!("{scheme} {}", issuer.token())]).await;
        assert_eq!((answer.status, answer.body.as_str()), (StatusCode::OK, "Hello, user-1!"));
    }
}

#[tokio::test]
async fn without_credentials_the_challenge_names_no_error_and_the_body_is_empty() {
    let issuer = Issuer::new("k");
    let app = app(&builder(&issuer).0.build());
    for authorization in [&[][..], &["Basic dXNlcjpwYXNz"], &["DPoP a.b.c"], &[""]] {
        let answer = send(&app, authorization).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{authorization:?}");
        assert_eq!(answer.challenge(), r#"Bearer realm="api""#);
        assert_eq!(answer.body, "");
        assert_eq!(answer.headers["cache-control"], "no-store");
    }
}

#[tokio::test]
async fn a_malformed_header_is_an_invalid_request() {
    let issuer = Issuer::new("k");
    let app = app(&builder(&issuer).0.build());
    let good = format!("Bearer {}", issuer.token());
    for (authorization, description) in [
        (vec!["Bearer"], "the Authorization header contains no token"),
        (vec!["Bearer a b"], "the Authorization header does not contain a single bearer token"),
        (vec!["Bearer \"a\""], "the Authorization header does not contain a single bearer token"),
        (vec![good.as_str(), good.as_str()], "there is more than one Authorization header"),
        (vec![good.as_str(), "Basic dXNlcjpwYXNz"], "there is more than one Authorization header"),
    ] {
        let answer = send(&app, &authorization).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{authorization:?}");
        assert_eq!(
            answer.challenge(),
            format!(r#"Bearer realm="api", error="invalid_request", error_description="{description}""#)
        );
        assert_eq!(
            answer.body,
            format!(r#"{{"error":"invalid_request","error_description":"{description}"}}"#)
        );
    }
}

#[tokio::test]
async fn a_bad_token_is_refused_with_the_reason_in_words() {
    let issuer = Issuer::new("k");
    let stranger = Issuer::new("k");
    let unknown = Issuer::new("other");
    let app = app(&builder(&issuer).0.build());
    let at = |name, seconds: i64| issuer.sign(&with(name, json!(NOW.unix() + seconds)));
    let good = issuer.token();
    let (signed, _) = good.rsplit_once('.').expect("three parts");

    for (token, description) in [
        ("garbage".to_owned(), "the access token is malformed"),
        ("a.b.c".to_owned(), "the access token is malformed"),
        (format!("{signed}."), "the signature of the access token is not valid"),
        (format!("{good}.{signed}"), "the access token is malformed"),
        ("x".repeat(20_000), "the access token is too long"),
        (stranger.token(), "the signature of the access token is not valid"),
        (unknown.token(), "the access token is signed with an unknown key"),
        (at("exp", 0), "the access token has expired"),
        (at("exp", -1), "the access token has expired"),
        (at("nbf", 60), "the access token is not valid yet"),
        (at("iat", 60), "the access token was issued in the future"),
        (issuer.sign(&with("iss", json!("https://evil.example"))), "the access token is from another issuer"),
        (
            issuer.sign(&with("aud", json!("https://other.example"))),
            "the access token is for another audience",
        ),
        (issuer.sign(&with("aud", json!(["a", "b"]))), "the access token is for another audience"),
        (issuer.sign(&with("exp", json!(null))), "a claim of the access token is missing or malformed"),
        (issuer.sign(&with("exp", json!("soon"))), "a claim of the access token is missing or malformed"),
        (issuer.sign(&with("client_id", json!(null))), "a claim of the access token is missing or malformed"),
        (issuer.sign(&with("sub", json!(""))), "a claim of the access token is missing or malformed"),
        (issuer.sign(&with("jti", json!(null))), "a claim of the access token is missing or malformed"),
        (issuer.sign_as(Some("rt+jwt"), &claims()), "the token is not an access token"),
        (issuer.sign_as(Some("JWT"), &claims()), "the token is not an access token"),
        (issuer.sign_as(None, &claims()), "the token is not an access token"),
        (issuer.sign(&with("token_type", json!("refresh"))), "the token is not an access token"),
        (
            issuer.sign(&with("cnf", json!({"jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}))),
            "the access token is bound to a key, and the proof of possession is missing",
        ),
    ] {
        let answer = send_token(&app, &token).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{description}");
        assert_eq!(
            answer.challenge(),
            format!(r#"Bearer realm="api", error="invalid_token", error_description="{description}""#)
        );
        assert_eq!(
            answer.body,
            format!(r#"{{"error":"invalid_token","error_description":"{description}"}}"#)
        );
        assert_eq!(answer.headers["cache-control"], "no-store");
        assert_eq!(answer.headers["content-type"], "application/json");
    }
}

#[tokio::test]
async fn a_token_in_the_query_or_in_the_body_is_never_read() {
    let issuer = Issuer::new("k");
    let app = app(&builder(&issuer).0.build());
    let token = issuer.token();
    let in_query = Request::get(format!("/?access_token={token}")).body(Body::empty()).expect("a request");
    let in_body = Request::post("/")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Body::from(format!("access_token={token}")))
        .expect("a request");
    for request in [in_query, in_body] {
        let answer = send_request(&app, request).await;
        assert_eq!((answer.status, answer.challenge()), (StatusCode::UNAUTHORIZED, r#"Bearer realm="api""#));
    }
}

#[tokio::test]
async fn the_leeway_is_allowed_and_no_more() {
    let issuer = Issuer::new("k");
    let (builder, clock) = builder(&issuer);
    let app = app(&builder.leeway(std::time::Duration::from_secs(30)).build());
    let token = issuer.token();
    for (after, status) in [(329, StatusCode::OK), (330, StatusCode::UNAUTHORIZED)] {
        clock.set(NOW.saturating_add(std::time::Duration::from_secs(after)));
        assert_eq!(send_token(&app, &token).await.status, status, "{after} s later");
    }
}

#[tokio::test]
async fn the_realm_is_the_guards_own() {
    let issuer = Issuer::new("k");
    let guard = builder(&issuer).0.realm("orders").expect("a realm").build();
    assert_eq!(send(&app(&guard), &[]).await.challenge(), r#"Bearer realm="orders""#);
    assert!(builder(&issuer).0.realm("a\"b").is_err());
}
