//! Forms that are posted late, twice, by somebody else by now, or without cookies: only a form that is as it was shown acts, and no
//! other is a dead end.

use axum::body::Body;
use http::{Request, StatusCode};
use jeton_authority::FORM_LIFETIME;
use jeton_authority::audit::Actor;
use jeton_authority::client::{Client, ClientPolicy, ConsentPolicy, NewClient};
use jeton_oauth::client::ClientId;
use serde_json::{Value, json};

use super::attacks_browser::did_nothing;
use super::browser::{Browser, Form, form, leads_on, redirected};
use super::client::{CALLBACK, authorize, web};
use crate::app::{Answer, PASSWORD, TestApp};

const ADA: [(&str, &str); 3] = [("username", "ada"), ("password", PASSWORD), ("action", "sign_in")];
const BOB: [(&str, &str); 3] = [("username", "bob"), ("password", PASSWORD), ("action", "sign_in")];
const ALLOW: [(&str, &str); 1] = [("action", "allow")];
const CONTINUE: [(&str, &str); 1] = [("action", "continue")];

/// The client `web`, and `asking`, for which users are asked.
async fn app() -> TestApp {
    let app = TestApp::new().await;
    app.add_user("bob").await;
    app.add_client("web", web()).await;
    app.add_client_with("asking", web(), asked()).await;
    app
}

fn asked() -> ClientPolicy {
    ClientPolicy { consent: ConsentPolicy::Asked, ..ClientPolicy::default() }
}

fn asking(changes: &[(&str, &str)]) -> String {
    authorize(&[&[("client_id", "asking")], changes].concat())
}

/// Signs in at a browser, in another tab.
async fn sign_in_elsewhere(browser: &Browser<'_>, who: &[(&str, &str)]) {
    let page = browser.get(&authorize(&[("prompt", "login"), ("state", "elsewhere")])).await;
    redirected(&browser.submit(&form(&page), who).await);
}

async fn sign_out_elsewhere(browser: &Browser<'_>) {
    let page = form(&browser.get("/end_session").await);
    browser.submit(&page, &[("action", "sign_out")]).await;
}

/// Describes the client `asking` anew.
async fn change(app: &TestApp, changes: &[(&str, Value)]) {
    let mut metadata = web();
    for (name, value) in changes {
        metadata[*name] = value.clone();
    }
    let client = Client::new(NewClient {
        id: ClientId::parse("asking").expect("an identifier"),
        metadata: serde_json::from_value(metadata).expect("metadata"),
        policy: asked(),
        secret: Some(jeton_authority::client::ClientSecret::new(super::client::SECRET)),
        registration_token: None,
        created_at: app.service.clock().now(),
    });
    let now = app.service.clock().now();
    let changed = app
        .service
        .authority()
        .clients()
        .change_client(&client.expect("a client"), Actor::Operator, now)
        .await;
    assert_eq!(changed.expect("a store"), jeton_authority::store::ClientChange::Done);
}

fn first_form(page: &Answer) -> Form {
    let text = page.text();
    let end = text.find("</form>").unwrap_or_else(|| panic!("no form: {text}"));
    let body = text[..end].to_owned().into();
    form(&Answer { status: page.status, headers: page.headers.clone(), body })
}

#[track_caller]
fn says(page: &Answer, sentence: &str) {
    assert!(page.text().contains(sentence), "{sentence}: {}", page.text());
    assert!(page.text().contains("role=\"alert\""), "{}", page.text());
}

/// A page of the authority that has a form to go on with, and says nothing of cookies.
#[track_caller]
fn is_way_on(page: &Answer) {
    form(page);
    assert!(!page.text().to_lowercase().contains("cookie"), "{}", page.text());
}

#[tokio::test]
async fn going_on_as_ada_never_sends_bob_to_the_application() {
    let app = app().await;
    let browser = Browser::new(&app);
    browser.sign_in(&authorize(&[])).await;
    let target = authorize(&[("prompt", "select_account")]);
    let adas = first_form(&browser.get(&target).await);
    sign_in_elsewhere(&browser, &BOB).await;
    let pressed = browser.press(&adas, &CONTINUE).await;
    did_nothing(&pressed, "bob is signed in");
    let page = browser.follow(pressed).await;
    says(&page, "You are now signed in as \u{2068}bob\u{2069}");
    assert!(page.text().contains("Continue as <bdi>bob</bdi>"), "{}", page.text());
    is_way_on(&page);
    assert!(redirected(&browser.submit(&first_form(&page), &CONTINUE).await).get("code").is_some());
}

#[tokio::test]
async fn a_sign_in_form_is_for_who_was_signed_in_when_it_was_shown() {
    let app = app().await;
    let browser = Browser::new(&app);
    let target = authorize(&[("state", "mine")]);
    let page = form(&browser.get(&target).await);
    sign_in_elsewhere(&browser, &BOB).await;
    let pressed = browser.press(&page, &ADA).await;
    did_nothing(&pressed, "bob is signed in");
    let again = browser.follow(pressed).await;
    says(&again, "You are now signed in as \u{2068}bob\u{2069}");
    assert!(
        again.text().contains("Continue as <bdi>bob</bdi>") && again.text().contains("value=\"ada\""),
        "{}",
        again.text()
    );
    is_way_on(&again);
    assert!(
        redirected(&browser.get(&authorize(&[("prompt", "none")])).await).get("code").is_some(),
        "bob still is"
    );
    // Whoever is asked for is signed in from the page of now.
    assert_eq!(redirected(&browser.submit(&form(&again), &ADA).await).get("state"), Some("mine"));

    // The other way round: signed out meanwhile.
    let select = authorize(&[("prompt", "select_account"), ("state", "mine")]);
    let [chosen, typed] = [first_form(&browser.get(&select).await), form(&browser.get(&select).await)];
    sign_out_elsewhere(&browser).await;
    for (stale, fields) in [(&chosen, &CONTINUE[..]), (&typed, &BOB[..])] {
        let page = browser.submit(stale, fields).await;
        says(&page, "You were signed out");
        is_way_on(&page);
    }
    let page = browser.submit(&typed, &BOB).await;
    assert!(page.text().contains("value=\"bob\""), "the name is kept: {}", page.text());
    assert_eq!(redirected(&browser.submit(&form(&page), &BOB).await).get("state"), Some("mine"));
}

#[tokio::test]
async fn a_second_press_and_a_second_tab_of_the_same_account_lead_on() {
    let app = app().await;
    let browser = Browser::new(&app);
    for prompt in ["", "login", "select_account"] {
        let target = authorize(&[("prompt", prompt), ("state", "first")]);
        let other = authorize(&[("prompt", prompt), ("state", "second")]);
        let (first, second) = (form(&browser.get(&target).await), form(&browser.get(&other).await));
        let answers = [
            browser.submit(&first, &ADA).await,
            browser.submit(&first, &ADA).await,
            browser.submit(&second, &ADA).await,
        ];
        let states = answers.each_ref().map(|answer| redirected(answer).get("state").map(str::to_owned));
        assert_eq!(states, ["first", "first", "second"].map(|state| Some(state.to_owned())), "{prompt}");
        sign_out_elsewhere(&browser).await;
    }
    browser.sign_in(&authorize(&[])).await;
    let consent = form(&browser.get(&asking(&[])).await);
    for _ in 0..2 {
        assert!(redirected(&browser.submit(&consent, &ALLOW).await).get("code").is_some());
    }
}

#[tokio::test]
async fn consent_is_asked_of_who_is_signed_in_by_now() {
    let app = app().await;
    let browser = Browser::new(&app);
    browser.sign_in(&authorize(&[])).await;
    let adas = form(&browser.get(&asking(&[])).await);
    sign_in_elsewhere(&browser, &BOB).await;
    let pressed = browser.press(&adas, &ALLOW).await;
    did_nothing(&pressed, "bob is signed in");
    let page = browser.follow(pressed).await;
    says(&page, "You are now signed in as \u{2068}bob\u{2069}");
    assert!(page.text().contains("Signed in as <strong><bdi>bob</bdi></strong>"), "{}", page.text());
    is_way_on(&page);
    assert!(redirected(&browser.submit(&form(&page), &ALLOW).await).get("code").is_some());
    // Bob has allowed it by now, and is asked all the same before he goes on for a press of ada's.
    let page = browser.submit(&adas, &ALLOW).await;
    says(&page, "You are now signed in as \u{2068}bob\u{2069}");
    assert!(page.text().contains("Continue as <bdi>bob</bdi>"), "{}", page.text());
    // Signed out meanwhile.
    let bobs = form(&browser.get(&asking(&[("scope", "openid email")])).await);
    sign_out_elsewhere(&browser).await;
    let page = browser.submit(&bobs, &ALLOW).await;
    says(&page, "You were signed out");
    is_way_on(&page);
    let page = browser.submit(&form(&page), &BOB).await;
    assert!(redirected(&browser.submit(&form(&page), &ALLOW).await).get("code").is_some());
    // Ada allowed nothing.
    sign_in_elsewhere(&browser, &ADA).await;
    assert_eq!(
        redirected(&browser.get(&asking(&[("prompt", "none")])).await).get("error"),
        Some("consent_required")
    );
}

#[tokio::test]
async fn nothing_is_allowed_that_the_page_did_not_show() {
    let app = app().await;
    let browser = Browser::new(&app);
    browser.sign_in(&authorize(&[])).await;
    // No scope is named: the client gets what it may have.
    let target = asking(&[("scope", "")]);
    change(&app, &[("scope", json!("profile"))]).await;
    for changes in [
        &[("scope", json!("profile orders:read orders:write"))][..],
        &[("client_name", json!("Your bank"))],
        &[("client_name", json!("Your bank")), ("scope", json!("profile orders:read"))],
    ] {
        change(&app, &[("scope", json!("profile"))]).await;
        let page = form(&browser.get(&target).await);
        change(&app, changes).await;
        let pressed = browser.press(&page, &ALLOW).await;
        did_nothing(&pressed, "the client has changed");
        let shown = browser.follow(pressed).await;
        says(&shown, "has changed since this page was opened");
        is_way_on(&shown);
        let silent = asking(&[("scope", ""), ("prompt", "none")]);
        assert_eq!(
            redirected(&browser.get(&silent).await).get("error"),
            Some("consent_required"),
            "{changes:?}"
        );
    }
    let page = browser.get(&target).await;
    assert!(page.text().contains("<code><bdi>orders:read</bdi></code>"), "{}", page.text());
    assert!(redirected(&browser.submit(&form(&page), &ALLOW).await).get("code").is_some());
}

#[tokio::test]
async fn what_was_allowed_is_forgotten_when_the_client_takes_another_name_or_host() {
    let app = app().await;
    let browser = Browser::new(&app);
    browser.sign_in(&authorize(&[])).await;
    let is_remembered =
        async || redirected(&browser.get(&asking(&[("prompt", "none")])).await).get("code").is_some();
    let allow = async || {
        let page = browser.get(&asking(&[])).await;
        redirected(&browser.submit(&form(&page), &ALLOW).await);
    };
    allow().await;
    assert!(is_remembered().await);
    change(&app, &[("redirect_uris", json!([CALLBACK, "https://app.example/second"]))]).await;
    assert!(is_remembered().await, "the same host");
    for changes in [
        ("client_name", json!("Your bank")),
        ("redirect_uris", json!([CALLBACK, "https://evil.example/callback"])),
    ] {
        change(&app, &[]).await;
        if !is_remembered().await {
            allow().await;
        }
        change(&app, std::slice::from_ref(&changes)).await;
        assert!(!is_remembered().await, "{changes:?}");
        allow().await;
        assert!(is_remembered().await, "{changes:?}");
    }
}

#[tokio::test]
async fn a_form_expires_and_its_page_is_shown_again() {
    let app = app().await;
    let browser = Browser::new(&app);
    let hour = i64::try_from(FORM_LIFETIME.as_secs()).expect("an hour");
    let sign_in = form(&browser.get(&authorize(&[])).await);
    app.hand.step(hour + 1);
    let pressed = browser.press(&sign_in, &ADA).await;
    did_nothing(&pressed, "expired");
    let page = browser.follow(pressed).await;
    says(&page, "This page has expired");
    assert!(page.text().contains("value=\"ada\""), "the name is kept: {}", page.text());
    is_way_on(&page);
    app.hand.step(hour);
    assert!(redirected(&browser.submit(&form(&page), &ADA).await).get("code").is_some());

    let consent = form(&browser.get(&asking(&[])).await);
    let select = authorize(&[("prompt", "select_account")]);
    let chosen = first_form(&browser.get(&select).await);
    app.hand.step(hour + 1);
    for (stale, fields) in [(&consent, &ALLOW[..]), (&chosen, &CONTINUE[..])] {
        let pressed = browser.press(stale, fields).await;
        did_nothing(&pressed, "expired");
        let page = browser.follow(pressed).await;
        says(&page, "This page has expired");
        is_way_on(&page);
    }
    // A no is a no, however late.
    let refused = redirected(&browser.submit(&consent, &[("action", "deny")]).await);
    assert_eq!(refused.get("error"), Some("access_denied"));
}

#[tokio::test]
async fn a_failed_sign_in_is_a_page_that_can_be_reloaded() {
    let app = app().await;
    let browser = Browser::new(&app);
    let page = form(&browser.get(&authorize(&[])).await);
    let wrong = [("username", "Ada <3"), ("password", "wrong"), ("action", "sign_in")];
    let pressed = browser.press(&page, &wrong).await;
    did_nothing(&pressed, "a wrong password");
    let target = leads_on(&pressed).expect("within the authority");
    assert!(!target.contains("Ada"), "what was typed stands in no address: {target}");
    let cookie = pressed.header("set-cookie").expect("a cookie");
    for flag in
        ["__Host-jeton-typed-name=", "; Path=/;", "; HttpOnly", "; SameSite=Lax", "; Secure", "; Max-Age=600"]
    {
        assert!(cookie.contains(flag), "{cookie}");
    }
    for _ in 0..2 {
        let again = browser.get(&target).await;
        assert_eq!(again.status, StatusCode::BAD_REQUEST);
        says(&again, "Incorrect username or password.");
        assert!(again.text().contains("value=\"Ada &#60;3\""), "{}", again.text());
        assert!(again.text().contains("<title>Error: Sign in</title>"), "{}", again.text());
    }
    // The name is of this request alone, and is forgotten after the sign-in.
    let other = browser.get(&authorize(&[("state", "another")])).await;
    assert!(!other.text().contains("Ada &#60;3"), "{}", other.text());
    let again = form(&browser.get(&target).await);
    assert!(redirected(&browser.submit(&again, &ADA).await).get("code").is_some());
    assert_eq!(browser.cookie("__Host-jeton-typed-name"), None);
    // Back to the page of the failed attempt: somebody is signed in by now.
    assert!(redirected(&browser.get(&target).await).get("code").is_some());
}

#[tokio::test]
async fn a_name_is_kept_where_cookies_were_lost_and_not_from_the_form_of_another_browser() {
    let app = app().await;
    let page = form(&Browser::new(&app).get(&authorize(&[])).await);
    let kept = |browser: &Browser<'_>| browser.cookie("__Host-jeton-typed-name").is_some();

    let another = Browser::new(&app);
    another.get(&authorize(&[])).await;
    did_nothing(&another.press(&page, &ADA).await, "the form of another browser");
    assert!(!kept(&another));

    let without_cookies = Browser::new(&app);
    did_nothing(&without_cookies.press(&page, &ADA).await, "the cookies were lost");
    assert!(kept(&without_cookies));
}

#[tokio::test]
async fn what_cannot_be_read_or_is_no_password_is_no_mistake_of_the_application() {
    let app = app().await;
    let browser = Browser::new(&app);
    let page = form(&browser.get(&authorize(&[])).await);
    let token = &page.hidden.iter().find(|(name, _)| name == "form_token").expect("a token").1;
    let long = "x".repeat(5000);
    for (body, sentence) in [
        (format!("form_token={token}&username=ada&password={long}"), "The password is too long"),
        (format!("form_token={token}&username=a%00da&password=x"), "must not contain control characters"),
        (format!("form_token={token}&username=ada&username=bob&password=x"), "could not be read"),
        (format!("form_token={token}&username=%FF&password=x"), "could not be read"),
        (format!("form_token={token}&username=ada"), "Enter your username and password."),
        (format!("form_token={token}&password=x"), "Enter your username and password."),
    ] {
        let request = Request::post(&page.action)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Body::from(body.clone()))
            .expect("a request");
        let answer = browser.send(request).await;
        did_nothing(&answer, &body);
        let shown = browser.follow(answer).await;
        says(&shown, sentence);
        is_way_on(&shown);
    }
}

#[tokio::test]
async fn cookies_are_mentioned_only_where_none_came_at_all() {
    let app = app().await;
    let browser = Browser::new(&app);
    let target = authorize(&[]);
    // They were lost while the page was open.
    let page = form(&browser.get(&target).await);
    browser.forget_cookies();
    let pressed = browser.press(&page, &ADA).await;
    did_nothing(&pressed, "no cookie");
    let shown = browser.follow(pressed).await;
    says(&shown, "no longer valid");
    assert!(shown.text().contains("value=\"ada\""), "the name is kept: {}", shown.text());
    is_way_on(&shown);
    assert!(redirected(&browser.submit(&form(&shown), &ADA).await).get("code").is_some());
    // While somebody was signed in.
    let consent = form(&browser.get(&asking(&[])).await);
    browser.forget_cookies();
    let shown = browser.submit(&consent, &ALLOW).await;
    says(&shown, "no longer valid");
    is_way_on(&shown);
    // The browser takes none.
    let page = form(&browser.get(&target).await);
    browser.forget_cookies();
    let pressed = browser.press(&page, &ADA).await;
    browser.forget_cookies();
    let shown = browser.get(&leads_on(&pressed).expect("within the authority")).await;
    says(&shown, "Allow cookies for this site");
    form(&shown);
}

#[tokio::test]
async fn a_form_that_another_site_posts_changes_no_cookie() {
    let app = app().await;
    let attacker = Browser::new(&app);
    let own = form(&attacker.get(&authorize(&[])).await);
    let mut fields: Vec<_> = own.hidden.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    fields.extend(ADA);
    for path in [own.action.clone(), own.action.replace("/sign-in?", "/consent?")] {
        let mut request = super::client::with_form(Request::post(&path), &fields);
        let headers = request.headers_mut();
        headers.insert("sec-fetch-site", "cross-site".parse().expect("a value"));
        headers.insert("sec-fetch-dest", "document".parse().expect("a value"));
        // The cookies are `SameSite=Lax`, so that none comes along.
        let answer = app.send(request).await;
        did_nothing(&answer, &path);
        assert_eq!(answer.header("set-cookie"), None, "{path}");
    }
}

#[tokio::test]
async fn an_answer_that_the_browser_posts_has_a_button_only_without_scripts() {
    let app = app().await;
    let browser = Browser::new(&app);
    browser.sign_in(&authorize(&[])).await;
    for target in [authorize(&[("response_mode", "form_post")]), asking(&[("response_mode", "form_post")])] {
        let mut page = browser.get(&target).await;
        let mut address = target;
        if page.text().contains("value=\"allow\"") {
            // The page stands at an address of its own, so that a reload posts no form of ours.
            let pressed = browser.press(&form(&page), &ALLOW).await;
            assert_eq!(pressed.status, StatusCode::SEE_OTHER);
            address = leads_on(&pressed).expect("within the authority");
            page = browser.get(&address).await;
        }
        let text = page.text();
        assert!(text.contains("<noscript><button type=\"submit\""), "{text}");
        assert_eq!(text.matches("<button").count(), 1, "{text}");
        assert!(text.contains("name=\"code\""), "{text}");
        assert!(browser.get(&address).await.text().contains("name=\"code\""), "a reload");
    }
}

#[tokio::test]
async fn a_no_leads_back_each_time_it_is_said_and_loaded() {
    let app = app().await;
    let browser = Browser::new(&app);
    let page = form(&browser.get(&authorize(&[])).await);
    let pressed =
        leads_on(&browser.press(&page, &[("action", "cancel")]).await).expect("within the authority");
    for _ in 0..2 {
        let back = redirected(&browser.get(&pressed).await);
        assert_eq!((back.get("error"), back.get("state")), (Some("access_denied"), Some("st")));
    }
    browser.sign_in(&authorize(&[])).await;
    let consent = form(&browser.get(&asking(&[])).await);
    for _ in 0..2 {
        let back = redirected(&browser.submit(&consent, &[("action", "deny")]).await);
        assert_eq!((back.get("error"), back.get("state")), (Some("access_denied"), Some("st")));
    }
}

#[tokio::test]
async fn a_request_that_leaves_no_room_for_a_page_is_kept() {
    let app = app().await;
    let browser = Browser::new(&app);
    let long = "n".repeat(2048);
    let claims = format!("{{\"id_token\":{{\"{}\":null}}}}", "c".repeat(6000));
    let target = authorize(&[("state", &long[..1500]), ("claims", &claims)]);
    assert!(target.len() < 8 * 1024, "{}", target.len());
    let page = browser.follow(browser.get(&target).await).await;
    let back = redirected(&browser.submit(&form(&page), &ADA).await);
    assert_eq!((back.get("code").is_some(), back.get("state")), (true, Some(&long[..1500])));
}
