//! What clients meet that were added, or registered, without a word about it.

use jeton_authority::client::{Client, ClientPolicy, PkcePolicy, say_id_token_algorithm};
use jeton_authority::settings::{RegistrationPolicy, Settings};
use jeton_jose::jwt::{TokenType, Unverified};
use jeton_oauth::client::ClientId;
use serde_json::{Value, json};

use super::browser::{Browser, form, redirected};
use super::client::{CALLBACK, VERIFIER, authorize, web};
use super::logout_delivery::claims;
use super::signed_answers::verified;
use crate::app::{Answer, TestApp};

/// No PKCE, as many libraries ask unless told otherwise.
const PLAIN: [(&str, &str); 2] = [("code_challenge", ""), ("code_challenge_method", "")];

/// A client as `jeton client add` adds it where nobody says more.
async fn with_new_client(metadata: Value) -> TestApp {
    let app = TestApp::new().await;
    let mut metadata = serde_json::from_value(metadata).expect("metadata");
    say_id_token_algorithm(&mut metadata, None);
    let metadata = serde_json::to_value(metadata).expect("metadata");
    app.add_client_with("web", metadata, ClientPolicy::of_new_client(None)).await;
    app
}

async fn redeem(app: &TestApp, code: &str, more: &[(&str, &str)]) -> Answer {
    let fields = [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", CALLBACK)];
    app.post_as("web", "/token", &[&fields[..], more].concat()).await
}

async fn code(app: &TestApp, changes: &[(&str, &str)]) -> String {
    let back = redirected(&Browser::new(app).sign_in(&authorize(changes)).await);
    back.get("code").unwrap_or_else(|| panic!("no code: {back:?}")).to_owned()
}

fn id_token(answer: &Answer) -> String {
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()["id_token"].as_str().expect("an ID token").to_owned()
}

#[tokio::test]
async fn the_id_token_of_a_new_client_is_signed_with_rs256_and_says_what_its_scopes_stand_for_at_each_refresh()
 {
    let app = with_new_client(web()).await;
    let first = redeem(&app, &code(&app, &PLAIN).await, &[]).await;
    let mut refresh = first.json()["refresh_token"].as_str().expect("a refresh token").to_owned();
    let mut tokens = vec![id_token(&first)];
    for _ in 0..2 {
        app.hand.step(120);
        let fields = [("grant_type", "refresh_token"), ("refresh_token", &*refresh)];
        let next = app.post_as("web", "/token", &fields).await;
        tokens.push(id_token(&next));
        refresh = next.json()["refresh_token"].as_str().expect("a refresh token").to_owned();
    }
    let narrow = [("grant_type", "refresh_token"), ("refresh_token", &*refresh), ("scope", "openid")];
    let narrowed = id_token(&app.post_as("web", "/token", &narrow).await);
    for token in &tokens {
        assert_eq!(Unverified::parse(token).expect("a token").alg(), "RS256");
        let claims = verified(&app, TokenType::JwtOrNone, token).await;
        assert_eq!(claims["preferred_username"], "ada");
    }
    let claims = verified(&app, TokenType::JwtOrNone, &narrowed).await;
    assert_eq!(claims.get("preferred_username"), None, "the scope that it stands for was left out");
}

#[tokio::test]
async fn a_code_that_was_asked_for_with_a_nonce_alone_is_redeemed_without_a_verifier_and_not_with_one() {
    let app = with_new_client(web()).await;
    let refused = redeem(&app, &code(&app, &PLAIN).await, &[("code_verifier", VERIFIER)]).await;
    assert_eq!(refused.json()["error"], "invalid_grant", "somebody took the challenge away");
    let answer = redeem(&app, &code(&app, &PLAIN).await, &[]).await;
    let claims = verified(&app, TokenType::JwtOrNone, &id_token(&answer)).await;
    assert_eq!(claims["nonce"], "no");

    let challenged = code(&app, &[]).await;
    assert_eq!(redeem(&app, &challenged, &[]).await.json()["error"], "invalid_grant");
    id_token(&redeem(&app, &code(&app, &[]).await, &[("code_verifier", VERIFIER)]).await);
}

#[tokio::test]
async fn a_client_that_registers_itself_meets_what_one_that_is_added_meets() {
    let settings = |mut settings: Settings| {
        settings.client.registration = RegistrationPolicy::Open;
        settings
    };
    let app = TestApp::with(settings, |service| service).await;
    let registered = app.post("/register", &json!({"redirect_uris": [CALLBACK]})).await.json();
    let (id, secret) = (registered["client_id"].as_str(), registered["client_secret"].as_str());
    let (id, secret) = (id.expect("an identifier"), secret.expect("a secret"));
    let browser = Browser::new(&app);
    let target = authorize(&[&PLAIN[..], &[("client_id", id), ("scope", "openid profile")]].concat());
    let page = browser.sign_in(&target).await;
    let back = redirected(&browser.submit(&form(&page), &[("action", "allow")]).await);
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", back.get("code").expect("a code")),
        ("redirect_uri", CALLBACK),
        ("client_id", id),
        ("client_secret", secret),
    ];
    let token = id_token(&app.post_form("/token", &fields).await);
    assert_eq!(Unverified::parse(&token).expect("a token").alg(), "RS256");
    assert_eq!(claims(&token)["preferred_username"], "ada");
    let id = ClientId::parse(id).expect("an identifier");
    let stored = app.store.find_client(&id).await.expect("a store").expect("a client");
    let client = Client::from_stored(&stored, &crate::app::master()).expect("readable");
    assert_eq!(client.policy.pkce, PkcePolicy::Auto);

    let public = json!({"redirect_uris": [CALLBACK], "token_endpoint_auth_method": "none"});
    let public = app.post("/register", &public).await.json();
    let id = public["client_id"].as_str().expect("an identifier");
    let target = authorize(&[&PLAIN[..], &[("client_id", id)]].concat());
    let back = redirected(&Browser::new(&app).get(&target).await);
    assert_eq!(back.get("error"), Some("invalid_request"), "PKCE is always wanted of a public client");
}

#[tokio::test]
async fn a_code_waits_for_the_key_that_signs_and_is_not_used_up_meanwhile() {
    let app = with_new_client(web()).await;
    assert!(!app.service.authority().keys().published().is_complete, "nothing made it yet");
    let code = code(&app, &PLAIN).await;
    // Two at once: one key is made, and one of them gets the tokens.
    let (one, other) = tokio::join!(redeem(&app, &code, &[]), redeem(&app, &code, &[]));
    let mut statuses = [one.status.as_u16(), other.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 400]);
    let keys = app.get("/.well-known/jwks.json").await.json();
    let by_rsa = keys["keys"].as_array().expect("a list").iter().filter(|key| key["alg"] == "RS256").count();
    assert_eq!(by_rsa, 1);
}
