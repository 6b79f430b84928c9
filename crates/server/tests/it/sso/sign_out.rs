//! Signing out of one client, at one browser, and everywhere; and what hears of it.

use std::time::Duration;

use jeton_authority::audit::Actor;
use jeton_authority::store::LogoutStore;
use serde_json::Value;

use super::browser::{Browser, form, redirected};
use super::client::{CALLBACK, VERIFIER, authorize};
use super::logout_delivery::{add_listening, app, tokens};
use crate::app::TestApp;

/// Two clients that want to hear of sign-outs.
async fn two_clients() -> TestApp {
    let app = app().await;
    add_listening(&app, "web", "http://127.0.0.1:9/web").await;
    add_listening(&app, "other", "http://127.0.0.1:9/other").await;
    app
}

/// What the client `other` gets from the same browser.
async fn of_other(app: &TestApp, browser: &Browser<'_>, scope: &str) -> Value {
    let back = redirected(&browser.get(&authorize(&[("client_id", "other"), ("scope", scope)])).await);
    let code = back.get("code").expect("a code");
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    app.post_as("other", "/token", &fields).await.json()
}

fn text<'a>(tokens: &'a Value, name: &str) -> &'a str {
    tokens[name].as_str().unwrap_or_else(|| panic!("no {name}: {tokens}"))
}

async fn holds(app: &TestApp, tokens: &Value) -> bool {
    app.userinfo(text(tokens, "access_token")).await.status == 200
}

/// What the client `web` gets when somebody signs in, or is signed in, at a browser.
async fn of_web(app: &TestApp, browser: &Browser<'_>, scope: &str) -> Value {
    let back = redirected(&browser.sign_in(&authorize(&[("scope", scope)])).await);
    app.redeem(back.get("code").expect("a code")).await.json()
}

/// Whether a client can still refresh.
async fn is_alive(app: &TestApp, client: &str, tokens: &Value) -> bool {
    let fields = [("grant_type", "refresh_token"), ("refresh_token", text(tokens, "refresh_token"))];
    app.post_as(client, "/token", &fields).await.status == 200
}

/// Which clients are to be told of sign-outs.
async fn to_be_told(app: &TestApp) -> Vec<String> {
    let now = app.service.clock().now().saturating_add(Duration::from_secs(1));
    let store: &dyn LogoutStore = &*app.store;
    let mut told: Vec<_> = store
        .due_logouts(now, 9, 99)
        .await
        .expect("a store")
        .into_iter()
        .map(|delivery| delivery.client.to_string())
        .collect();
    told.sort();
    told
}

async fn is_signed_in(browser: &Browser<'_>) -> bool {
    redirected(&browser.get(&authorize(&[("prompt", "none")])).await).get("code").is_some()
}

#[tokio::test]
async fn a_client_that_gives_back_its_token_signs_out_of_itself_alone() {
    let app = two_clients().await;
    let browser = Browser::new(&app);
    let (web, other) = (tokens(&app, &browser).await, of_other(&app, &browser, "openid").await);
    let answer = app.post_as("web", "/revoke", &[("token", text(&web, "refresh_token"))]).await;
    assert_eq!(answer.status, 200);
    assert_eq!((holds(&app, &web).await, holds(&app, &other).await), (false, true));
    assert!(is_signed_in(&browser).await);
    assert_eq!(to_be_told(&app).await, [""; 0], "it knows already, and nobody else is concerned");
}

#[tokio::test]
async fn a_client_hears_of_the_one_session_that_the_operator_ends() {
    let app = two_clients().await;
    let browser = Browser::new(&app);
    let (web, other) = (tokens(&app, &browser).await, of_other(&app, &browser, "openid").await);
    let told = app.post_as("web", "/introspect", &[("token", text(&web, "access_token"))]).await.json();
    let grant = text(&told, "sid").parse().expect("an identifier");
    app.store.end_grant(grant, Actor::Operator, app.service.clock().now()).await.expect("a store");
    assert_eq!((holds(&app, &web).await, holds(&app, &other).await), (false, true));
    assert!(is_signed_in(&browser).await);
    assert_eq!(to_be_told(&app).await, ["web"]);
}

#[tokio::test]
async fn signing_out_at_this_browser_leaves_other_browsers_and_what_was_to_outlive_it() {
    let app = two_clients().await;
    let (here, there) = (Browser::new(&app), Browser::new(&app));
    let web = tokens(&app, &here).await;
    let offline = of_other(&app, &here, "openid offline_access").await;
    let elsewhere = tokens(&app, &there).await;
    let done = here.get(&format!("/end_session?id_token_hint={}", text(&web, "id_token"))).await;
    assert!(done.text().contains("You are signed out"), "{}", done.text());
    assert!(!holds(&app, &web).await);
    assert!(holds(&app, &offline).await && holds(&app, &elsewhere).await);
    assert!(!is_signed_in(&here).await && is_signed_in(&there).await);
    assert_eq!(to_be_told(&app).await, ["other", "web"], "people were signed in at both");
}

#[tokio::test]
async fn signing_out_everywhere_ends_every_browser_and_every_grant() {
    let app = two_clients().await;
    let (here, there) = (Browser::new(&app), Browser::new(&app));
    let all = [
        tokens(&app, &here).await,
        of_other(&app, &here, "openid offline_access").await,
        tokens(&app, &there).await,
    ];
    let page = here.get("/end_session").await;
    let done = here.submit_and_follow(&form(&page), &[("action", "sign_out_everywhere")]).await;
    assert!(done.text().contains("You are signed out"), "{}", done.text());
    for tokens in &all {
        assert!(!holds(&app, tokens).await);
    }
    assert!(!is_signed_in(&here).await && !is_signed_in(&there).await);
    assert_eq!(to_be_told(&app).await, ["other", "web", "web"]);
}

#[tokio::test]
async fn staying_signed_in_ends_nothing() {
    let app = two_clients().await;
    let browser = Browser::new(&app);
    let web = tokens(&app, &browser).await;
    let page = browser.get("/end_session").await;
    let stayed = browser.submit_and_follow(&form(&page), &[("action", "stay")]).await;
    assert!(stayed.text().contains("You are still signed in"), "{}", stayed.text());
    assert!(holds(&app, &web).await && is_signed_in(&browser).await);
    assert_eq!(to_be_told(&app).await, [""; 0]);
}

#[tokio::test]
async fn a_hint_without_a_session_asks_first_and_then_ends_its_own_grant_alone() {
    for (scope, later) in [("openid", 0), ("openid offline_access", 0), ("openid offline_access", 3600)] {
        let app = two_clients().await;
        let browser = Browser::new(&app);
        let (web, other) = (of_web(&app, &browser, scope).await, of_other(&app, &browser, "openid").await);
        app.hand.step(later);
        // The client's own session outlived the browser's cookie.
        let elsewhere = Browser::new(&app);
        let hint = text(&web, "id_token");
        // Another client cannot use it.
        elsewhere.get(&format!("/end_session?client_id=other&id_token_hint={hint}")).await;
        let page = elsewhere.get(&format!("/end_session?id_token_hint={hint}")).await;
        assert!(page.text().contains("Sign out?") && !page.text().contains(">ada<"), "{}", page.text());
        assert!(!page.text().contains("every device"), "{}", page.text());
        assert!(is_alive(&app, "web", &web).await, "nothing ends before somebody says so");
        let stayed = elsewhere.submit_and_follow(&form(&page), &[("action", "stay")]).await;
        assert!(!stayed.text().contains("You are signed out"), "{}", stayed.text());
        assert!(is_alive(&app, "web", &web).await);
        let done = elsewhere.submit_and_follow(&form(&page), &[("action", "sign_out")]).await;
        assert!(done.text().contains("You are signed out"), "{}", done.text());
        let alive = (is_alive(&app, "web", &web).await, is_alive(&app, "other", &other).await);
        assert_eq!(alive, (false, true), "{scope}");
        assert!(is_signed_in(&browser).await, "the browser that holds the session keeps it");
        // Once it has ended there is nothing left to ask about.
        let again = elsewhere.get(&format!("/end_session?id_token_hint={hint}")).await;
        assert!(again.text().contains("You are not signed in"), "{}", again.text());
    }
}
