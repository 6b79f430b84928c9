//! The page of devices under impatient people: two presses, reloads, old tabs, lost cookies, and codes as they are pasted.

use http::StatusCode;
use serde_json::{Value, json};

use super::browser::{Browser, Form, form};
use super::names::assert_isolated;
use crate::app::{Answer, PASSWORD, TestApp};

const DEVICE_PAGE: &str = "/device";

const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

async fn app() -> TestApp {
    let app = TestApp::new().await;
    add_device_client(&app, "The television").await;
    app
}

async fn add_device_client(app: &TestApp, name: &str) {
    let metadata = json!({
        "client_name": name,
        "token_endpoint_auth_method": "none",
        "grant_types": [GRANT, "refresh_token"],
        "scope": "openid profile",
    });
    app.add_client("tv", metadata).await;
}

async fn begin(app: &TestApp) -> Value {
    let answer = app.post_form("/device_authorization", &[("client_id", "tv"), ("scope", "openid")]).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    answer.json()
}

fn code(device: &Value) -> &str {
    device["user_code"].as_str().expect("a code")
}

/// What the device is told.
async fn polled(app: &TestApp, device: &Value) -> String {
    let device_code = device["device_code"].as_str().expect("a code");
    let fields = [("grant_type", GRANT), ("client_id", "tv"), ("device_code", device_code)];
    let answer = app.post_form("/token", &fields).await;
    if answer.status == StatusCode::OK {
        return "tokens".to_owned();
    }
    answer.json()["error"].as_str().expect("an error").to_owned()
}

async fn type_code(browser: &Browser<'_>, typed: &str) -> Answer {
    let page = browser.get(DEVICE_PAGE).await;
    browser.submit_and_follow(&form(&page), &[("user_code", typed)]).await
}

async fn sign_in(browser: &Browser<'_>, page: &Answer, username: &str) -> Answer {
    let fields = [("username", username), ("password", PASSWORD), ("action", "sign_in")];
    browser.submit_and_follow(&form(page), &fields).await
}

async fn question(browser: &Browser<'_>, device: &Value) -> Answer {
    let page = type_code(browser, code(device)).await;
    let page =
        if page.text().contains("type=\"password\"") { sign_in(browser, &page, "ada").await } else { page };
    assert!(page.text().contains("value=\"allow\""), "{}", page.text());
    page
}

async fn press(browser: &Browser<'_>, form: &Form, action: &str) -> Answer {
    browser.submit_and_follow(form, &[("action", action)]).await
}

#[track_caller]
fn shows(page: &Answer, text: &str) {
    assert!(page.text().contains(text), "{text}: {}", page.text());
}

#[tokio::test]
async fn a_second_press_a_reload_and_the_link_show_what_was_decided_first() {
    let app = app().await;
    for (first, second, shown, told) in
        [("allow", "deny", "You allowed", "tokens"), ("deny", "allow", "You denied", "access_denied")]
    {
        let device = begin(&app).await;
        let browser = Browser::new(&app);
        let form = form(&question(&browser, &device).await);
        shows(&press(&browser, &form, first).await, shown);
        for again in [first, second] {
            shows(&press(&browser, &form, again).await, shown);
        }
        shows(&type_code(&browser, code(&device)).await, shown);
        let link = device["verification_uri_complete"].as_str().expect("a link");
        shows(&browser.get(link).await, shown);
        assert_eq!(polled(&app, &device).await, told);
        // The device has its answer, and its user still sees what was decided.
        shows(&browser.get(link).await, shown);
        app.hand.step(601);
        let page = browser.get(link).await;
        assert!(!page.text().contains(shown), "the code is not known any more: {}", page.text());
    }
}

#[tokio::test]
async fn what_one_user_decided_is_told_to_no_other() {
    let app = app().await;
    app.add_user("bob").await;
    let device = begin(&app).await;
    let ada = Browser::new(&app);
    let form_of_ada = form(&question(&ada, &device).await);
    press(&ada, &form_of_ada, "allow").await;
    let bob = Browser::new(&app);
    let other = begin(&app).await;
    let page = type_code(&bob, code(&other)).await;
    sign_in(&bob, &page, "bob").await;
    for page in [type_code(&bob, code(&device)).await, type_code(&Browser::new(&app), code(&device)).await] {
        shows(&page, "No device is waiting for this code");
        assert!(!page.text().contains("television"), "{}", page.text());
    }
    let link = device["verification_uri_complete"].as_str().expect("a link");
    let page = bob.get(link).await;
    assert!(!page.text().contains("television") && !page.text().contains("You allowed"), "{}", page.text());
}

#[tokio::test]
async fn an_old_question_is_asked_again_of_whoever_is_signed_in_now() {
    let app = app().await;
    app.add_user("bob").await;
    let device = begin(&app).await;
    let browser = Browser::new(&app);
    let asked_of_ada = form(&question(&browser, &device).await);
    // Another tab: ada signs out, bob signs in.
    let page = browser.get("/end_session").await;
    browser.submit(&form(&page), &[("action", "sign_out")]).await;
    let signed_out = press(&browser, &asked_of_ada, "allow").await;
    shows(&signed_out, "You were signed out");
    shows(&signed_out, "type=\"password\"");
    let page = sign_in(&browser, &signed_out, "bob").await;
    shows(&page, "value=\"allow\"");
    let page = press(&browser, &asked_of_ada, "allow").await;
    shows(&page, "You are now signed in as");
    shows(&page, "bob");
    assert_eq!(polled(&app, &device).await, "authorization_pending");
    shows(&press(&browser, &form(&page), "allow").await, "You allowed");
    assert_eq!(polled(&app, &device).await, "tokens");
}

#[tokio::test]
async fn a_sign_in_page_that_was_left_open_leads_on_with_the_name_kept() {
    let app = app().await;
    let device = begin(&app).await;
    let browser = Browser::new(&app);
    let old = form(&type_code(&browser, code(&device)).await);
    question(&browser, &device).await;
    // Signed in meanwhile: the question is next, not the password.
    let fields = [("username", "ada"), ("password", PASSWORD), ("action", "sign_in")];
    shows(&browser.submit_and_follow(&old, &fields).await, "value=\"allow\"");
    let page = browser.get("/end_session").await;
    browser.submit(&form(&page), &[("action", "sign_out")]).await;
    let device = begin(&app).await;
    let old = form(&type_code(&browser, code(&device)).await);
    app.hand.step(500);
    let later = begin(&app).await;
    let old_code = form(&browser.get(DEVICE_PAGE).await);
    app.hand.step(3700);
    let expired = browser.submit_and_follow(&old, &fields).await;
    shows(&expired, "No device is waiting for this code");
    drop(later);
    // A field that was open for an hour takes a code all the same.
    let device = begin(&app).await;
    let page = browser.submit_and_follow(&old_code, &[("user_code", code(&device))]).await;
    shows(&page, "type=\"password\"");
}

#[tokio::test]
async fn a_browser_that_lost_its_cookies_gets_the_page_again_and_a_way_on() {
    let app = app().await;
    let device = begin(&app).await;
    let browser = Browser::new(&app);
    let question = form(&question(&browser, &device).await);
    let fresh = Browser::new(&app);
    let page = press(&fresh, &question, "allow").await;
    shows(&page, "Your browser sent no cookie");
    shows(&page, code(&device));
    assert_eq!(polled(&app, &device).await, "authorization_pending");
    // The page has introduced itself, so the code leads on from here.
    let page = fresh.submit_and_follow(&form(&page), &[("user_code", code(&device))]).await;
    shows(&page, "type=\"password\"");
    let page = fresh
        .submit_and_follow(&form(&browser.get(DEVICE_PAGE).await), &[("user_code", code(&device))])
        .await;
    shows(&page, "This page is no longer valid");
    assert!(!page.text().contains("cookie,"), "cookies did come: {}", page.text());
}

#[tokio::test]
async fn a_link_to_the_second_page_asks_for_the_code_first() {
    let app = app().await;
    let device = begin(&app).await;
    let attacker = Browser::new(&app);
    let address = form(&question(&attacker, &device).await).action.replace("/decide", "/confirm");
    let victim = Browser::new(&app);
    victim.get(DEVICE_PAGE).await;
    let answer = victim.get(&address).await;
    let page = victim.follow(answer).await;
    shows(&page, "only if your device shows exactly this code");
    assert!(!page.text().contains("television"), "{}", page.text());
}

#[tokio::test]
async fn a_code_is_found_as_people_paste_it() {
    let app = app().await;
    for change in [
        |code: &str| code.chars().map(|c| char::from_u32(u32::from(c) + 0xfee0).expect("a letter")).collect(),
        |code: &str| code.replace('-', "\u{200b}"),
        |code: &str| code.to_lowercase().replace('-', "\u{2212}"),
        |code: &str| format!("„{code}“"),
        |code: &str| format!("{code}{}", " ".repeat(5000)),
        |code: &str| format!("https://auth.example/device?user_code={code}"),
        |code: &str| format!("https://auth.example/device?lang=de&user_code={code}&utm_source=tv#x"),
    ] as [fn(&str) -> String; 7]
    {
        let device = begin(&app).await;
        let page = type_code(&Browser::new(&app), &change(code(&device))).await;
        shows(&page, "to continue to <strong><bdi>The television");
    }
    let page = Browser::new(&app).get(DEVICE_PAGE).await;
    assert!(!page.text().contains("maxlength"), "a browser cuts nothing off: {}", page.text());
}

#[tokio::test]
async fn only_wrong_codes_that_could_be_codes_count() {
    let app = app().await;
    let device = begin(&app).await;
    let browser = Browser::new(&app);
    for round in 0..30 {
        for (typed, says) in [
            ("", "Enter the code shown on your device."),
            ("  ", "Enter the code shown on your device."),
            ("-", "Enter the code shown on your device."),
            ("hello", "This is not a valid code"),
            ("BCDF", "This is not a valid code"),
            ("12345678", "This is not a valid code"),
            ("https://auth.example/device", "This is not a valid code"),
        ] {
            let page = type_code(&browser, typed).await;
            assert_eq!(page.status, StatusCode::BAD_REQUEST, "{round} {typed}");
            shows(&page, says);
        }
    }
    shows(&type_code(&browser, code(&device)).await, "type=\"password\"");
}

#[tokio::test]
async fn what_comes_twice_or_cannot_be_read_has_its_own_message() {
    let app = app().await;
    let device = begin(&app).await;
    let browser = Browser::new(&app);
    let twice = browser.get(&format!("{DEVICE_PAGE}?user_code=BCDF-GHJK&user_code=BCDF-GHJL")).await;
    let nul = browser.get(&format!("{DEVICE_PAGE}?user_code=%00")).await;
    let binary = browser.get(&format!("{DEVICE_PAGE}?user_code=%FF")).await;
    for page in [twice, nul, binary] {
        assert_eq!(page.status, StatusCode::BAD_REQUEST);
        shows(&page, "could not be read");
        shows(&page, "name=\"user_code\"");
        assert!(!page.text().contains("application"), "{}", page.text());
    }
    let page = type_code(&browser, code(&device)).await;
    let twice = [("username", "ada"), ("username", "ada"), ("password", PASSWORD), ("action", "sign_in")];
    let page = browser.submit_and_follow(&form(&page), &twice).await;
    shows(&page, "could not be read");
    shows(&page, "type=\"password\"");
    let nul = [("username", "a\0da"), ("password", PASSWORD), ("action", "sign_in")];
    let answer = browser.submit(&form(&page), &nul).await;
    let page = browser.follow(answer).await;
    shows(&page, "type=\"password\"");
    assert!(!page.text().contains("invalid request"), "{}", page.text());
}

#[tokio::test]
async fn a_name_that_runs_from_right_to_left_stays_apart_from_the_sentence() {
    let app = TestApp::new().await;
    let name = "متجر الكتب";
    add_device_client(&app, name).await;
    let device = begin(&app).await;
    let browser = Browser::new(&app);
    let page = type_code(&browser, code(&device)).await;
    let question = sign_in(&browser, &page, "ada").await;
    let done = press(&browser, &form(&question), "allow").await;
    for page in [page, question, done] {
        assert_isolated(&page, name);
    }
}

#[tokio::test]
async fn a_wrong_password_is_answered_with_a_page_that_reload_and_back_find_again() {
    let app = app().await;
    let device = begin(&app).await;
    let browser = Browser::new(&app);
    let page = type_code(&browser, code(&device)).await;
    let wrong = [("username", "ada"), ("password", "wrong"), ("action", "sign_in")];
    let answer = browser.submit(&form(&page), &wrong).await;
    let target = answer.header("location").expect("a location").to_owned();
    assert!(!target.contains("=ada") && !target.contains("wrong"), "{target}");
    for _ in 0..2 {
        let page = browser.get(&target).await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST);
        shows(&page, "Incorrect username or password.");
        shows(&page, "value=\"ada\"");
    }
    let page = browser.get(&target).await;
    let question = sign_in(&browser, &page, "ada").await;
    shows(&question, "value=\"allow\"");
    // The second press of the same button leads where the first one led.
    shows(&sign_in(&browser, &page, "ada").await, "value=\"allow\"");
}
