//! Browsers in which a user is not asked for the second factor for a while: where that counts, where not, and what ends it.

use jeton_authority::Network;
use jeton_authority::audit::Actor;
use jeton_authority::client::{ClientPolicy, SecondFactorPolicy};
use jeton_authority::factor_setup::TotpSecret;
use jeton_authority::password::PasswordHash;

use super::browser::{Browser, Form, form, redirected};
use super::client::{authorize, web};
use crate::app::{Answer, PASSWORD, TestApp};

const DAY: i64 = 24 * 3600;
const COOKIE: &str = "__Host-jeton-device";

async fn app() -> (TestApp, TotpSecret) {
    let app = TestApp::new().await;
    app.add_client("web", web()).await;
    let secret = app.set_up_app("ada").await;
    (app, secret)
}

async fn password(browser: &Browser<'_>, target: &str) -> Answer {
    let page = browser.get(target).await;
    let fields = [("username", "ada"), ("password", PASSWORD), ("action", "sign_in")];
    browser.submit_and_follow(&form(&page), &fields).await
}

fn asks_for_a_code(page: &Answer) -> bool {
    page.text().contains("autocomplete=\"one-time-code\"")
}

/// Signs in in a browser that is remembered from then on, and signs out.
async fn remembered<'a>(app: &'a TestApp, secret: &TotpSecret) -> Browser<'a> {
    let browser = Browser::new(app);
    let page = password(&browser, "/account").await;
    assert!(page.text().contains("Do not ask for a code in this browser for 30 days"), "{}", page.text());
    let fields = [("code", app.code(secret)), ("remember", "on".to_owned())];
    let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let page = browser.submit_and_follow(&form(&page), &fields).await;
    assert!(page.text().contains("Your account"), "{}", page.text());
    assert!(browser.cookie(COOKIE).is_some());
    sign_out(&browser).await;
    app.hand.step(60);
    browser
}

async fn sign_out(browser: &Browser<'_>) {
    let page = browser.get("/end_session").await;
    browser.submit_and_follow(&form(&page), &[("action", "sign_out")]).await;
}

/// Whether the password is enough.
async fn is_let_in(browser: &Browser<'_>) -> bool {
    let page = password(browser, "/account").await;
    let is_in = page.text().contains("Your account");
    assert_eq!(!is_in, asks_for_a_code(&page), "{}", page.text());
    if is_in {
        sign_out(browser).await;
    }
    is_in
}

#[tokio::test]
async fn the_password_is_enough_in_a_browser_that_is_remembered_and_nowhere_else() {
    let (app, secret) = app().await;
    let browser = remembered(&app, &secret).await;
    assert!(is_let_in(&browser).await);
    assert!(!is_let_in(&Browser::new(&app)).await);
    let forged = Browser::new(&app);
    forged.set_cookie(COOKIE, &jeton_jose::base64url::encode([7; 32]));
    assert!(!is_let_in(&forged).await);
    app.hand.step(29 * DAY);
    assert!(is_let_in(&browser).await);
    app.hand.step(DAY);
    assert!(!is_let_in(&browser).await);
}

#[tokio::test]
async fn whoever_does_not_check_the_box_is_asked_again() {
    let (app, secret) = app().await;
    let browser = Browser::new(&app);
    let page = password(&browser, "/account").await;
    browser.submit_and_follow(&form(&page), &[("code", &app.code(&secret))]).await;
    assert_eq!(browser.cookie(COOKIE), None);
    sign_out(&browser).await;
    app.hand.step(60);
    assert!(!is_let_in(&browser).await);
}

#[tokio::test]
async fn a_browser_that_is_remembered_for_one_user_is_not_for_another() {
    let (app, secret) = app().await;
    app.add_user("bob").await;
    app.set_up_app("bob").await;
    let browser = remembered(&app, &secret).await;
    let page = browser.get("/account").await;
    let fields = [("username", "bob"), ("password", PASSWORD), ("action", "sign_in")];
    assert!(asks_for_a_code(&browser.submit_and_follow(&form(&page), &fields).await));
}

#[tokio::test]
async fn tokens_speak_of_the_password_alone() {
    let (app, secret) = app().await;
    let browser = remembered(&app, &secret).await;
    let page = browser.get(&authorize(&[])).await;
    let fields = [("username", "ada"), ("password", PASSWORD), ("action", "sign_in")];
    let answer = browser.submit(&form(&page), &fields).await;
    let tokens = app.redeem(redirected(&answer).get("code").expect("a code")).await.json();
    let claims = super::logout_delivery::claims(tokens["id_token"].as_str().expect("an ID token"));
    assert_eq!((&claims["amr"], &claims["acr"]), (&serde_json::json!(["pwd"]), &"1".into()));
}

#[tokio::test]
async fn a_request_for_more_asks_for_the_code_once_and_goes_on() {
    let (app, secret) = app().await;
    let policy = ClientPolicy { second_factor: SecondFactorPolicy::Required, ..ClientPolicy::default() };
    app.add_client_with("strict", web(), policy).await;
    let browser = remembered(&app, &secret).await;
    let essential = r#"{"id_token":{"acr":{"essential":true,"value":"2"}}}"#;
    let voluntary = r#"{"id_token":{"acr":{"value":"2"}}}"#;
    for changes in [("client_id", "strict"), ("claims", essential), ("claims", voluntary)] {
        let changes = &[changes];
        app.hand.step(60);
        let page = password(&browser, &authorize(changes)).await;
        assert!(asks_for_a_code(&page), "{changes:?}: {}", page.text());
        let answer = browser.submit(&form(&page), &[("code", &app.code(&secret))]).await;
        assert!(redirected(&answer).get("code").is_some(), "{changes:?}: {}", answer.text());
        sign_out(&browser).await;
    }
    // Somebody who was let in without the code is asked for it, once.
    app.hand.step(60);
    password(&browser, "/account").await;
    let page = password(&browser, &authorize(&[("client_id", "strict")])).await;
    assert!(asks_for_a_code(&page), "{}", page.text());
    let answer = browser.submit(&form(&page), &[("code", &app.code(&secret))]).await;
    assert!(redirected(&answer).get("code").is_some(), "{}", answer.text());
}

#[tokio::test]
async fn changes_of_the_account_ask_for_the_code_once_and_go_on() {
    let (app, secret) = app().await;
    let browser = remembered(&app, &secret).await;
    password(&browser, "/account").await;
    let page = password(&browser, "/account/authenticator").await;
    assert!(asks_for_a_code(&page), "{}", page.text());
    let page = browser.submit_and_follow(&form(&page), &[("code", &app.code(&secret))]).await;
    assert!(page.text().contains("Browsers without the second step"), "{}", page.text());
}

#[tokio::test]
async fn a_browser_is_forgotten_in_the_account() {
    let (app, secret) = app().await;
    let browser = remembered(&app, &secret).await;
    let page = password(&browser, "/account/authenticator").await;
    let page = browser.submit_and_follow(&form(&page), &[("code", &app.code(&secret))]).await;
    let button = page.text().find("value=\"forget\"").expect("a button");
    let start = page.text()[..button].rfind("<form").expect("a form");
    let body = page.text()[start..button].to_owned().into();
    let form: Form = form(&Answer { status: page.status, headers: page.headers.clone(), body });
    for _ in 0..2 {
        let page = browser.submit_and_follow(&form, &[("action", "forget")]).await;
        assert!(!page.text().contains("Browsers without the second step"), "{}", page.text());
    }
    sign_out(&browser).await;
    app.hand.step(60);
    assert!(!is_let_in(&browser).await);
}

#[tokio::test]
async fn whatever_puts_the_account_in_doubt_ends_every_remembering() {
    for doubt in ["password", "disabled", "new app", "turned off and on", "recovery code"] {
        let (app, secret) = app().await;
        let browser = remembered(&app, &secret).await;
        let (user, now) = (app.user_id("ada").await, app.service.clock().now());
        let setup = app.service.authority().factor_setup();
        let network = Network::Unknown;
        let set_up = async || {
            let secret = setup.begin(user, network, now).await.expect("setting up");
            setup.confirm(user, &secret.code_at(now), network, now).await.expect("confirming");
        };
        match doubt {
            "password" => {
                let stored = app.store.find_user_by_id(user).await.expect("a store").expect("ada");
                let hash = PasswordHash::from_stored(stored.password.expose());
                app.store.change_password(user, hash, None, Actor::Operator, now).await.expect("a store");
            }
            "disabled" => {
                app.store.disable_user(user, Actor::Operator, now).await.expect("a store");
                app.store.enable_user(user, Actor::Operator, now).await.expect("a store");
            }
            "new app" => set_up().await,
            "turned off and on" => {
                setup.turn_off(user, network, now).await.expect("turning off");
                set_up().await;
            }
            _ => {
                let elsewhere = Browser::new(&app);
                let page = password(&elsewhere, "/account").await;
                let code = app.recovery_codes("ada").await.remove(0);
                let page = elsewhere.submit_and_follow(&form(&page), &[("recovery_code", &code)]).await;
                assert!(page.text().contains("Your account"), "{}", page.text());
            }
        }
        assert!(!is_let_in(&browser).await, "{doubt}");
    }
}

#[tokio::test]
async fn where_nobody_is_remembered_the_box_is_absent_and_counts_for_nothing() {
    let (app, secret) = app().await;
    let browser = remembered(&app, &secret).await;
    let off = app
        .restarted_with(|mut settings| {
            settings.account.remembered_for = None;
            settings
        })
        .await;
    let again = Browser::new(&off);
    again.set_cookie(COOKIE, &browser.cookie(COOKIE).expect("a cookie"));
    let page = password(&again, "/account").await;
    assert!(asks_for_a_code(&page) && !page.text().contains("name=\"remember\""), "{}", page.text());
    off.hand.step(60);
    let fields = [("code", off.code(&secret)), ("remember", "on".to_owned())];
    let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let page = again.submit_and_follow(&form(&page), &fields).await;
    assert!(page.text().contains("Your account"), "{}", page.text());
}
