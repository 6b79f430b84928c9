//! The answers of djangorestframework-simplejwt's views.

use http::StatusCode;
use jeton_guard::BodyStyle;
use serde_json::json;

use crate::world::{Issuer, NOW, app, builder, claims, send, send_token, with};

const NOT_PROVIDED: &str = r#"{"detail":"Authentication credentials were not provided."}"#;
const BAD_HEADER: &str = r#"{"detail":"Authorization header must contain two space-delimited values","code":"bad_authorization_header"}"#;
const NO_USER: &str =
    r#"{"detail":"Token contained no recognizable user identification","code":"token_not_valid"}"#;

fn not_valid(message: &str) -> String {
    format!(
        r#"{{"detail":"Given token not valid for any token type","code":"token_not_valid","messages":[{{"token_class":"AccessToken","token_type":"access","message":"{message}"}}]}}"#
    )
}

#[tokio::test]
async fn each_fault_of_the_header_is_answered_as_a_django_view_does() {
    let issuer = Issuer::new("k");
    let app = app(&builder(&issuer).0.body_style(BodyStyle::SimpleJwt).build());
    let token = issuer.token();
    let (good, lower) = (format!("Bearer {token}"), format!("bearer {token}"));
    let three = format!("Bearer {token} x");

    for (authorization, body, token_was_sent) in [
        (vec![], NOT_PROVIDED, false),
        (vec![""], NOT_PROVIDED, false),
        (vec!["Basic dXNlcjpwYXNz"], NOT_PROVIDED, false),
        (vec![lower.as_str()], NOT_PROVIDED, false),
        (vec!["Bearer"], BAD_HEADER, false),
        (vec![three.as_str()], BAD_HEADER, true),
        (vec![good.as_str(), good.as_str()], BAD_HEADER, true),
    ] {
        let answer = send(&app, &authorization).await;
        assert_eq!(
            (answer.status, answer.body.as_str()),
            (StatusCode::UNAUTHORIZED, body),
            "{authorization:?}"
        );
        assert_eq!(
            answer.challenge().contains(r#"error="invalid_token""#),
            token_was_sent,
            "{authorization:?}"
        );
        assert!(answer.challenge().starts_with(r#"Bearer realm="api""#));
        assert_eq!(answer.headers["content-type"], "application/json");
    }
    assert_eq!(send(&app, &[&good]).await.status, StatusCode::OK);
}

#[tokio::test]
async fn each_fault_of_the_token_is_answered_as_a_django_view_does() {
    let issuer = Issuer::new("k");
    let app = app(&builder(&issuer).0.body_style(BodyStyle::SimpleJwt).build());
    for (token, body) in [
        ("garbage".to_owned(), not_valid("Token is invalid")),
        (Issuer::new("k").token(), not_valid("Token is invalid")),
        (Issuer::new("other").token(), not_valid("Token is invalid")),
        (issuer.sign(&with("aud", json!("other"))), not_valid("Token is invalid")),
        (issuer.sign(&with("exp", json!(NOW.unix()))), not_valid("Token is expired")),
        (issuer.sign_as(Some("rt+jwt"), &claims()), not_valid("Token has wrong type")),
        (Issuer::new("x").sign_as(Some("application/rt+jwt"), &claims()), not_valid("Token has wrong type")),
        (issuer.sign(&with("token_type", json!("refresh"))), not_valid("Token has wrong type")),
        (issuer.sign_as(Some("JWT"), &claims()), not_valid("Token is invalid")),
        (issuer.sign(&with("user_id", json!(null))), NO_USER.to_owned()),
    ] {
        let answer = send_token(&app, &token).await;
        assert_eq!((answer.status, &answer.body), (StatusCode::UNAUTHORIZED, &body));
        assert!(
            answer
                .challenge()
                .starts_with(r#"Bearer realm="api", error="invalid_token", error_description=""#)
        );
    }
}
