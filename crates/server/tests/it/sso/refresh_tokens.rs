//! Refresh tokens at the token endpoint: retries of clients that prove no key.

use http::StatusCode;
use serde_json::{Value, json};

use super::browser::{Browser, redirected};
use super::client::{CALLBACK, VERIFIER, authorize, web};
use crate::app::{Answer, ELSEWHERE, HOME, TestApp};

/// An app with the public client `page`, which has no key, and the first refresh token of it.
async fn page() -> (TestApp, String) {
    let app = TestApp::new().await;
    let metadata = json!({
        "redirect_uris": [CALLBACK],
        "token_endpoint_auth_method": "none",
        "grant_types": ["authorization_code", "refresh_token"],
    });
    app.add_client("page", metadata).await;
    let back = redirected(&Browser::new(&app).sign_in(&authorize(&[("client_id", "page")])).await);
    let fields = [
        ("grant_type", "authorization_code"),
        ("client_id", "page"),
        ("code", back.get("code").expect("a code")),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    let answer = app.post_form("/token", &fields).await;
    let first = refresh_token(&answer.json());
    (app, first)
}

fn refresh_token(tokens: &Value) -> String {
    tokens["refresh_token"].as_str().expect("a refresh token").to_owned()
}

async fn refresh(app: &TestApp, token: &str, peer: &str) -> Answer {
    let fields = [("grant_type", "refresh_token"), ("client_id", "page"), ("refresh_token", token)];
    let request = super::client::with_form(http::Request::post("/token"), &fields);
    app.send_from(peer, request).await
}

#[tokio::test]
async fn a_public_client_that_keeps_its_first_token_refreshes_for_a_whole_day() {
    let (app, first) = page().await;
    for step in 0..288 {
        let answer = refresh(&app, &first, if step % 3 == 0 { ELSEWHERE } else { HOME }).await;
        assert_eq!(answer.status, StatusCode::OK, "step {step}: {}", answer.text());
        app.hand.step(300);
    }
    assert_eq!(refresh(&app, &first, HOME).await.json()["error"], "invalid_grant");
}

#[tokio::test]
async fn a_grandparent_without_a_key_ends_the_grant() {
    let (app, first) = page().await;
    let mut current = first.clone();
    for _ in 0..2 {
        current = refresh_token(&refresh(&app, &current, HOME).await.json());
        app.hand.step(300);
    }
    assert_eq!(refresh(&app, &first, HOME).await.json()["error"], "invalid_grant");
    assert_eq!(refresh(&app, &current, HOME).await.json()["error"], "invalid_grant", "it has ended");
}

#[tokio::test]
async fn a_spent_token_of_another_client_ends_nothing() {
    let (app, first) = page().await;
    app.add_client("web", web()).await;
    let mut current = first.clone();
    for _ in 0..2 {
        current = refresh_token(&refresh(&app, &current, HOME).await.json());
        app.hand.step(300);
    }
    let fields = [("grant_type", "refresh_token"), ("refresh_token", first.as_str())];
    assert_eq!(app.post_as("web", "/token", &fields).await.json()["error"], "invalid_grant");
    assert_eq!(refresh(&app, &current, HOME).await.status, StatusCode::OK);
}
