//! Signing a device in from a browser elsewhere (RFC 8628).

use std::sync::Arc;

use http::{Request, StatusCode};
use jeton_authority::audit::Actor;
use jeton_authority::client::ClientPolicy;
use jeton_jose::dpop::{Prover, Request as Proved};
use jeton_jose::{Algorithm, PrivateKey};
use serde_json::{Value, json};

use super::browser::{Browser, form};
use super::client::with_form;
use crate::app::{Answer, PASSWORD, TestApp};

const DEVICE_PAGE: &str = "/device";

const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

pub(super) async fn app() -> TestApp {
    let app = TestApp::new().await;
    add_clients(&app).await;
    app
}

pub(super) async fn add_clients(app: &TestApp) {
    for (id, name) in [("tv", "The television"), ("other", "Another one")] {
        let metadata = json!({
            "client_name": name,
            "token_endpoint_auth_method": "none",
            "grant_types": [GRANT, "refresh_token"],
            "scope": "openid profile offline_access",
        });
        app.add_client(id, metadata).await;
    }
}

pub(super) async fn begin(app: &TestApp) -> Value {
    let answer = app.post_form("/device_authorization", &[("client_id", "tv"), ("scope", "openid")]).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    answer.json()
}

async fn poll_as(app: &TestApp, client: &str, device: &Value) -> Answer {
    app.post_form("/token", &question_fields(client, text(device, "device_code"))).await
}

fn question_fields<'a>(client: &'a str, code: &'a str) -> [(&'static str, &'a str); 3] {
    [("grant_type", GRANT), ("client_id", client), ("device_code", code)]
}

pub(super) async fn poll(app: &TestApp, device: &Value) -> Answer {
    poll_as(app, "tv", device).await
}

async fn refresh(app: &TestApp, tokens: &Value) -> Answer {
    let token = text(tokens, "refresh_token");
    let fields = [("grant_type", "refresh_token"), ("client_id", "tv"), ("refresh_token", token)];
    app.post_form("/token", &fields).await
}

fn text<'a>(tokens: &'a Value, name: &str) -> &'a str {
    tokens[name].as_str().unwrap_or_else(|| panic!("no {name}: {tokens}"))
}

#[track_caller]
fn error(answer: &Answer) -> String {
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.text());
    answer.json()["error"].as_str().expect("an error").to_owned()
}

/// Types a code into the page.
async fn type_code(browser: &Browser<'_>, code: &str) -> Answer {
    let page = browser.get(DEVICE_PAGE).await;
    browser.submit_and_follow(&form(&page), &[("user_code", code)]).await
}

/// From the code to the question whether the device may have what it asks for.
pub(super) async fn question(browser: &Browser<'_>, device: &Value) -> Answer {
    let page = type_code(browser, device["user_code"].as_str().expect("a code")).await;
    assert!(page.text().contains("The television"), "{}", page.text());
    sign_in(browser, &page, "ada").await
}

async fn sign_in(browser: &Browser<'_>, page: &Answer, username: &str) -> Answer {
    let fields = [("username", username), ("password", PASSWORD), ("action", "sign_in")];
    browser.submit_and_follow(&form(page), &fields).await
}

/// Answers the question.
async fn answer(browser: &Browser<'_>, question: &Answer, action: &str) -> Answer {
    browser.submit_and_follow(&form(question), &[("action", action)]).await
}

fn code(device: &Value) -> &str {
    device["user_code"].as_str().expect("a code")
}

pub(super) async fn allow(app: &TestApp, device: &Value) {
    let browser = Browser::new(app);
    let page = question(&browser, device).await;
    let done = answer(&browser, &page, "allow").await;
    assert!(done.text().contains("You are signed in on your device"), "{}", done.text());
}

#[tokio::test]
async fn a_device_waits_until_its_user_allows_it_and_gets_tokens() {
    let app = app().await;
    let device = begin(&app).await;
    assert_eq!(device["verification_uri"], "https://auth.example/device");
    assert_eq!((&device["interval"], &device["expires_in"]), (&json!(5), &json!(600)));
    let user_code = device["user_code"].as_str().expect("a code");
    assert_eq!(
        device["verification_uri_complete"],
        format!("https://auth.example/device?user_code={user_code}")
    );
    assert_eq!(error(&poll(&app, &device).await), "authorization_pending");

    let browser = Browser::new(&app);
    let page = question(&browser, &device).await;
    for shown in [user_code, "ada", "The television", "Know who you are"] {
        assert!(page.text().contains(shown), "{shown}: {}", page.text());
    }
    answer(&browser, &page, "allow").await;

    let answer = poll(&app, &device).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let tokens = answer.json();
    assert_eq!(tokens["scope"], "openid");
    assert!(tokens["id_token"].is_string() && tokens["refresh_token"].is_string());
    let info = app.userinfo(tokens["access_token"].as_str().expect("a token")).await;
    assert_eq!(info.status, StatusCode::OK);
}

#[tokio::test]
async fn signing_out_at_the_browser_leaves_the_device_signed_in() {
    let app = app().await;
    let device = begin(&app).await;
    let browser = Browser::new(&app);
    let page = question(&browser, &device).await;
    answer(&browser, &page, "allow").await;
    let tokens = poll(&app, &device).await.json();
    let page = browser.get("/end_session").await;
    browser.submit(&form(&page), &[("action", "sign_out")]).await;
    assert_eq!(app.userinfo(tokens["access_token"].as_str().expect("a token")).await.status, 200);
}

#[tokio::test]
async fn a_code_is_read_in_any_case_and_with_any_spacing() {
    let app = app().await;
    for change in [
        |code: &str| code.to_lowercase(),
        |code: &str| code.replace('-', ""),
        |code: &str| format!("  {} ", code.replace('-', " ")),
    ] {
        let device = begin(&app).await;
        let typed = change(device["user_code"].as_str().expect("a code"));
        let page = type_code(&Browser::new(&app), &typed).await;
        assert!(
            page.text().contains("to continue to <strong><bdi>The television"),
            "{typed}: {}",
            page.text()
        );
    }
}

#[tokio::test]
async fn a_link_with_the_code_is_confirmed_before_anything_else() {
    let app = app().await;
    let device = begin(&app).await;
    let browser = Browser::new(&app);
    let page = browser.get(device["verification_uri_complete"].as_str().expect("a link")).await;
    assert!(page.text().contains("only if your device shows exactly this code"), "{}", page.text());
    assert!(page.text().contains(device["user_code"].as_str().expect("a code")));
    assert!(!page.text().contains("The television"), "a link alone finds no device");
}

#[tokio::test]
async fn a_user_who_says_no_is_believed_once_and_for_all() {
    let app = app().await;
    let device = begin(&app).await;
    let browser = Browser::new(&app);
    let page = question(&browser, &device).await;
    let done = answer(&browser, &page, "deny").await;
    assert!(done.text().contains("You denied"), "{}", done.text());
    assert_eq!(error(&poll(&app, &device).await), "access_denied");
    let again = answer(&browser, &page, "allow").await;
    assert!(again.text().contains("You denied"), "{}", again.text());
    assert_eq!(error(&poll(&app, &device).await), "access_denied");
}

#[tokio::test]
async fn a_device_that_asks_too_often_is_told_to_slow_down() {
    let app = app().await;
    let device = begin(&app).await;
    assert_eq!(error(&poll(&app, &device).await), "authorization_pending");
    app.hand.step(4);
    assert_eq!(error(&poll(&app, &device).await), "slow_down");
    app.hand.step(6);
    assert_eq!(error(&poll(&app, &device).await), "slow_down", "five seconds longer than before");
    app.hand.step(16);
    assert_eq!(error(&poll(&app, &device).await), "authorization_pending");
}

#[tokio::test]
async fn a_device_that_waits_too_long_is_told_so() {
    let app = app().await;
    let device = begin(&app).await;
    app.hand.step(600);
    assert_eq!(error(&poll(&app, &device).await), "expired_token");
    let page = type_code(&Browser::new(&app), device["user_code"].as_str().expect("a code")).await;
    assert!(page.text().contains("No device is waiting for this code"), "{}", page.text());
}

#[tokio::test]
async fn a_device_that_asks_again_after_its_approval_gets_the_same_grants_tokens_within_the_grace() {
    let app = app().await;
    let device = begin(&app).await;
    allow(&app, &device).await;
    let first = poll(&app, &device).await.json();
    app.hand.step(29);
    let again = poll(&app, &device).await;
    assert_eq!(again.status, StatusCode::OK, "{}", again.text());
    let again = again.json();
    assert_eq!(again["refresh_token"], first["refresh_token"], "it is minted from the grant's row");
    assert_eq!(again["scope"], first["scope"]);
    assert!(again["id_token"].is_string());
    for tokens in [&first, &again] {
        assert_eq!(app.userinfo(text(tokens, "access_token")).await.status, 200);
    }
    assert_eq!(refresh(&app, &again).await.status, 200);
}

#[tokio::test]
async fn two_questions_of_a_device_at_once_both_get_tokens() {
    let app = Arc::new(app().await);
    let device = begin(&app).await;
    allow(&app, &device).await;
    let mut questions = tokio::task::JoinSet::new();
    for _ in 0..16 {
        let (app, device) = (Arc::clone(&app), device.clone());
        questions.spawn(async move { poll(&app, &device).await });
    }
    let answers = questions.join_all().await;
    for answer in &answers {
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        assert_eq!(answer.json()["refresh_token"], answers[0].json()["refresh_token"]);
    }
}

#[tokio::test]
async fn a_device_code_that_comes_after_the_grace_ends_the_tokens_that_it_gave() {
    let app = app().await;
    let device = begin(&app).await;
    allow(&app, &device).await;
    let tokens = poll(&app, &device).await.json();
    let access = text(&tokens, "access_token");
    app.hand.step(30);
    assert_eq!(app.userinfo(access).await.status, 200);
    assert_eq!(error(&poll(&app, &device).await), "invalid_grant");
    assert_eq!(app.userinfo(access).await.status, 401);
    assert_eq!(error(&refresh(&app, &tokens).await), "invalid_grant");
}

#[tokio::test]
async fn a_device_that_has_refreshed_meanwhile_gets_the_current_token_as_with_its_first_refresh_token() {
    let app = app().await;
    let device = begin(&app).await;
    allow(&app, &device).await;
    let first = poll(&app, &device).await.json();
    app.hand.step(10);
    let second = refresh(&app, &first).await.json();
    assert_ne!(second["refresh_token"], first["refresh_token"]);
    app.hand.step(10);
    let late = poll(&app, &device).await;
    assert_eq!(late.status, StatusCode::OK, "{}", late.text());
    assert_eq!(late.json()["refresh_token"], second["refresh_token"]);
}

#[tokio::test]
async fn a_device_that_is_bound_to_a_key_gets_its_tokens_again_with_that_key_alone() {
    let app = app().await;
    let device = begin(&app).await;
    allow(&app, &device).await;
    let [own, thief] = [(); 2].map(|()| {
        let key = PrivateKey::generate(Algorithm::ES256).expect("a key");
        Prover::new(&key).expect("a prover")
    });
    let poll_with = async |prover: &Prover| {
        let proved = Proved::new("POST", "https://auth.example/token");
        let proof = prover.prove(&proved, app.service.clock().now()).expect("a proof");
        let request = Request::post("/token").header("DPoP", proof);
        app.send(with_form(request, &question_fields("tv", text(&device, "device_code")))).await
    };
    let first = poll_with(&own).await.json();
    let again = poll_with(&own).await;
    assert_eq!(again.status, StatusCode::OK, "{}", again.text());
    assert_eq!(again.json()["refresh_token"], first["refresh_token"]);
    assert_eq!(error(&poll_with(&thief).await), "invalid_grant");
    assert_eq!(error(&poll_with(&own).await), "invalid_grant", "the thief's question ended it");
}

#[tokio::test]
async fn a_device_whose_tokens_were_given_back_gets_none_again() {
    let app = app().await;
    let device = begin(&app).await;
    allow(&app, &device).await;
    let tokens = poll(&app, &device).await.json();
    app.post_form("/revoke", &[("client_id", "tv"), ("token", text(&tokens, "refresh_token"))]).await;
    assert_eq!(error(&poll(&app, &device).await), "invalid_grant");
}

#[tokio::test]
async fn a_device_code_is_for_the_client_that_it_was_given_to() {
    let app = app().await;
    let device = begin(&app).await;
    assert_eq!(error(&poll_as(&app, "other", &device).await), "invalid_grant");
    assert_eq!(error(&poll(&app, &device).await), "authorization_pending", "nor is the device slowed down");
    allow(&app, &device).await;
    assert_eq!(error(&poll_as(&app, "other", &device).await), "invalid_grant");
    let tokens = poll(&app, &device).await;
    assert_eq!(tokens.status, 200, "the other one used nothing up");
    assert_eq!(error(&poll_as(&app, "other", &device).await), "invalid_grant");
    assert_eq!(error(&refresh(&app, &tokens.json()).await), "invalid_grant", "in other hands it was stolen");
}

#[tokio::test]
async fn a_client_that_does_not_use_devices_gets_no_code() {
    let app = app().await;
    app.add_client("web", super::client::web()).await;
    let answer = app.post_as("web", "/device_authorization", &[]).await;
    assert_eq!(error(&answer), "unauthorized_client");
    let fields = [("client_id", "tv"), ("scope", "openid admin")];
    assert_eq!(error(&app.post_form("/device_authorization", &fields).await), "invalid_scope");
}

#[tokio::test]
async fn another_site_can_post_none_of_the_forms() {
    let app = app().await;
    let device = begin(&app).await;
    let code = code(&device);
    let browser = Browser::new(&app);
    let question = question(&browser, &device).await;
    let address = form(&question).action.replace("/decide", "");
    let query = address.split_once('?').expect("a query").1;
    for (path, fields) in [
        (DEVICE_PAGE.to_owned(), vec![("user_code", code)]),
        (format!("{DEVICE_PAGE}/sign-in?{query}"), vec![("username", "ada"), ("password", PASSWORD)]),
        (format!("{DEVICE_PAGE}/decide?user_code={code}"), vec![("action", "allow")]),
        (format!("{DEVICE_PAGE}/decide?{query}"), vec![("action", "allow")]),
        (format!("{DEVICE_PAGE}/decide?{query}"), vec![("action", "allow"), ("form_token", "AAAA")]),
    ] {
        let kept = || {
            let cookie = |name| browser.cookie(&format!("__Host-jeton-{name}"));
            ["session", "browser", "known", "typed-name"].map(cookie)
        };
        let before = kept();
        let answer = browser.post(&path, &fields).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{path}: {}", answer.text());
        assert_eq!(kept(), before, "{path}: no cookie changes");
    }
    assert_eq!(error(&poll(&app, &device).await), "authorization_pending");
}

#[tokio::test]
async fn a_form_for_one_device_decides_about_no_other() {
    let app = app().await;
    let (mine, theirs) = (begin(&app).await, begin(&app).await);
    let browser = Browser::new(&app);
    let mut moved = form(&question(&browser, &mine).await);
    moved.action = moved.action.replace(code(&mine), code(&theirs));
    browser.submit_and_follow(&moved, &[("action", "allow")]).await;
    assert_eq!(error(&poll(&app, &theirs).await), "authorization_pending");
    // Nor does it where the other code was typed at this browser too.
    app.hand.step(6);
    let mut crossed = form(&type_code(&browser, code(&theirs)).await);
    crossed.hidden = form(&type_code(&browser, code(&mine)).await).hidden;
    let page = browser.submit_and_follow(&crossed, &[("action", "allow")]).await;
    assert!(page.text().contains("This page is no longer valid"), "{}", page.text());
    app.hand.step(5);
    assert_eq!(error(&poll(&app, &theirs).await), "authorization_pending");
}

#[tokio::test]
async fn guessing_user_codes_is_held_up_before_it_gets_anywhere() {
    let app = app().await;
    let device = begin(&app).await;
    let browser = Browser::new(&app);
    let guess = ["BBBB-BBBB", "CCCC-CCCC"];
    for round in 0..10 {
        let page = type_code(&browser, guess[round % 2]).await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST, "{}", page.text());
    }
    let page = type_code(&browser, "DDDD-DDDD").await;
    assert_eq!(page.status, StatusCode::TOO_MANY_REQUESTS, "{}", page.text());
    assert_eq!(page.header("retry-after"), Some("60"));
    let right = device["user_code"].as_str().expect("a code");
    assert_eq!(type_code(&browser, right).await.status, StatusCode::TOO_MANY_REQUESTS);
    app.hand.step(60);
    assert_eq!(type_code(&browser, right).await.status, StatusCode::OK, "who waits gets on");
}

#[tokio::test]
async fn a_neighbours_wrong_codes_do_not_hold_up_who_is_signed_in_or_was_here_before() {
    let app = app().await;
    let device = begin(&app).await;
    let right = device["user_code"].as_str().expect("a code");
    let signed_in = Browser::new(&app);
    let page = question(&signed_in, &device).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text());
    let known = Browser::new(&app);
    known.set_cookie("__Host-jeton-known", &signed_in.cookie("__Host-jeton-known").expect("a cookie"));
    let neighbour = Browser::new(&app);
    for _ in 0..20 {
        type_code(&neighbour, "BBBB-BBBB").await;
    }
    assert_eq!(type_code(&Browser::new(&app), right).await.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(type_code(&signed_in, right).await.status, StatusCode::OK);
    assert_eq!(type_code(&known, right).await.status, StatusCode::OK);

    // Their own wrong codes count, for the account and not for each browser.
    for _ in 0..10 {
        assert_eq!(type_code(&signed_in, "BBBB-BBBB").await.status, StatusCode::BAD_REQUEST);
    }
    assert_eq!(type_code(&signed_in, right).await.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(type_code(&known, right).await.status, StatusCode::TOO_MANY_REQUESTS);
    app.hand.step(60);
    assert_eq!(type_code(&signed_in, right).await.status, StatusCode::OK, "who waits gets on");
}

#[tokio::test]
async fn what_was_typed_is_shown_again_as_text() {
    let app = app().await;
    let page = type_code(&Browser::new(&app), "\"><script>alert(1)</script>").await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST);
    assert!(!page.text().contains("<script>"), "{}", page.text());
    assert!(
        page.header("content-security-policy")
            .is_some_and(|policy| policy.contains("frame-ancestors 'none'"))
    );
}

#[tokio::test]
async fn one_network_does_not_make_devices_wait_without_end() {
    let app = app().await;
    for _ in 0..60 {
        begin(&app).await;
    }
    let answer = app.post_form("/device_authorization", &[("client_id", "tv")]).await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS, "{}", answer.text());
    assert_eq!(answer.header("retry-after"), Some("1"));
    app.hand.step(1);
    begin(&app).await;
}

#[tokio::test]
async fn a_password_changed_meanwhile_leaves_the_device_outside() {
    let app = app().await;
    let device = begin(&app).await;
    allow(&app, &device).await;
    let ada = jeton_authority::user::Username::parse("ada").expect("a name");
    let ada = app.store.find_user(&ada).await.expect("a store").expect("a user");
    app.store.disable_user(ada.id, Actor::Operator, app.service.clock().now()).await.expect("a store");
    assert_eq!(error(&poll(&app, &device).await), "access_denied");
}

#[tokio::test]
async fn the_page_shows_where_the_device_will_use_what_it_is_given() {
    let app = TestApp::new().await;
    let metadata = json!({
        "client_name": "The television", "token_endpoint_auth_method": "none", "grant_types": [GRANT], "scope": "openid",
    });
    let policy =
        ClientPolicy { resources: vec!["https://films.example/api".to_owned()], ..ClientPolicy::default() };
    app.add_client_with("tv", metadata, policy).await;
    let asked = [("client_id", "tv"), ("scope", "openid"), ("resource", "https://films.example/api")];
    let device = app.post_form("/device_authorization", &asked).await.json();
    let browser = Browser::new(&app);
    let page = question(&browser, &device).await;
    assert!(page.text().contains("<code><bdi>https://films.example/api</bdi></code>"), "{}", page.text());
}
