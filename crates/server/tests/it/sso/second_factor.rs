//! Signing in with a second factor: what is asked for, what counts, and that no way in leads past it.

use http::StatusCode;
use jeton_authority::audit::Actor;
use jeton_authority::client::{Client, ClientPolicy, ClientSecret, NewClient, SecondFactorPolicy};
use jeton_authority::factor_setup::TotpSecret;
use jeton_authority::password::Password;
use jeton_authority::user::Username;
use jeton_authority::{Network, UserId};
use jeton_oauth::client::ClientId;
use serde_json::{Value, json};

use super::browser::{Browser, form, leads_on, redirected};
use super::client::{SECRET, authorize, web};
use super::logout_delivery::claims;
use crate::app::{Answer, PASSWORD, TestApp};

const ADA: [(&str, &str); 3] = [("username", "ada"), ("password", PASSWORD), ("action", "sign_in")];
const SESSION: &str = "__Host-jeton-session";

impl TestApp {
    pub(crate) async fn user_id(&self, name: &str) -> UserId {
        let name = Username::parse(name).expect("a name");
        self.store.find_user(&name).await.expect("a store").expect("a user").id
    }

    /// Gives a user an authenticator app, half an hour ago.
    pub(crate) async fn set_up_app(&self, name: &str) -> TotpSecret {
        let (user, now) = (self.user_id(name).await, self.service.clock().now());
        let setup = self.service.authority().factor_setup();
        let before = jeton_jose::Timestamp::from_unix(now.unix() - 1800);
        let secret = setup.begin(user, Network::Unknown, before).await.expect("setting up");
        let code = secret.code_at(before);
        setup.confirm(user, &code, Network::Unknown, before).await.expect("confirming");
        secret
    }

    /// The code that an app shows now.
    pub(crate) fn code(&self, secret: &TotpSecret) -> String {
        secret.code_at(self.service.clock().now())
    }

    /// The recovery codes of a user.
    pub(crate) async fn recovery_codes(&self, name: &str) -> Vec<String> {
        let (user, setup) = (self.user_id(name).await, self.service.authority().factor_setup());
        let set = setup.of(user).await.expect("a store").recovery.expect("recovery codes");
        setup.recovery_codes(user, &set).iter().map(ToString::to_string).collect()
    }
}

async fn app() -> (TestApp, TotpSecret) {
    let app = TestApp::new().await;
    app.add_client("web", web()).await;
    let secret = app.set_up_app("ada").await;
    (app, secret)
}

#[track_caller]
fn asks_for_a_code(page: &Answer) {
    assert!(page.text().contains("autocomplete=\"one-time-code\""), "{} {}", page.status, page.text());
}

#[track_caller]
fn asks_for_a_password(page: &Answer) {
    assert!(page.text().contains("name=\"password\""), "{} {}", page.status, page.text());
}

/// Types the password, and follows to the page that asks for a code.
async fn password(browser: &Browser<'_>, target: &str) -> Answer {
    let page = browser.get(target).await;
    let page = browser.submit(&form(&page), &ADA).await;
    asks_for_a_code(&page);
    page
}

fn typed(code: &str) -> [(&str, &str); 2] {
    [("code", code), ("action", "sign_in")]
}

async fn id_token(app: &TestApp, back: &Answer) -> Value {
    let back = redirected(back);
    let code = back.get("code").unwrap_or_else(|| panic!("a code: {back:?}"));
    let tokens = app.redeem(code).await.json();
    claims(tokens["id_token"].as_str().expect("an ID token"))
}

#[tokio::test]
async fn the_code_is_asked_for_after_the_password_and_the_id_token_says_both() {
    let (app, secret) = app().await;
    let browser = Browser::new(&app);
    let page = password(&browser, &authorize(&[])).await;
    for wanted in [
        "inputmode=\"numeric\"",
        "value=\"ada\" autocomplete=\"username\" readonly",
        "The web application",
        "name=\"recovery_code\"",
    ] {
        assert!(page.text().contains(wanted), "{wanted}: {}", page.text());
    }
    assert_eq!(browser.cookie(SESSION), None, "nobody is signed in yet");
    app.hand.step(5);
    let back = browser.submit(&form(&page), &typed(&app.code(&secret))).await;
    let token = id_token(&app, &back).await;
    assert_eq!(token["amr"], json!(["pwd", "otp", "mfa"]));
    assert_eq!(token["acr"], "2");
    assert_eq!(token["auth_time"], app.service.clock().now().unix());
    // The session goes on with both.
    let back = browser.get(&authorize(&[("prompt", "none")])).await;
    assert_eq!(id_token(&app, &back).await["acr"], "2");
}

#[tokio::test]
async fn a_user_without_a_second_factor_signs_in_as_before() {
    let (app, _) = app().await;
    app.add_user("bob").await;
    let browser = Browser::new(&app);
    let page = browser.get(&authorize(&[])).await;
    let fields = [("username", "bob"), ("password", PASSWORD), ("action", "sign_in")];
    let back = browser.submit(&form(&page), &fields).await;
    let token = id_token(&app, &back).await;
    assert_eq!((&token["amr"], &token["acr"]), (&json!(["pwd"]), &json!("1")));
}

#[tokio::test]
async fn the_password_alone_opens_nothing() {
    let (app, _) = app().await;
    let browser = Browser::new(&app);
    password(&browser, &authorize(&[])).await;
    asks_for_a_password(&browser.get(&authorize(&[("state", "another")])).await);
    asks_for_a_password(&browser.get("/account").await);
    let silent = redirected(&browser.get(&authorize(&[("prompt", "none")])).await);
    assert_eq!(silent.get("error"), Some("login_required"));
    let trail = app.store.list_audit(100).await.expect("a trail");
    let signed_in = jeton_authority::audit::AuditEvent::SignedIn;
    assert!(trail.iter().all(|record| record.event != signed_in));
}

#[tokio::test]
async fn a_code_signs_in_once_and_the_next_one_works_at_once() {
    let (app, secret) = app().await;
    let (first, second) = (Browser::new(&app), Browser::new(&app));
    let (in_first, in_second) =
        (password(&first, &authorize(&[])).await, password(&second, &authorize(&[])).await);
    let code = app.code(&secret);
    assert!(redirected(&first.submit(&form(&in_first), &typed(&code)).await).get("code").is_some());
    let again = second.submit(&form(&in_second), &typed(&code)).await;
    assert_eq!(again.status, StatusCode::BAD_REQUEST);
    asks_for_a_code(&again);
    assert!(again.text().contains("This code was used already"), "{}", again.text());
    app.hand.step(30);
    let next = second.submit(&form(&again), &typed(&app.code(&secret))).await;
    assert!(redirected(&next).get("code").is_some());
}

#[tokio::test]
async fn a_code_may_be_pasted_with_spaces_and_what_is_none_is_no_guess() {
    let (app, secret) = app().await;
    let browser = Browser::new(&app);
    let mut page = password(&browser, &authorize(&[])).await;
    for _ in 0..10 {
        page = browser.submit(&form(&page), &typed("<script>alert(1)</script>")).await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST);
        assert!(page.text().contains("<title>Error: "), "{}", page.text());
        assert!(
            page.text().contains("aria-invalid=\"true\" aria-describedby=\"problem\""),
            "{}",
            page.text()
        );
        assert!(page.text().contains("Enter the six digits") && !page.text().contains("alert(1)"));
    }
    let code = app.code(&secret);
    let spaced = format!(" {} {} ", &code[..3], &code[3..]);
    assert!(redirected(&browser.submit(&form(&page), &typed(&spaced)).await).get("code").is_some());
}

#[tokio::test]
async fn wrong_codes_are_counted_over_all_entrances_and_restarts_but_not_against_a_known_browser() {
    let (app, secret) = app().await;
    let known = Browser::new(&app);
    let page = password(&known, &authorize(&[])).await;
    known.submit(&form(&page), &typed(&app.code(&secret))).await;
    app.hand.step(30);

    let challenge = app.try_sign_in("ada", PASSWORD).await.json()["challenge"].clone();
    for _ in 0..3 {
        let wrong = json!({"challenge": challenge, "code": "000000"});
        let refused = app.post_from("198.51.100.9", "/api/token/second-factor/", &wrong).await;
        assert_eq!(refused.json()["code"], "second_factor_refused", "{}", refused.text());
    }
    let stranger = Browser::new(&app);
    let mut page = password(&stranger, &authorize(&[])).await;
    for _ in 0..2 {
        page = stranger.submit(&form(&page), &typed("000000")).await;
        assert!(page.text().contains("Incorrect code"), "{}", page.text());
    }
    let throttled = stranger.submit(&form(&page), &typed(&app.code(&secret))).await;
    assert_eq!(throttled.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(throttled.header("retry-after"), Some("30"));
    assert!(throttled.text().contains("Too many incorrect codes. Wait 30 seconds"), "{}", throttled.text());

    // Another node, another sign-in, and the token API: the same.
    let other = app.second_node().await;
    let challenge = other.try_sign_in("ada", PASSWORD).await.json()["challenge"].clone();
    let right = json!({"challenge": challenge, "code": app.code(&secret)});
    let refused = other.post("/api/token/second-factor/", &right).await;
    assert_eq!((refused.status, refused.header("retry-after")), (StatusCode::TOO_MANY_REQUESTS, Some("30")));

    // The owner is not kept out, neither at home nor with a recovery code.
    let page = password(&known, &authorize(&[("prompt", "login")])).await;
    let back = known.submit(&form(&page), &typed(&app.code(&secret))).await;
    assert!(redirected(&back).get("code").is_some());
    let recovery = app.recovery_codes("ada").await;
    let page = password(&stranger, &authorize(&[])).await;
    let fields = [("code", ""), ("recovery_code", recovery[0].as_str()), ("action", "sign_in")];
    assert!(redirected(&stranger.submit(&form(&page), &fields).await).get("code").is_some());
}

#[tokio::test]
async fn a_recovery_code_signs_in_once_however_it_is_written() {
    let (app, _) = app().await;
    let codes = app.recovery_codes("ada").await;
    assert_eq!(codes.len(), 10);
    let upper = codes[3].to_uppercase().replace('-', " ");
    let browser = Browser::new(&app);
    let page = password(&browser, &authorize(&[])).await;
    let fields = [("recovery_code", upper.as_str()), ("action", "sign_in")];
    let back = browser.submit(&form(&page), &fields).await;
    assert_eq!(id_token(&app, &back).await["amr"], json!(["pwd", "otp", "mfa"]));
    let other = Browser::new(&app);
    let page = password(&other, &authorize(&[])).await;
    let again = other.submit(&form(&page), &typed(&codes[3])).await;
    assert!(again.text().contains("Incorrect recovery code"), "{}", again.text());
}

#[tokio::test]
async fn two_presses_lead_where_the_first_one_led() {
    let (app, secret) = app().await;
    let browser = Browser::new(&app);
    let page = form(&password(&browser, &authorize(&[("prompt", "login")])).await);
    let code = app.code(&secret);
    // The answer to the first press is lost, with its cookies.
    let hidden: Vec<_> = page.hidden.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let lost = Browser::new(&app);
    let name = "__Host-jeton-browser";
    lost.set_cookie(name, &browser.cookie(name).expect("a cookie"));
    let fields: Vec<_> = hidden.into_iter().chain(typed(&code)).collect();
    assert_eq!(lost.post(&page.action, &fields).await.status, StatusCode::SEE_OTHER);
    app.hand.step(2);
    let second = browser.submit(&page, &typed(&code)).await;
    assert!(redirected(&second).get("code").is_some(), "{}", second.text());
    // The answer to the first press arrived.
    let third = browser.submit(&page, &typed(&code)).await;
    assert!(redirected(&third).get("code").is_some(), "{}", third.text());
    // Somewhere else the code is worth nothing.
    app.hand.step(1);
    let other = Browser::new(&app);
    let page = password(&other, &authorize(&[])).await;
    assert!(other.submit(&form(&page), &typed(&code)).await.text().contains("used already"));
}

#[tokio::test]
async fn the_page_can_be_reloaded_and_reached_by_back_until_its_time_is_over() {
    let (app, secret) = app().await;
    let browser = Browser::new(&app);
    let page = browser.get(&authorize(&[])).await;
    let next = browser.press(&form(&page), &ADA).await;
    let next = leads_on(&next).expect("within the authority");
    let old = browser.get(&next).await;
    asks_for_a_code(&old);
    asks_for_a_code(&browser.get(&next).await);
    // The address of the form leads to its page.
    let at_form = browser.get(&form(&old).action).await;
    asks_for_a_code(&browser.follow(at_form).await);
    app.hand.step(600);
    asks_for_a_password(&browser.get(&next).await);
    let late = browser.submit(&form(&old), &typed(&app.code(&secret))).await;
    asks_for_a_password(&late);
    assert!(late.text().contains("Your sign-in took too long"), "{}", late.text());
}

#[tokio::test]
async fn a_challenge_is_for_one_browser_and_one_request() {
    let (app, secret) = app().await;
    let (browser, other) = (Browser::new(&app), Browser::new(&app));
    let page = browser.get(&authorize(&[])).await;
    let next = leads_on(&browser.press(&form(&page), &ADA).await).expect("within the authority");
    other.get(&authorize(&[])).await;
    asks_for_a_password(&other.get(&next).await);
    asks_for_a_password(&browser.get(&next.replace("state=st", "state=other")).await);
    let stolen = form(&browser.get(&next).await);
    let answer = other.submit(&stolen, &typed(&app.code(&secret))).await;
    asks_for_a_password(&answer);
}

#[tokio::test]
async fn two_tabs_end_at_their_own_application() {
    let (app, secret) = app().await;
    let browser = Browser::new(&app);
    let first = password(&browser, &authorize(&[("state", "first")])).await;
    let second = password(&browser, &authorize(&[("state", "second")])).await;
    let back = redirected(&browser.submit(&form(&second), &typed(&app.code(&secret))).await);
    assert_eq!((back.get("state"), back.get("code").is_some()), (Some("second"), true));
    app.hand.step(1);
    let back = redirected(&browser.submit(&form(&first), &typed(&app.code(&secret))).await);
    assert_eq!((back.get("state"), back.get("code").is_some()), (Some("first"), true));
}

#[tokio::test]
async fn a_user_who_changes_meanwhile_starts_again() {
    let (app, secret) = app().await;
    let browser = Browser::new(&app);
    let page = password(&browser, &authorize(&[])).await;
    let (user, now) = (app.user_id("ada").await, app.service.clock().now());
    let hash = app.hashing.hash(Password::new(PASSWORD), [4; 16]).await.expect("a hash");
    app.store.change_password(user, hash, None, Actor::Operator, now).await.expect("a store");
    let refused = browser.submit(&form(&page), &typed(&app.code(&secret))).await;
    asks_for_a_password(&refused);
    let page = password(&browser, &authorize(&[])).await;
    app.store.disable_user(user, Actor::Operator, now).await.expect("a store");
    let refused = browser.submit(&form(&page), &typed(&app.code(&secret))).await;
    asks_for_a_password(&refused);
}

#[tokio::test]
async fn a_session_from_before_is_asked_for_both_and_may_sign_out_without() {
    let app = TestApp::new().await;
    app.add_client("web", web()).await;
    let browser = Browser::new(&app);
    assert!(redirected(&browser.sign_in(&authorize(&[])).await).get("code").is_some());
    let secret = app.set_up_app("ada").await;
    let silent = redirected(&browser.get(&authorize(&[("prompt", "none")])).await);
    assert_eq!(silent.get("error"), Some("login_required"));
    let page = password(&browser, &authorize(&[])).await;
    let back = browser.submit(&form(&page), &typed(&app.code(&secret))).await;
    assert_eq!(id_token(&app, &back).await["acr"], "2");

    let other = Browser::new(&app);
    app.add_user("bob").await;
    let page = other.get(&authorize(&[])).await;
    let fields = [("username", "bob"), ("password", PASSWORD), ("action", "sign_in")];
    other.submit(&form(&page), &fields).await;
    app.set_up_app("bob").await;
    let page = other.get("/end_session").await;
    assert!(page.text().contains("You are signed in as <strong><bdi>bob"), "{}", page.text());
}

#[tokio::test]
async fn whoever_asks_for_a_fresh_sign_in_gets_both_factors_fresh() {
    let (app, secret) = app().await;
    let browser = Browser::new(&app);
    let page = password(&browser, &authorize(&[])).await;
    browser.submit(&form(&page), &typed(&app.code(&secret))).await;
    for changes in [&[("prompt", "login")][..], &[("max_age", "10")], &[("max_age", "0")]] {
        app.hand.step(60);
        let page = password(&browser, &authorize(changes)).await;
        let back = browser.submit(&form(&page), &typed(&app.code(&secret))).await;
        let token = id_token(&app, &back).await;
        assert_eq!(token["auth_time"], app.service.clock().now().unix(), "{changes:?}");
        assert_eq!(token["acr"], "2", "{changes:?}");
    }
}

#[tokio::test]
async fn an_essential_acr_is_met_with_a_second_factor_and_unmet_without() {
    let (app, secret) = app().await;
    app.add_user("bob").await;
    let claims = r#"{"id_token":{"acr":{"essential":true,"values":["2"]}}}"#;
    let browser = Browser::new(&app);
    let page = password(&browser, &authorize(&[("claims", claims)])).await;
    let back = browser.submit(&form(&page), &typed(&app.code(&secret))).await;
    assert_eq!(id_token(&app, &back).await["acr"], "2");
    let lower = r#"{"id_token":{"acr":{"essential":true,"value":"1"}}}"#;
    let back = browser.get(&authorize(&[("claims", lower)])).await;
    assert_eq!(id_token(&app, &back).await["acr"], "1", "what was asked for");

    let other = Browser::new(&app);
    let page = other.get(&authorize(&[("claims", claims)])).await;
    let fields = [("username", "bob"), ("password", PASSWORD), ("action", "sign_in")];
    let back = redirected(&other.submit(&form(&page), &fields).await);
    assert_eq!(back.get("error"), Some("unmet_authentication_requirements"));
}

fn strict() -> ClientPolicy {
    ClientPolicy { second_factor: SecondFactorPolicy::Required, ..ClientPolicy::default() }
}

#[tokio::test]
async fn a_client_that_requires_a_second_factor_gets_nothing_for_a_user_without() {
    let app = TestApp::new().await;
    app.add_client_with("web", web(), strict()).await;
    let browser = Browser::new(&app);
    let page = browser.get(&authorize(&[])).await;
    let next = browser.submit(&form(&page), &ADA).await;
    assert!(next.text().contains("Set up an authenticator app"), "{}", next.text());
    let silent = redirected(&browser.get(&authorize(&[("prompt", "none")])).await);
    assert_eq!(silent.get("error"), Some("interaction_required"));
}

#[tokio::test]
async fn a_client_that_requires_it_later_gets_nothing_for_earlier_sign_ins() {
    let (app, secret) = app().await;
    app.add_user("bob").await;
    let (bob, ada) = (Browser::new(&app), Browser::new(&app));
    let page = bob.get(&authorize(&[])).await;
    let fields = [("username", "bob"), ("password", PASSWORD), ("action", "sign_in")];
    let weak = redirected(&bob.submit(&form(&page), &fields).await);
    let weak = app.redeem(weak.get("code").expect("a code")).await.json();
    let pending = redirected(&bob.get(&authorize(&[])).await);
    let page = password(&ada, &authorize(&[])).await;
    let strong = redirected(&ada.submit(&form(&page), &typed(&app.code(&secret))).await);
    let strong = app.redeem(strong.get("code").expect("a code")).await.json();

    app.change_policy("web", strict()).await;
    let refresh = async |tokens: &Value| {
        let token = tokens["refresh_token"].as_str().expect("a refresh token").to_owned();
        let fields = [("grant_type", "refresh_token"), ("refresh_token", token.as_str())];
        app.post_as("web", "/token", &fields).await
    };
    app.hand.step(60);
    let refused = refresh(&weak).await;
    assert_eq!(
        (refused.status, &refused.json()["error"]),
        (StatusCode::BAD_REQUEST, &json!("invalid_grant"))
    );
    assert_eq!(refresh(&strong).await.status, StatusCode::OK);
    let refused = app.redeem(pending.get("code").expect("a code")).await;
    assert_eq!(refused.json()["error"], "invalid_grant", "{}", refused.text());
    // Nothing was used up.
    app.change_policy("web", ClientPolicy::default()).await;
    assert_eq!(refresh(&weak).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_device_is_decided_about_with_both_factors() {
    let (app, secret) = app().await;
    let metadata = json!({
        "client_name": "The television",
        "token_endpoint_auth_method": "none",
        "grant_types": ["urn:ietf:params:oauth:grant-type:device_code"],
        "scope": "openid",
    });
    app.add_client("tv", metadata).await;
    let device =
        app.post_form("/device_authorization", &[("client_id", "tv"), ("scope", "openid")]).await.json();
    let user_code = device["user_code"].as_str().expect("a code");
    let browser = Browser::new(&app);
    let page = browser.get("/device").await;
    let page = browser.submit_and_follow(&form(&page), &[("user_code", user_code)]).await;
    let page = browser.submit_and_follow(&form(&page), &ADA).await;
    asks_for_a_code(&page);
    let wrong = browser.submit_and_follow(&form(&page), &typed("000000")).await;
    assert!(wrong.text().contains("Incorrect code"), "{}", wrong.text());
    let page = browser.submit_and_follow(&form(&wrong), &typed(&app.code(&secret))).await;
    assert!(page.text().contains("value=\"allow\""), "{}", page.text());
    let page = browser.submit_and_follow(&form(&page), &[("action", "allow")]).await;
    assert!(page.text().contains("You allowed"), "{}", page.text());
}

#[tokio::test]
async fn cancelling_leads_back_to_the_application_and_another_account_can_be_chosen() {
    let (app, _) = app().await;
    let browser = Browser::new(&app);
    let page = password(&browser, &authorize(&[])).await;
    let back = redirected(&browser.submit(&form(&page), &[("action", "cancel")]).await);
    assert_eq!(back.get("error"), Some("access_denied"));
    let page = password(&browser, &authorize(&[])).await;
    let link =
        page.text().rsplit("<a href=\"").next().and_then(|rest| rest.split('"').next()).expect("a link");
    asks_for_a_password(&browser.get(&link.replace("&#38;", "&")).await);
}

#[tokio::test]
async fn an_operator_removes_what_was_lost() {
    let (app, _) = app().await;
    let browser = Browser::new(&app);
    let page = password(&browser, &authorize(&[])).await;
    let accounts = app.service.authority().accounts();
    let user = accounts.find("ada").await.expect("a user");
    let removed = accounts.remove_authenticators(&user, Actor::Operator, app.service.clock().now()).await;
    assert_eq!(removed.expect("removing").recovery_codes_left(), 10);
    asks_for_a_password(&browser.submit(&form(&page), &typed("123456")).await);
    assert!(redirected(&browser.sign_in(&authorize(&[])).await).get("code").is_some());
}

impl TestApp {
    async fn change_policy(&self, id: &str, policy: ClientPolicy) {
        let now = self.service.clock().now();
        let client = Client::new(NewClient {
            id: ClientId::parse(id).expect("an identifier"),
            metadata: serde_json::from_value(web()).expect("metadata"),
            policy,
            secret: Some(ClientSecret::new(SECRET)),
            registration_token: None,
            created_at: now,
        });
        let clients = self.service.authority().clients();
        let client = client.expect("a client");
        clients.change_client(&client, Actor::Operator, now).await.expect("a store");
    }
}
