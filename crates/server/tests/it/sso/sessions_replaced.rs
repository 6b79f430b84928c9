//! What hangs on the session of a browser when its user signs in again, when it was not used for too long, and when the answer to
//! a sign-in was lost: it ends with the session or moves on with it, and is never left behind.

use std::time::Duration;

use jeton_authority::store::LogoutStore;
use serde_json::Value;

use super::browser::{Browser, form, redirected};
use super::client::{CALLBACK, VERIFIER, authorize};
use super::listener::reaching_here;
use super::logout_delivery::add_listening;
use crate::app::{PASSWORD, TestApp};

const SESSION: &str = "__Host-jeton-session";
/// A browser that was not used for two minutes has to sign in again, long before its tokens end.
const IDLE: Duration = Duration::from_secs(120);

async fn app() -> TestApp {
    let app = TestApp::with(
        |mut settings| {
            settings.session.idle_lifetime = IDLE;
            settings
        },
        reaching_here,
    )
    .await;
    for client in ["web", "other"] {
        add_listening(&app, client, &format!("http://127.0.0.1:9/{client}")).await;
    }
    app.add_user("bob").await;
    app
}

/// Signs in at the page, whoever is signed in, and answers the code that comes of it.
async fn code(browser: &Browser<'_>, client: &str, user: &str) -> String {
    let page = browser.get(&authorize(&[("client_id", client), ("prompt", "login")])).await;
    let fields = [("username", user), ("password", PASSWORD), ("action", "sign_in")];
    let back = redirected(&browser.submit(&form(&page), &fields).await);
    back.get("code").expect("a code").to_owned()
}

/// Signs in again as ada. The answer is lost, so that the browser keeps the cookie of before.
async fn lose_a_sign_in(browser: &Browser<'_>, client: &str) {
    let known = browser.cookie(SESSION).expect("a session");
    let page = browser.get(&authorize(&[("client_id", client), ("prompt", "login")])).await;
    let fields = [("username", "ada"), ("password", PASSWORD), ("action", "sign_in")];
    let lost = browser.press(&form(&page), &fields).await;
    assert!(lost.header("set-cookie").is_some_and(|cookie| cookie.starts_with(SESSION)));
    browser.set_cookie(SESSION, &known);
}

async fn redeem(app: &TestApp, client: &str, code: &str) -> Value {
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    app.post_as(client, "/token", &fields).await.json()
}

async fn tokens(app: &TestApp, browser: &Browser<'_>, client: &str, user: &str) -> Value {
    let code = code(browser, client, user).await;
    redeem(app, client, &code).await
}

async fn holds(app: &TestApp, tokens: &Value) -> bool {
    let token = tokens["access_token"].as_str().unwrap_or_else(|| panic!("no tokens: {tokens}"));
    app.userinfo(token).await.status == 200
}

async fn sign_out(browser: &Browser<'_>) {
    let page = browser.get("/end_session").await;
    let done = browser.submit_and_follow(&form(&page), &[("action", "sign_out")]).await;
    assert!(done.text().contains("You are signed out"), "{}", done.text());
}

async fn to_be_told(app: &TestApp) -> Vec<String> {
    let store: &dyn LogoutStore = &*app.store;
    let due = store.due_logouts(app.service.clock().now(), 9, 99).await.expect("a store");
    let mut told: Vec<_> = due.into_iter().map(|delivery| delivery.client.to_string()).collect();
    told.sort();
    told
}

#[tokio::test]
async fn a_code_survives_a_second_sign_in_of_the_same_user_and_ends_with_the_new_session() {
    let app = app().await;
    let browser = Browser::new(&app);
    let first = code(&browser, "web", "ada").await;
    let _second = code(&browser, "other", "ada").await;
    let other = tokens(&app, &browser, "other", "ada").await;
    // Two sign-ins later the first application comes with its code.
    let web = redeem(&app, "web", &first).await;
    assert!(holds(&app, &web).await && holds(&app, &other).await);
    sign_out(&browser).await;
    assert!(!holds(&app, &web).await && !holds(&app, &other).await);
    assert_eq!(to_be_told(&app).await, ["other", "web"]);
}

#[tokio::test]
async fn a_code_of_one_user_ends_when_another_signs_in_or_the_session_is_signed_out() {
    let app = app().await;
    let browser = Browser::new(&app);
    let adas = code(&browser, "web", "ada").await;
    code(&browser, "other", "bob").await;
    assert_eq!(redeem(&app, "web", &adas).await["error"], "invalid_grant");
    let bobs = code(&browser, "web", "bob").await;
    sign_out(&browser).await;
    assert_eq!(redeem(&app, "web", &bobs).await["error"], "invalid_grant");
}

#[tokio::test]
async fn applications_of_a_session_that_was_idle_end_with_the_one_that_follows() {
    let app = app().await;
    let browser = Browser::new(&app);
    let web = tokens(&app, &browser, "web", "ada").await;
    app.hand.step(130);
    let other = tokens(&app, &browser, "other", "ada").await;
    assert!(holds(&app, &web).await, "it moved on");
    sign_out(&browser).await;
    assert!(!holds(&app, &web).await && !holds(&app, &other).await);
    assert_eq!(to_be_told(&app).await, ["other", "web"]);
}

#[tokio::test]
async fn signing_out_at_a_browser_whose_session_was_idle_ends_its_applications() {
    for with_hint in [false, true] {
        let app = app().await;
        let browser = Browser::new(&app);
        let web = tokens(&app, &browser, "web", "ada").await;
        app.hand.step(130);
        let page = if with_hint {
            let hint = web["id_token"].as_str().expect("an ID token");
            browser.get(&format!("/end_session?id_token_hint={hint}")).await
        } else {
            let page = browser.get("/end_session").await;
            assert!(page.text().contains("Sign out?") && !page.text().contains(">ada<"), "{}", page.text());
            assert!(!page.text().contains("every device"), "that takes a sign-in: {}", page.text());
            browser.submit_and_follow(&form(&page), &[("action", "sign_out")]).await
        };
        assert!(page.text().contains("You are signed out"), "{}", page.text());
        assert!(!holds(&app, &web).await);
        assert_eq!(to_be_told(&app).await, ["web"]);
    }
}

#[tokio::test]
async fn another_user_in_place_of_an_idle_session_ends_its_applications() {
    let app = app().await;
    let browser = Browser::new(&app);
    let web = tokens(&app, &browser, "web", "ada").await;
    app.hand.step(130);
    let bobs = tokens(&app, &browser, "other", "bob").await;
    assert!(!holds(&app, &web).await && holds(&app, &bobs).await);
    assert_eq!(to_be_told(&app).await, ["web"]);
}

#[tokio::test]
async fn applications_end_though_the_answer_to_a_second_sign_in_was_lost() {
    let app = app().await;
    let browser = Browser::new(&app);
    let web = tokens(&app, &browser, "web", "ada").await;
    let known = browser.cookie(SESSION).expect("a session");
    // The answers to two sign-ins never arrive: the browser comes again with the cookie that it knows.
    for _ in 0..2 {
        lose_a_sign_in(&browser, "web").await;
    }
    assert_eq!(browser.cookie(SESSION), Some(known));
    let other = tokens(&app, &browser, "other", "ada").await;
    sign_out(&browser).await;
    assert!(!holds(&app, &web).await && !holds(&app, &other).await);
    assert_eq!(to_be_told(&app).await, ["other", "web"]);
}

#[tokio::test]
async fn signing_out_with_the_cookie_from_before_a_lost_answer_ends_what_hangs_on_the_session() {
    let app = app().await;
    let browser = Browser::new(&app);
    let web = tokens(&app, &browser, "web", "ada").await;
    lose_a_sign_in(&browser, "other").await;
    sign_out(&browser).await;
    assert!(!holds(&app, &web).await);
    assert_eq!(to_be_told(&app).await, ["web"]);
}

#[tokio::test]
async fn an_old_cookie_reaches_no_session_that_its_browser_has_used() {
    let app = app().await;
    let browser = Browser::new(&app);
    tokens(&app, &browser, "web", "ada").await;
    let old = browser.cookie(SESSION).expect("a session");
    let web = tokens(&app, &browser, "web", "ada").await;
    browser.get(&authorize(&[("prompt", "none")])).await;
    let thief = Browser::new(&app);
    thief.set_cookie(SESSION, &old);
    let page = thief.get("/end_session").await;
    assert!(page.text().contains("You are not signed in"), "{}", page.text());
    tokens(&app, &thief, "other", "bob").await;
    assert!(holds(&app, &web).await);
}

#[tokio::test]
async fn a_hint_from_a_session_that_the_browser_lost_ends_that_session_too() {
    let app = app().await;
    let browser = Browser::new(&app);
    let (web, other) =
        (tokens(&app, &browser, "web", "ada").await, tokens(&app, &browser, "other", "ada").await);
    // The browser was closed, and its cookies are gone; the applications still know their user.
    let restarted = Browser::new(&app);
    let fresh = tokens(&app, &restarted, "other", "ada").await;
    let hint = web["id_token"].as_str().expect("an ID token");
    let done = restarted.get(&format!("/end_session?id_token_hint={hint}")).await;
    assert!(done.text().contains("You are signed out"), "{}", done.text());
    for tokens in [&web, &other, &fresh] {
        assert!(!holds(&app, tokens).await);
    }
    assert_eq!(to_be_told(&app).await, ["other", "other", "web"]);
}
