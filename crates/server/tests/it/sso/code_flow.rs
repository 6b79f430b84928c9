//! From the first redirect to tokens, and what a client does with them.

use http::StatusCode;
use jeton_jose::jwt::Unverified;
use serde_json::{Value, json};

use super::browser::{Browser, form, redirected};
use super::client::{authorize, web};
use crate::app::TestApp;

async fn app() -> TestApp {
    let app = TestApp::new().await;
    app.add_client("web", web()).await;
    app
}

fn claims(token: &str) -> Value {
    serde_json::from_str(Unverified::parse(token).expect("a JWT").claims_json()).expect("claims")
}

#[tokio::test]
async fn somebody_signs_in_once_and_the_client_gets_tokens() {
    let app = app().await;
    let browser = Browser::new(&app);
    let back = redirected(&browser.sign_in(&authorize(&[])).await);
    assert_eq!((back.get("state"), back.get("iss")), (Some("st"), Some("https://auth.example")));

    let answer = app.redeem(back.get("code").expect("a code")).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let tokens = answer.json();
    assert_eq!(tokens["token_type"], "Bearer");
    assert_eq!(tokens["expires_in"], 300);
    assert_eq!(tokens["scope"], "openid profile");
    let access = tokens["access_token"].as_str().expect("an access token");
    let id_token = claims(tokens["id_token"].as_str().expect("an ID token"));
    assert_eq!(id_token["nonce"], "no");
    assert_eq!(id_token["aud"], "web");
    assert_eq!(id_token["sub"], claims(access)["sub"]);
    assert_eq!(id_token["sid"], claims(access)["sid"]);
    assert_eq!(id_token["amr"], json!(["pwd"]));

    let info = app.userinfo(access).await;
    assert_eq!(info.json()["preferred_username"], "ada");
    assert_eq!(info.json()["sub"], id_token["sub"]);

    let again = redirected(&browser.get(&authorize(&[("prompt", "none")])).await);
    assert!(again.get("code").is_some(), "a second sign-in needs no password");
}

#[tokio::test]
async fn a_code_cannot_be_redeemed_twice_and_the_replay_ends_what_it_gave() {
    let app = app().await;
    let back = redirected(&Browser::new(&app).sign_in(&authorize(&[])).await);
    let code = back.get("code").expect("a code");
    let tokens = app.redeem(code).await.json();
    let access = tokens["access_token"].as_str().expect("a token");
    for (later, holds) in [(0, 200), (30, 401)] {
        app.hand.step(later);
        app.redeem(code)
            .await
            .expect(400, r#"{"error":"invalid_grant","error_description":"code is not valid"}"#);
        assert_eq!(app.userinfo(access).await.status, holds, "after {later} seconds");
    }
    let refresh = tokens["refresh_token"].as_str().expect("a token");
    let refused =
        app.post_as("web", "/token", &[("grant_type", "refresh_token"), ("refresh_token", refresh)]).await;
    refused.expect(400, r#"{"error":"invalid_grant","error_description":"refresh_token is not valid"}"#);
}

#[tokio::test]
async fn a_client_refreshes_with_its_own_credentials_and_nobody_elses() {
    let app = app().await;
    app.add_client("other", web()).await;
    let back = redirected(&Browser::new(&app).sign_in(&authorize(&[])).await);
    let tokens = app.redeem(back.get("code").expect("a code")).await.json();
    let refresh = tokens["refresh_token"].as_str().expect("a token");
    let fields = [("grant_type", "refresh_token"), ("refresh_token", refresh)];
    assert_eq!(app.post_as("other", "/token", &fields).await.status, 400);
    assert_eq!(app.refresh(refresh).await.status, 401, "the token API takes no client's token");
    app.hand.step(240);
    let next = app.post_as("web", "/token", &fields).await;
    assert_eq!(next.status, StatusCode::OK, "{}", next.text());
    assert_ne!(next.json()["refresh_token"], refresh);
    assert!(next.json()["id_token"].is_string());
}

#[tokio::test]
async fn signing_out_at_the_browser_ends_every_clients_tokens() {
    let app = app().await;
    let browser = Browser::new(&app);
    let back = redirected(&browser.sign_in(&authorize(&[])).await);
    let tokens = app.redeem(back.get("code").expect("a code")).await.json();
    let hint = tokens["id_token"].as_str().expect("an ID token");
    let target = format!(
        "/end_session?id_token_hint={hint}&post_logout_redirect_uri=https%3A%2F%2Fapp.example%2Fbye&state=x"
    );
    let answer = browser.get(&target).await;
    assert_eq!(answer.header("location"), Some("https://app.example/bye?state=x"));
    assert_eq!(app.userinfo(tokens["access_token"].as_str().expect("a token")).await.status, 401);
    let again = redirected(&browser.get(&authorize(&[("prompt", "none")])).await);
    assert_eq!(again.get("error"), Some("login_required"));
}

#[tokio::test]
async fn without_a_hint_the_user_is_asked_before_they_are_signed_out() {
    let app = app().await;
    let browser = Browser::new(&app);
    browser.sign_in(&authorize(&[])).await;
    let page = browser.get("/end_session").await;
    assert!(page.text().contains("Sign out?"), "{}", page.text());
    let done = browser.submit_and_follow(&form(&page), &[("action", "sign_out")]).await;
    assert!(done.text().contains("You are signed out"), "{}", done.text());
}

#[tokio::test]
async fn a_client_asks_for_itself_and_is_told_what_its_token_is() {
    let app = app().await;
    let answer =
        app.post_as("web", "/token", &[("grant_type", "client_credentials"), ("scope", "orders:read")]).await;
    let tokens = answer.json();
    assert_eq!(tokens["scope"], "orders:read", "{}", answer.text());
    assert!(tokens.get("refresh_token").is_none());
    let access = tokens["access_token"].as_str().expect("a token");
    let told = app.post_as("web", "/introspect", &[("token", access)]).await.json();
    assert_eq!((&told["active"], &told["client_id"]), (&json!(true), &json!("web")));
    assert_eq!(app.post_as("web", "/revoke", &[("token", access)]).await.status, StatusCode::OK);
    assert_eq!(app.post_as("web", "/introspect", &[("token", access)]).await.text(), r#"{"active":false}"#);
}

#[tokio::test]
async fn a_clients_refresh_token_is_given_back_by_the_client_alone() {
    let app = TestApp::new().await;
    app.add_client("web", web()).await;
    let back =
        redirected(&Browser::new(&app).sign_in(&authorize(&[("scope", "openid offline_access")])).await);
    let tokens = app.redeem(back.get("code").expect("a code")).await.json();
    let token = tokens["refresh_token"].as_str().expect("a token");
    assert_eq!(app.sign_out(token).await.status, 401, "the token API asks nobody who they are");
    let refresh = [("grant_type", "refresh_token"), ("refresh_token", token)];
    assert_eq!(app.post_as("web", "/token", &refresh).await.status, 200);
}
