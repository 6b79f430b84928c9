//! Attacks on authorization codes: stolen, injected, replayed, and stripped of their protection.

use std::sync::Arc;

use http::StatusCode;
use jeton_authority::client::{ClientPolicy, PkcePolicy};
use jeton_oauth::Parameters;
use serde_json::json;

use super::browser::{Browser, redirected};
use super::client::{CALLBACK, VERIFIER, authorize, web};
use crate::app::{Answer, TestApp};

/// A code of the client `web`, and another client beside it.
async fn with_code(changes: &[(&str, &str)]) -> (TestApp, String) {
    let app = TestApp::new().await;
    app.add_client("web", web()).await;
    app.add_client("other", web()).await;
    let back = redirected(&Browser::new(&app).sign_in(&authorize(changes)).await);
    let code = back.get("code").expect("a code").to_owned();
    (app, code)
}

async fn redeem(app: &TestApp, client: &str, code: &str, more: &[(&str, &str)]) -> Answer {
    let mut fields = vec![("grant_type", "authorization_code"), ("code", code)];
    fields.extend(more);
    app.post_as(client, "/token", &fields).await
}

#[track_caller]
fn refused(answer: &Answer) {
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.text());
    assert_eq!(answer.json()["error"], "invalid_grant", "{}", answer.text());
}

const USUAL: [(&str, &str); 2] = [("redirect_uri", CALLBACK), ("code_verifier", VERIFIER)];

#[tokio::test]
async fn a_code_is_worth_nothing_to_another_client() {
    let (app, code) = with_code(&[]).await;
    refused(&redeem(&app, "other", &code, &USUAL).await);
    // Nor can the thief spoil it for its owner.
    assert_eq!(redeem(&app, "web", &code, &USUAL).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_code_that_is_injected_into_another_sign_in_fails_for_its_verifier() {
    let (app, stolen) = with_code(&[]).await;
    // The attacker puts the stolen code into a flow of their own, whose verifier is another one.
    let own = "an-own-verifier-of-the-attacker-that-is-long-enough-0";
    refused(&redeem(&app, "web", &stolen, &[("redirect_uri", CALLBACK), ("code_verifier", own)]).await);
}

/// The access token that a code gave.
async fn redeemed(app: &TestApp, code: &str) -> String {
    let tokens = redeem(app, "web", code, &USUAL).await.json();
    tokens["access_token"].as_str().expect("a token").to_owned()
}

async fn holds(app: &TestApp, access: &str) -> bool {
    app.userinfo(access).await.status == StatusCode::OK
}

#[tokio::test]
async fn a_code_that_its_client_sends_twice_within_the_grace_is_refused_and_ends_nothing() {
    let (app, code) = with_code(&[]).await;
    let access = redeemed(&app, &code).await;
    for seconds in [0, 29] {
        app.hand.step(seconds);
        refused(&redeem(&app, "web", &code, &USUAL).await);
        assert!(holds(&app, &access).await, "after {seconds} seconds");
    }
}

#[tokio::test]
async fn of_many_requests_with_one_code_at_once_one_gets_tokens_and_keeps_them() {
    let (app, code) = with_code(&[]).await;
    let app = Arc::new(app);
    let mut requests = tokio::task::JoinSet::new();
    for _ in 0..16 {
        let (app, code) = (Arc::clone(&app), code.clone());
        requests.spawn(async move { redeem(&app, "web", &code, &USUAL).await });
    }
    let answers = requests.join_all().await;
    let good: Vec<_> = answers.iter().filter(|answer| answer.status == StatusCode::OK).collect();
    assert_eq!(good.len(), 1);
    assert!(holds(&app, good[0].json()["access_token"].as_str().expect("a token")).await);
}

#[tokio::test]
async fn a_code_that_was_replayed_ends_what_it_gave() {
    const OTHER_VERIFIER: &str = "an-own-verifier-of-the-attacker-that-is-long-enough-0";
    let other_verifier = [("redirect_uri", CALLBACK), ("code_verifier", OTHER_VERIFIER)];
    let no_verifier = [("redirect_uri", CALLBACK)];
    let other_uri = [("redirect_uri", "https://app.example/other"), ("code_verifier", VERIFIER)];
    for (what, client, later, fields) in [
        ("after the grace", "web", 30, &USUAL[..]),
        ("from another client", "other", 0, &USUAL[..]),
        ("with another verifier", "web", 0, &other_verifier[..]),
        ("without a verifier", "web", 0, &no_verifier[..]),
        ("for another redirect URI", "web", 0, &other_uri[..]),
    ] {
        let (app, code) = with_code(&[]).await;
        let access = redeemed(&app, &code).await;
        app.hand.step(later);
        assert!(holds(&app, &access).await, "{what}");
        refused(&redeem(&app, client, &code, fields).await);
        assert!(!holds(&app, &access).await, "{what}");
    }
}

#[tokio::test]
async fn whoever_has_merely_seen_the_code_of_a_confidential_client_ends_nothing() {
    let (app, code) = with_code(&[]).await;
    let mut public = web();
    public["token_endpoint_auth_method"] = json!("none");
    public["grant_types"] = json!(["authorization_code"]);
    app.add_client("public", public).await;
    let access = redeemed(&app, &code).await;
    let mut fields = vec![("grant_type", "authorization_code"), ("code", &code), ("client_id", "public")];
    fields.extend(USUAL);
    refused(&app.post_form("/token", &fields).await);
    fields[2] = ("client_id", "web");
    assert_eq!(app.post_form("/token", &fields).await.json()["error"], "invalid_client");
    assert!(holds(&app, &access).await);
}

#[tokio::test]
async fn a_code_for_one_redirect_uri_is_not_redeemed_with_another() {
    let (app, code) = with_code(&[]).await;
    for uri in ["https://app.example/other", "https://evil.example/callback"] {
        refused(&redeem(&app, "web", &code, &[("redirect_uri", uri), ("code_verifier", VERIFIER)]).await);
    }
    // OAuth 2.1 leaves it out where PKCE does more.
    let without = redeem(&app, "web", &code, &[("code_verifier", VERIFIER)]).await;
    assert_eq!(without.status, StatusCode::OK, "{}", without.text());
}

#[tokio::test]
async fn a_code_that_is_late_is_worth_nothing() {
    let (app, code) = with_code(&[]).await;
    app.hand.step(61);
    refused(&redeem(&app, "web", &code, &USUAL).await);
}

#[tokio::test]
async fn pkce_cannot_be_left_out_of_the_request_nor_weakened() {
    let app = TestApp::new().await;
    app.add_client("web", web()).await;
    let browser = Browser::new(&app);
    for changes in [
        &[("code_challenge", ""), ("code_challenge_method", "")][..],
        &[("code_challenge_method", "plain")],
        &[("code_challenge_method", "")],
        &[("code_challenge", "short")],
    ] {
        let back = redirected(&browser.get(&authorize(changes)).await);
        assert_eq!(back.get("error"), Some("invalid_request"), "{changes:?}");
    }
}

#[tokio::test]
async fn pkce_cannot_be_left_out_when_the_code_is_redeemed() {
    let (app, code) = with_code(&[]).await;
    for verifier in [&[][..], &[("code_verifier", "")], &[("code_verifier", super::client::CHALLENGE)]] {
        let mut fields = vec![("redirect_uri", CALLBACK)];
        fields.extend(verifier);
        let answer = redeem(&app, "web", &code, &fields).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.text());
    }
}

#[tokio::test]
async fn a_lenient_client_is_held_to_what_its_request_began_in_both_directions() {
    let app = TestApp::new().await;
    let policy = ClientPolicy { pkce: PkcePolicy::Lenient, ..ClientPolicy::default() };
    app.add_client_with("web", web(), policy).await;
    let browser = Browser::new(&app);
    // The attacker strips the challenge: the honest client still sends its verifier, which then has to be an error.
    let stripped = authorize(&[("code_challenge", ""), ("code_challenge_method", "")]);
    let back = redirected(&browser.sign_in(&stripped).await);
    let answer = redeem(&app, "web", back.get("code").expect("a code"), &USUAL).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.text());
    // With a challenge the verifier is wanted.
    let back = redirected(&browser.get(&authorize(&[])).await);
    let answer = redeem(&app, "web", back.get("code").expect("a code"), &[("redirect_uri", CALLBACK)]).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.text());
    // Where there is neither, the redirect URI has to be named.
    let back = redirected(&browser.get(&stripped).await);
    refused(&redeem(&app, "web", back.get("code").expect("a code"), &[]).await);
    // Without either the old library works.
    let back = redirected(&browser.get(&stripped).await);
    let answer = redeem(&app, "web", back.get("code").expect("a code"), &[("redirect_uri", CALLBACK)]).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
}

#[tokio::test]
async fn an_authorization_request_gives_no_token_in_the_front_channel() {
    let app = TestApp::new().await;
    app.add_client("web", web()).await;
    let browser = Browser::new(&app);
    browser.sign_in(&authorize(&[])).await;
    for response_type in ["token", "id_token", "code token", "code id_token", "none", ""] {
        let back: Parameters =
            redirected(&browser.get(&authorize(&[("response_type", response_type)])).await);
        assert!(back.get("error").is_some(), "{response_type}");
        assert!(
            back.get("access_token").is_none()
                && back.get("id_token").is_none()
                && back.get("code").is_none()
        );
    }
}

#[tokio::test]
async fn an_id_token_or_access_token_is_no_refresh_token_and_the_other_way_round() {
    let (app, code) = with_code(&[]).await;
    let tokens = redeem(&app, "web", &code, &USUAL).await.json();
    let text = |name: &str| tokens[name].as_str().expect("a token").to_owned();
    for token in [text("id_token"), text("access_token")] {
        let fields = [("grant_type", "refresh_token"), ("refresh_token", token.as_str())];
        refused(&app.post_as("web", "/token", &fields).await);
    }
    for token in [text("id_token"), text("refresh_token")] {
        assert_eq!(app.userinfo(&token).await.status, StatusCode::UNAUTHORIZED);
    }
    let told = app.post_as("other", "/introspect", &[("token", &text("refresh_token"))]).await.json();
    assert_eq!(told, json!({"active": false}), "another client's refresh token");
}
