//! Signing a device in from a browser elsewhere (RFC 8628).

use http::StatusCode;
use jeton_authority::DEVICE_PAGE;
use jeton_authority::client::ClientPolicy;
use serde_json::{Value, json};

use super::browser::{Browser, form};
use crate::app::{Answer, PASSWORD, TestApp};

const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

async fn app() -> TestApp {
    let app = TestApp::new().await;
    for (id, name) in [("tv", "The television"), ("other", "Another one")] {
        let metadata = json!({
            "client_name": name,
            "token_endpoint_auth_method": "none",
            "grant_types": [GRANT, "refresh_token"],
            "scope": "openid profile offline_access",
        });
        app.add_client(id, metadata).await;
    }
    app
}

async fn begin(app: &TestApp) -> Value {
    let answer = app.post_form("/device_authorization", &[("client_id", "tv"), ("scope", "openid")]).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    answer.json()
}

async fn poll_as(app: &TestApp, client: &str, device: &Value) -> Answer {
    let code = device["device_code"].as_str().expect("a code");
    let fields = [("grant_type", GRANT), ("client_id", client), ("device_code", code)];
    app.post_form("/token", &fields).await
}

async fn poll(app: &TestApp, device: &Value) -> Answer {
    poll_as(app, "tv", device).await
}

#[track_caller]
fn error(answer: &Answer) -> String {
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.text());
    answer.json()["error"].as_str().expect("an error").to_owned()
}

/// Types a code into the page.
async fn type_code(browser: &Browser<'_>, code: &str) -> Answer {
    let page = browser.get(DEVICE_PAGE).await;
    browser.submit(&form(&page), &[("user_code", code)]).await
}

/// From the code to the question whether the device may have what it asks for.
async fn question(browser: &Browser<'_>, device: &Value) -> Answer {
    let page = type_code(browser, device["user_code"].as_str().expect("a code")).await;
    assert!(page.text().contains("The television"), "{}", page.text());
    browser.submit(&form(&page), &[("username", "ada"), ("password", PASSWORD), ("action", "sign_in")]).await
}

async fn allow(app: &TestApp, device: &Value) {
    let browser = Browser::new(app);
    let page = question(&browser, device).await;
    let done = browser.submit(&form(&page), &[("action", "allow")]).await;
    assert!(done.text().contains("You are signed in at the device"), "{}", done.text());
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
    for shown in [user_code, "ada", "The television", "Know that it is you"] {
        assert!(page.text().contains(shown), "{shown}: {}", page.text());
    }
    browser.submit(&form(&page), &[("action", "allow")]).await;

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
    browser.submit(&form(&page), &[("action", "allow")]).await;
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
        assert!(page.text().contains("to continue to <strong>The television"), "{typed}: {}", page.text());
    }
}

#[tokio::test]
async fn a_link_with_the_code_is_confirmed_before_anything_else() {
    let app = app().await;
    let device = begin(&app).await;
    let browser = Browser::new(&app);
    let page = browser.get(device["verification_uri_complete"].as_str().expect("a link")).await;
    assert!(page.text().contains("only if your device shows this very code"), "{}", page.text());
    assert!(page.text().contains(device["user_code"].as_str().expect("a code")));
    assert!(!page.text().contains("The television"), "a link alone finds no device");
}

#[tokio::test]
async fn a_user_who_says_no_is_believed_once_and_for_all() {
    let app = app().await;
    let device = begin(&app).await;
    let browser = Browser::new(&app);
    let page = question(&browser, &device).await;
    let done = browser.submit(&form(&page), &[("action", "deny")]).await;
    assert!(done.text().contains("You said no"), "{}", done.text());
    assert_eq!(error(&poll(&app, &device).await), "access_denied");
    let again = browser.submit(&form(&page), &[("action", "allow")]).await;
    assert_eq!(again.status, StatusCode::BAD_REQUEST);
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
    assert!(page.text().contains("No device waits with this code"), "{}", page.text());
}

#[tokio::test]
async fn a_device_code_gives_tokens_once_and_a_replay_ends_them() {
    let app = app().await;
    let device = begin(&app).await;
    allow(&app, &device).await;
    let tokens = poll(&app, &device).await.json();
    let access = tokens["access_token"].as_str().expect("a token");
    assert_eq!(app.userinfo(access).await.status, 200);
    assert_eq!(error(&poll(&app, &device).await), "invalid_grant");
    assert_eq!(app.userinfo(access).await.status, 401);
}

#[tokio::test]
async fn a_device_code_is_for_the_client_that_it_was_given_to() {
    let app = app().await;
    let device = begin(&app).await;
    allow(&app, &device).await;
    assert_eq!(error(&poll_as(&app, "other", &device).await), "invalid_grant");
    let tokens = poll(&app, &device).await;
    assert_eq!(tokens.status, 200, "the other one used nothing up");
    assert_eq!(error(&poll_as(&app, "other", &device).await), "invalid_grant");
    let tokens = tokens.json();
    let token = tokens["refresh_token"].as_str().expect("a token");
    let refreshed = [("grant_type", "refresh_token"), ("client_id", "tv"), ("refresh_token", token)];
    assert_eq!(app.post_form("/token", &refreshed).await.status, 200, "nor ended what the code gave");
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
    let code = device["user_code"].as_str().expect("a code");
    let browser = Browser::new(&app);
    question(&browser, &device).await;
    for (path, fields) in [
        (DEVICE_PAGE.to_owned(), vec![("user_code", code)]),
        (
            format!("{DEVICE_PAGE}/sign-in?user_code={code}"),
            vec![("username", "ada"), ("password", PASSWORD)],
        ),
        (format!("{DEVICE_PAGE}/decide?user_code={code}"), vec![("action", "allow")]),
        (format!("{DEVICE_PAGE}/decide?user_code={code}"), vec![("action", "allow"), ("form_token", "AAAA")]),
    ] {
        let answer = browser.post(&path, &fields).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path}: {}", answer.text());
    }
    assert_eq!(error(&poll(&app, &device).await), "authorization_pending");
}

#[tokio::test]
async fn a_form_for_one_device_decides_about_no_other() {
    let app = app().await;
    let (mine, theirs) = (begin(&app).await, begin(&app).await);
    let browser = Browser::new(&app);
    let mut form = form(&question(&browser, &mine).await);
    let code = |device: &Value| device["user_code"].as_str().expect("a code").to_owned();
    form.action = form.action.replace(&code(&mine), &code(&theirs));
    assert_eq!(browser.submit(&form, &[("action", "allow")]).await.status, StatusCode::FORBIDDEN);
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
    app.store.disable_user(ada.id, app.service.clock().now()).await.expect("a store");
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
    assert!(page.text().contains("<code>https://films.example/api</code>"), "{}", page.text());
}
