//! Passkeys: adding them, signing in with them alone and after the password, and what is refused.

use http::StatusCode;
use jeton_authority::audit::{Actor, AuditEvent};
use jeton_authority::factor::Factor;
use jeton_authority::settings::Settings;
use serde_json::{Value, json};

use super::authenticator::Authenticator;
use super::browser::{Browser, Form, form, forms, passkey_form, redirected};
use super::client::{authorize, web};
use super::logout_delivery::claims;
use crate::app::{Answer, PASSWORD, TestApp};

const ADA: [(&str, &str); 3] = [("username", "ada"), ("password", PASSWORD), ("action", "sign_in")];
const PASSKEYS: &str = "/account/passkeys";
const SESSION: &str = "__Host-jeton-session";

async fn app() -> TestApp {
    let app = TestApp::new().await;
    app.add_client("web", web()).await;
    app
}

/// The form with the answer of a passkey in it.
fn filled(form: &Form, answer: &str) -> Form {
    let fill = |(name, value): &(String, String)| match name.as_str() {
        "passkey" => (name.clone(), answer.to_owned()),
        _ => (name.clone(), value.clone()),
    };
    Form { hidden: form.hidden.iter().map(fill).collect(), ..form.clone() }
}

/// Presses the button of a page that asks for a passkey, and goes where that leads.
async fn present(browser: &Browser<'_>, device: &Authenticator, page: &Answer) -> Answer {
    let form = passkey_form(page);
    let answer = device.answer(form.options.as_ref().expect("options"));
    browser.submit_and_follow(&filled(&form, &answer), &[]).await
}

/// Adds a passkey, with the password of the user.
async fn add(app: &TestApp, device: &Authenticator) -> Answer {
    let browser = Browser::new(app);
    let page = browser.get(PASSKEYS).await;
    let page = browser.submit_and_follow(&form(&page), &ADA).await;
    add_here(&browser, device, &page).await
}

async fn add_here(browser: &Browser<'_>, device: &Authenticator, page: &Answer) -> Answer {
    let form = passkey_form(page);
    let answer = device.make(form.options.as_ref().expect("options")).expect("a passkey");
    browser.submit_and_follow(&filled(&form, &answer), &[]).await
}

async fn id_token(app: &TestApp, back: &Answer) -> Value {
    let back = redirected(back);
    let code = back.get("code").unwrap_or_else(|| panic!("a code: {back:?}"));
    claims(app.redeem(code).await.json()["id_token"].as_str().expect("an ID token"))
}

async fn events(app: &TestApp) -> Vec<(AuditEvent, Option<Box<str>>)> {
    let trail = app.store.list_audit(100).await.expect("a trail");
    trail.into_iter().map(|record| (record.event, record.subject.key)).collect()
}

#[track_caller]
fn says(page: &Answer, sentence: &str) {
    assert!(page.text().contains(sentence), "{} {}", page.status, page.text());
}

#[tokio::test]
async fn a_passkey_signs_in_without_a_name_and_a_password_and_the_id_token_says_so() {
    let (app, device) = (app().await, Authenticator::default());
    let page = add(&app, &device).await;
    says(&page, "Security key");
    let browser = Browser::new(&app);
    let page = browser.get(&authorize(&[])).await;
    says(&page, "autocomplete=\"username webauthn\"");
    app.hand.step(5);
    let back = present(&browser, &device, &page).await;
    let token = id_token(&app, &back).await;
    assert_eq!((&token["amr"], &token["acr"]), (&json!(["pop", "mfa"]), &json!("phr")));
    assert_eq!(token["auth_time"], app.service.clock().now().unix());
    says(&browser.get(PASSKEYS).await, "last used 2026-11-22");
}

#[tokio::test]
async fn the_options_ask_for_what_can_be_found_without_a_name_and_say_whose_it_is_for_ever() {
    let (app, device) = (app().await, Authenticator::default());
    let browser = Browser::new(&app);
    let page = browser.submit_and_follow(&form(&browser.get(PASSKEYS).await), &ADA).await;
    let options = passkey_form(&page).options.expect("options");
    let chosen =
        json!({"residentKey": "required", "requireResidentKey": true, "userVerification": "preferred"});
    assert_eq!(options["authenticatorSelection"], chosen);
    assert_eq!((&options["rp"]["id"], &options["attestation"]), (&json!("auth.example"), &json!("none")));
    let algorithms: Vec<_> =
        options["pubKeyCredParams"].as_array().expect("a list").iter().map(|one| &one["alg"]).collect();
    assert_eq!(algorithms, [-7, -8, -257]);
    add_here(&browser, &device, &page).await;
    let first = device.handle();

    let page = browser.get(PASSKEYS).await;
    let other = Authenticator::default();
    add_here(&browser, &other, &page).await;
    assert_eq!(other.handle(), first);
    let page = Browser::new(&app).get("/account").await;
    let options = passkey_form(&page).options.expect("options");
    assert_eq!(
        (&options["allowCredentials"], &options["userVerification"]),
        (&json!([]), &json!("required"))
    );
}

#[tokio::test]
async fn the_same_device_is_told_to_make_no_second_one_and_a_second_press_adds_none() {
    let (app, device) = (app().await, Authenticator::default());
    let browser = Browser::new(&app);
    let page = browser.submit_and_follow(&form(&browser.get(PASSKEYS).await), &ADA).await;
    let once = passkey_form(&page);
    let answer = device.make(once.options.as_ref().expect("options")).expect("a passkey");
    for _ in 0..2 {
        let page = browser.submit_and_follow(&filled(&once, &answer), &[]).await;
        assert_eq!(page.text().matches("<section").count(), 1, "{}", page.text());
        assert_eq!(device.make(&passkey_form(&page).options.expect("options")), None);
    }
    let added = events(&app).await.into_iter().filter(|(event, _)| *event == AuditEvent::PasskeyAdded);
    assert_eq!(added.collect::<Vec<_>>(), [(AuditEvent::PasskeyAdded, Some("Security key".into()))]);
}

#[tokio::test]
async fn two_presses_lead_where_the_first_one_led_and_an_answer_counts_for_nothing_else() {
    let (app, device) = (app().await, Authenticator::default());
    add(&app, &device).await;
    let browser = Browser::new(&app);
    let page = browser.get(&authorize(&[])).await;
    let form = passkey_form(&page);
    let answered = filled(&form, &device.answer(form.options.as_ref().expect("options")));
    let first = browser.submit_and_follow(&answered, &[]).await;
    let second = browser.submit_and_follow(&answered, &[]).await;
    assert!(redirected(&first).get("code").is_some() && redirected(&second).get("code").is_some());

    let elsewhere = Browser::new(&app);
    let there = passkey_form(&elsewhere.get(&authorize(&[])).await);
    let stolen = Form { hidden: filled(&there, &answered.hidden[2].1).hidden, ..there };
    says(&elsewhere.submit_and_follow(&stolen, &[]).await, "Your sign-in took too long");
    assert_eq!(elsewhere.cookie(SESSION), None);

    let later = Browser::new(&app);
    let form = passkey_form(&later.get("/account").await);
    app.hand.step(3601);
    let fresh = passkey_form(&later.get("/account").await);
    let late = device.answer(form.options.as_ref().expect("options"));
    says(&later.submit_and_follow(&filled(&fresh, &late), &[]).await, "Your sign-in took too long");
}

#[tokio::test]
async fn a_key_that_verifies_nobody_signs_in_only_after_the_password() {
    let (app, device) = (app().await, Authenticator::without_pin());
    says(&add(&app, &device).await, "It comes after your password");
    let browser = Browser::new(&app);
    let refused = present(&browser, &device, &browser.get(&authorize(&[])).await).await;
    says(&refused, "needs a PIN");
    assert_eq!((refused.status, browser.cookie(SESSION)), (StatusCode::BAD_REQUEST, None));

    ask_after_password(&app, &device).await;
    let page = browser.get(&authorize(&[])).await;
    let page = browser.submit(&form(&page), &ADA).await;
    says(&page, "<h1>Use your passkey</h1>");
    let back = present(&browser, &device, &page).await;
    let token = id_token(&app, &back).await;
    assert_eq!((&token["amr"], &token["acr"]), (&json!(["pwd", "pop", "mfa"]), &json!("phr")));
}

/// Requires a passkey after the password. Answers the page with the recovery codes.
async fn ask_after_password(app: &TestApp, device: &Authenticator) -> Answer {
    let browser = Browser::new(app);
    let page = browser.get("/account/authenticator").await;
    let page = browser.submit_and_follow(&form(&page), &ADA).await;
    let codes = present(&browser, device, &page).await;
    says(&codes, "Your recovery codes");
    codes
}

#[tokio::test]
async fn after_the_password_a_passkey_or_a_recovery_code_is_required_wherever_one_signs_in() {
    let (app, device) = (app().await, Authenticator::default());
    add(&app, &device).await;
    ask_after_password(&app, &device).await;
    let answer = app.post("/api/token/", &json!({"username": "ada", "password": PASSWORD})).await;
    assert_eq!(
        (answer.status, &answer.json()["code"]),
        (StatusCode::UNAUTHORIZED, &json!("second_factor_required"))
    );
    let browser = Browser::new(&app);
    let page = browser.submit_and_follow(&form(&browser.get("/account").await), &ADA).await;
    says(&page, "<h1>Use your passkey</h1>");
    let wrong = [("recovery_code", "zzzz-zzzz-zzzz"), ("action", "sign_in")];
    let page = browser.submit_and_follow(&form(&page), &wrong).await;
    says(&page, "Incorrect recovery code");
    let code = &app.recovery_codes("ada").await[3];
    let page =
        browser.submit_and_follow(&form(&page), &[("recovery_code", code), ("action", "sign_in")]).await;
    says(&page, "9 of 10 left");
    // Removing the last passkey turns the second step off.
    let page = browser.get(PASSKEYS).await;
    let remove =
        forms(&page).into_iter().find(|form| form.hidden.len() == 2 && page.text().contains("remove"));
    let page = press(&browser, &page, remove.expect("a form"), "remove").await;
    says(&page, "You have none yet");
    let user = app.store.find_user_by_id(app.user_id("ada").await).await.expect("a store").expect("a user");
    assert_eq!(user.enrolled, jeton_authority::factor::Enrolled::default());
}

/// Presses a button of the form with this button.
async fn press(browser: &Browser<'_>, page: &Answer, any: Form, action: &str) -> Answer {
    let text = page.text();
    let button = text.find(&format!("value=\"{action}\"")).expect("a button");
    let token = |form: &Form| form.hidden.iter().all(|(_, value)| text[..button].contains(value.as_str()));
    let form = forms(page).into_iter().rfind(|form| form.options.is_none() && token(form)).unwrap_or(any);
    browser.submit_and_follow(&form, &[("action", action)]).await
}

#[tokio::test]
async fn a_passkey_that_was_removed_is_unknown_and_only_then_the_browser_is_told_so() {
    let (app, device) = (app().await, Authenticator::default());
    add(&app, &device).await;
    let browser = Browser::new(&app);
    let wrong = Authenticator::at("https://auth.example:8443");
    let page = browser.submit_and_follow(&form(&browser.get(PASSKEYS).await), &ADA).await;
    let refused = add_refused(&browser, &wrong, &page).await;
    says(&refused, "another address");
    assert!(!refused.text().contains("data-unknown"), "{}", refused.text());
    let accepted = browser.get(PASSKEYS).await;
    says(&accepted, "allAcceptedCredentialIds");
    let page = press(&browser, &accepted, form(&accepted), "remove").await;
    says(&page, "You have none yet");
    assert!(events(&app).await.contains(&(AuditEvent::PasskeyRemoved, Some("Security key".into()))));
    let gone = Browser::new(&app);
    let page = present(&gone, &device, &gone.get("/account").await).await;
    says(&page, "This passkey is not known here");
    says(&page, "data-unknown=\"auth.example\"");
    assert_eq!((page.status, gone.cookie(SESSION)), (StatusCode::BAD_REQUEST, None));
}

async fn add_refused(browser: &Browser<'_>, device: &Authenticator, page: &Answer) -> Answer {
    let form = passkey_form(page);
    let mut options = form.options.clone().expect("options");
    options["excludeCredentials"] = json!([]);
    let answer = device.make(&options).expect("a passkey");
    browser.submit_and_follow(&filled(&form, &answer), &[]).await
}

#[tokio::test]
async fn a_passkey_that_becomes_synced_still_signs_in_and_is_recorded_once() {
    let (app, device) = (app().await, Authenticator::default());
    add(&app, &device).await;
    device.is_synced.replace(true);
    for _ in 0..2 {
        let browser = Browser::new(&app);
        says(&present(&browser, &device, &browser.get("/account").await).await, "Your account");
    }
    let changed =
        events(&app).await.into_iter().filter(|(event, _)| *event == AuditEvent::PasskeyBackupChanged);
    assert_eq!(changed.count(), 1);
}

#[tokio::test]
async fn a_malformed_answer_is_refused_and_the_page_can_be_tried_again() {
    let (app, device) = (app().await, Authenticator::default());
    add(&app, &device).await;
    for answer in ["", "{}", "[", "{\"id\":\"AA==\"}", &"x".repeat(20_000)] {
        let browser = Browser::new(&app);
        let page = browser.get(&authorize(&[])).await;
        let refused = browser.submit_and_follow(&filled(&passkey_form(&page), answer), &[]).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{answer}");
        says(&refused, "The passkey could not be used");
        assert!(redirected(&present(&browser, &device, &refused).await).get("code").is_some());
    }
}

#[tokio::test]
async fn a_disabled_user_has_no_way_in_and_is_told_nothing_more() {
    let (app, device) = (app().await, Authenticator::default());
    add(&app, &device).await;
    let (user, now) = (app.user_id("ada").await, app.service.clock().now());
    app.store.disable_user(user, Actor::Operator, now).await.expect("disabled");
    let browser = Browser::new(&app);
    let page = present(&browser, &device, &browser.get("/account").await).await;
    assert_eq!((page.status, browser.cookie(SESSION)), (StatusCode::BAD_REQUEST, None));
    says(&page, "The passkey could not be used");
}

#[tokio::test]
async fn a_request_that_insists_on_a_passkey_gets_one_or_an_error() {
    let (app, device) = (app().await, Authenticator::default());
    let insists = json!({"id_token": {"acr": {"essential": true, "value": "phr"}}}).to_string();
    let target = authorize(&[("claims", &insists)]);
    let browser = Browser::new(&app);
    let page = browser.get(&target).await;
    let unmet = redirected(&browser.submit(&form(&page), &ADA).await);
    assert_eq!(unmet.get("error"), Some("unmet_authentication_requirements"));

    add(&app, &device).await;
    let page = browser.get(&target).await;
    says(&page, "This application requires a passkey");
    assert!(!page.text().contains("name=\"password\""), "{}", page.text());
    assert_eq!(id_token(&app, &present(&browser, &device, &page).await).await["acr"], "phr");
}

#[tokio::test]
async fn pages_run_the_script_of_passkeys_only_and_no_header_turns_passkeys_off() {
    let app = app().await;
    let browser = Browser::new(&app);
    for target in ["/account", &authorize(&[]), PASSKEYS] {
        let page = browser.get(target).await;
        let policy = page.header("content-security-policy").expect("a policy");
        assert!(policy.contains("script-src https://auth.example/assets/passkey.js"), "{policy}");
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(page.header("permissions-policy"), None);
        assert_eq!(page.header("cache-control"), Some("no-store"));
    }
    let script = browser.get("/assets/passkey.js").await;
    assert_eq!(
        (script.status, script.header("content-type")),
        (StatusCode::OK, Some("text/javascript; charset=utf-8"))
    );
}

#[tokio::test]
async fn at_an_address_there_are_no_passkeys_and_a_sentence_says_why() {
    let app = TestApp::with(
        |settings| Settings { password: settings.password, ..Settings::new("https://192.0.2.7:8443") },
        |service| service,
    )
    .await;
    let browser = Browser::new(&app);
    let page = browser.get(PASSKEYS).await;
    assert!(!page.text().contains("data-passkey") && !page.text().contains("webauthn"), "{}", page.text());
    let page = browser.submit_and_follow(&form(&page), &ADA).await;
    says(&page, "its host is an IP address");
    assert!(!page.text().contains("data-passkey"), "{}", page.text());
}

#[tokio::test]
async fn names_are_what_their_users_say_and_hostile_ones_are_shown_as_they_are() {
    let (app, device) = (app().await, Authenticator::default());
    add(&app, &device).await;
    let browser = Browser::new(&app);
    let page = browser.submit_and_follow(&form(&browser.get(PASSKEYS).await), &ADA).await;
    let rename = forms(&page).into_iter().find(|form| form.options.is_none()).expect("a form");
    let renamed = |name: &'static str| [("name", name), ("action", "rename")];
    for (name, shown) in [("<script>alert(1)</script>", "&#60;script&#62;"), ("  My   key ", "My key")] {
        let page = browser.submit_and_follow(&rename, &renamed(name)).await;
        says(&page, shown);
    }
    for name in ["", "   ", "a\u{1}b"] {
        says(&browser.submit_and_follow(&rename, &renamed(name)).await, "Enter a name");
    }
    let user = app.store.find_user_by_id(app.user_id("ada").await).await.expect("a store").expect("a user");
    assert_eq!((user.enrolled.factors, user.enrolled.is_two_step), (vec![Factor::Passkey], false));
}
