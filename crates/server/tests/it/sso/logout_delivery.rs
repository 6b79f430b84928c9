//! Clients are told of sign-outs, sooner or later.

use std::sync::Arc;
use std::time::Duration;

use jeton_authority::audit::Actor;
use jeton_authority::store::GrantFilter;
use jeton_authority::{Authority, Ports};
use jeton_jose::jwt::{Unverified, Verifier};
use jeton_jose::{JwkSet, KeySet};
use jeton_oauth::Parameters;
use jeton_server::{Background, Service};
use serde_json::{Value, json};

use super::browser::{Browser, redirected};
use super::client::{authorize, web};
use super::listener::{Listener, reaching_here, status};
use crate::app::{TestApp, master, open_store};

pub(crate) async fn app() -> TestApp {
    TestApp::with(|settings| settings, reaching_here).await
}

/// The client `web`, which hears of sign-outs at this URL.
pub(crate) async fn add_listening(app: &TestApp, id: &str, uri: &str) {
    let mut metadata = web();
    metadata["backchannel_logout_uri"] = json!(uri);
    app.add_client(id, metadata).await;
}

/// Signs in and gives back what the client `web` got.
pub(crate) async fn tokens(app: &TestApp, browser: &Browser<'_>) -> Value {
    let back = redirected(&browser.sign_in(&authorize(&[])).await);
    app.redeem(back.get("code").expect("a code")).await.json()
}

pub(crate) fn claims(token: &str) -> Value {
    serde_json::from_str(Unverified::parse(token).expect("a JWT").claims_json()).expect("claims")
}

/// The logout token of a request, verified as the client does.
async fn verified(app: &TestApp, request: &str) -> Value {
    let body = request.split_once("\r\n\r\n").expect("a body").1;
    let form = Parameters::parse(body.as_bytes()).expect("a form");
    let token = form.get("logout_token").expect("a logout token");
    let keys = app.get("/.well-known/jwks.json").await;
    let keys = KeySet::from_jwk_set(&JwkSet::parse(&keys.body).expect("a set")).expect("keys");
    let verifier = Verifier::logout_token("https://auth.example", "web", keys);
    verifier.verify::<Value>(token, app.service.clock().now()).expect("a logout token").into_claims()
}

/// Another server over the same database, with the clock of the first.
async fn restarted(app: &TestApp) -> Service {
    let store = open_store(&app.folder).await;
    let settings = app.service.authority().settings().clone();
    let (clock, hashing) = (app.service.clock().clone(), Arc::clone(&app.hashing));
    let builder = reaching_here(Service::builder().clock(clock.clone()));
    let ports = Ports { hashing, ..builder.ports() };
    let authority = Authority::open(store, master(), settings, ports, clock.now()).await;
    builder.build(Arc::new(authority.expect("an authority")))
}

#[tokio::test]
async fn a_client_is_told_with_a_token_that_it_can_verify() {
    let app = app().await;
    let client = Listener::start(&status("200 OK")).await;
    add_listening(&app, "web", &client.url("/logout")).await;
    let _background = Background::start(&app.service);
    let browser = Browser::new(&app);
    let tokens = tokens(&app, &browser).await;
    let hint = tokens["id_token"].as_str().expect("an ID token");
    browser.get(&format!("/end_session?id_token_hint={hint}")).await;

    let request = client.asked(1).await.remove(0);
    assert!(request.starts_with("POST /logout HTTP/1.1\r\n"), "{request}");
    let told = verified(&app, &request).await;
    assert_eq!((&told["sub"], &told["sid"]), (&claims(hint)["sub"], &claims(hint)["sid"]));
    assert_eq!(told["events"], json!({"http://schemas.openid.net/event/backchannel-logout": {}}));
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert_eq!(client.seen().len(), 1, "told once");
}

#[tokio::test]
async fn a_client_that_was_down_is_told_when_it_is_back_and_the_server_restarted_meanwhile() {
    let app = app().await;
    let client = Listener::start(&status("503 Service Unavailable")).await;
    add_listening(&app, "web", &client.url("/logout")).await;
    let background = Background::start(&app.service);
    let browser = Browser::new(&app);
    tokens(&app, &browser).await;
    let user = app.store.list_users(None, 1).await.expect("users").remove(0).id;
    app.service.authority().sign_out().everywhere(user, app.service.clock().now()).await.expect("a store");
    client.asked(1).await;
    let port = client.stop().await;
    drop(background);

    let restarted = restarted(&app).await;
    let _background = Background::start(&restarted);
    // The client is back, and the pause is over.
    let client = Listener::start_at(port, &status("200 OK")).await;
    app.hand.step(30);
    let request = client.asked(1).await.remove(0);
    assert_eq!(verified(&app, &request).await["aud"], "web");
}

#[tokio::test]
async fn two_servers_tell_a_client_once_of_each_sign_out() {
    let app = app().await;
    let client = Listener::start(&status("200 OK")).await;
    add_listening(&app, "web", &client.url("/logout")).await;
    let other = restarted(&app).await;
    let browser = Browser::new(&app);
    let mut sids = Vec::new();
    for _ in 0..4 {
        let tokens = tokens(&app, &browser).await;
        let hint = tokens["id_token"].as_str().expect("an ID token");
        sids.push(claims(hint)["sid"].clone());
        browser.get(&format!("/end_session?id_token_hint={hint}")).await;
    }
    // Both begin while all of it is due.
    let _backgrounds = [Background::start(&app.service), Background::start(&other)];
    let mut told = Vec::new();
    for request in client.asked(4).await {
        told.push(verified(&app, &request).await["sid"].clone());
    }
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert_eq!(client.seen().len(), 4, "each once");
    let sorted = |mut sids: Vec<Value>| {
        sids.sort_by_key(Value::to_string);
        sids
    };
    assert_eq!(sorted(told), sorted(sids));
}

#[tokio::test]
async fn a_client_is_told_of_a_user_whom_the_command_line_disabled() {
    let app = app().await;
    let client = Listener::start(&status("204 No Content")).await;
    add_listening(&app, "web", &client.url("/logout")).await;
    let _background = Background::start(&app.service);
    let tokens = tokens(&app, &Browser::new(&app)).await;
    let user = app.store.list_users(None, 1).await.expect("users").remove(0).id;
    // The command opens the same database from its own process.
    let command = open_store(&app.folder).await;
    command.disable_user(user, Actor::Operator, app.service.clock().now()).await.expect("disabling");
    let told = verified(&app, &client.asked(1).await[0]).await;
    assert_eq!(told["sid"], claims(tokens["id_token"].as_str().expect("an ID token"))["sid"]);
}

#[tokio::test]
async fn a_client_that_does_not_answer_keeps_no_other_waiting() {
    let app = app().await;
    let (silent, other) = (Listener::start("").await, Listener::start(&status("200 OK")).await);
    add_listening(&app, "silent", &silent.url("/logout")).await;
    add_listening(&app, "web", &other.url("/logout")).await;
    let browser = Browser::new(&app);
    browser.sign_in(&authorize(&[])).await;
    for _ in 0..8 {
        let back = redirected(&browser.get(&authorize(&[("client_id", "silent")])).await);
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", back.get("code").expect("a code")),
            ("redirect_uri", super::client::CALLBACK),
            ("code_verifier", super::client::VERIFIER),
        ];
        assert_eq!(app.post_as("silent", "/token", &fields).await.status, 200);
    }
    let back = redirected(&browser.get(&authorize(&[])).await);
    assert_eq!(app.redeem(back.get("code").expect("a code")).await.status, 200);
    let grants =
        app.store.list_grants(GrantFilter::All, None, 20, Duration::from_secs(60), app.service.clock().now());
    assert_eq!(grants.await.expect("grants").len(), 9);
    let user = app.store.list_users(None, 1).await.expect("users").remove(0).id;
    app.service.authority().sign_out().everywhere(user, app.service.clock().now()).await.expect("a store");
    let _background = Background::start(&app.service);
    let started = tokio::time::Instant::now();
    other.asked(1).await;
    assert!(started.elapsed() < Duration::from_secs(4), "{:?}", started.elapsed());
    assert!(silent.seen().len() <= 4, "a few at once, and no more");
}
