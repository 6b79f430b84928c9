//! Attacks on the browser: forged forms, planted cookies, frames.

use axum::body::Body;
use http::{Request, StatusCode};
use jeton_authority::client::{ClientPolicy, ConsentPolicy};

use super::browser::{Browser, Form, form, leads_on, redirected};
use super::client::{authorize, web};
use crate::app::{Answer, PASSWORD, TestApp};

const SESSION: &str = "__Host-jeton-session";
const BROWSER: &str = "__Host-jeton-browser";
const ADA: [(&str, &str); 3] = [("username", "ada"), ("password", PASSWORD), ("action", "sign_in")];

/// The client `web`, and `asking`, for which users are asked.
async fn app() -> TestApp {
    let app = TestApp::new().await;
    app.add_client("web", web()).await;
    let policy = ClientPolicy { consent: ConsentPolicy::Asked, ..ClientPolicy::default() };
    app.add_client_with("asking", web(), policy).await;
    app
}

fn asking(changes: &[(&str, &str)]) -> String {
    let all: Vec<_> = [("client_id", "asking")].into_iter().chain(changes.iter().copied()).collect();
    authorize(&all)
}

async fn is_signed_in(browser: &Browser<'_>) -> bool {
    redirected(&browser.get(&authorize(&[("prompt", "none")])).await).get("code").is_some()
}

/// A sign-out that nobody meant leads to the page that asks, and touches no cookie.
#[track_caller]
fn is_asked_again(answer: &Answer, why: &str) {
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{why}: {}", answer.text());
    let location = answer.header("location").expect("a location");
    assert!(location.starts_with("/end_session?"), "{why}: {location}");
    assert_eq!((answer.header("set-cookie"), answer.header("clear-site-data")), (None, None), "{why}");
}

/// The form did nothing: the browser is sent to the page that fits by now, and is given no session and no code.
#[track_caller]
pub(super) fn did_nothing(answer: &Answer, why: &str) {
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{why}: {}", answer.text());
    let target = leads_on(answer).unwrap_or_else(|| panic!("{why}: {:?}", answer.header("location")));
    assert!(target.starts_with("/authorize?") && target.contains("jeton_progress="), "{why}: {target}");
    let cookies = answer.headers.get_all("set-cookie");
    let mut cookies = cookies.iter().map(|cookie| cookie.to_str().expect("text"));
    assert!(cookies.all(|cookie| !cookie.starts_with(SESSION)), "{why}");
}

/// The form with another seal, and with none.
fn forged(form: &Form, seal_of: &Form) -> [Form; 3] {
    let with = |value: Option<&str>| {
        let mut forged = form.clone();
        forged.hidden.retain(|(name, _)| name != "form_token");
        forged.hidden.extend(value.map(|value| ("form_token".to_owned(), value.to_owned())));
        forged
    };
    let seal = seal_of.hidden.iter().find(|(name, _)| name == "form_token").expect("a seal");
    [with(None), with(Some("")), with(Some(&seal.1))]
}

#[tokio::test]
async fn no_form_counts_without_the_seal_that_this_browser_was_given() {
    let app = app().await;
    let (victim, attacker) = (Browser::new(&app), Browser::new(&app));

    let page = form(&victim.get(&authorize(&[])).await);
    for forged in forged(&page, &form(&attacker.get(&authorize(&[])).await)) {
        did_nothing(&victim.press(&forged, &ADA).await, "sign-in");
    }
    victim.sign_in(&authorize(&[])).await;
    attacker.sign_in(&authorize(&[])).await;

    let page = form(&victim.get(&asking(&[])).await);
    for forged in forged(&page, &form(&attacker.get(&asking(&[])).await)) {
        for action in ["allow", "deny"] {
            let answer = victim.press(&forged, &[("action", action)]).await;
            did_nothing(&answer, "consent");
            let page = victim.follow(answer).await;
            assert!(page.text().contains("value=\"allow\""), "the page is shown again: {}", page.text());
        }
    }
    let page = form(&victim.get("/end_session").await);
    for forged in forged(&page, &form(&attacker.get("/end_session").await)) {
        for action in ["sign_out", "sign_out_everywhere"] {
            is_asked_again(&victim.submit(&forged, &[("action", action)]).await, "sign-out");
        }
    }
    assert!(is_signed_in(&victim).await);
}

#[tokio::test]
async fn a_seal_for_one_form_does_not_fit_another() {
    let app = app().await;
    let browser = Browser::new(&app);
    browser.sign_in(&authorize(&[])).await;
    let (consent, sign_out) =
        (form(&browser.get(&asking(&[])).await), form(&browser.get("/end_session").await));
    did_nothing(&browser.press(&forged(&consent, &sign_out)[2], &[("action", "allow")]).await, "consent");
    let forged = browser.submit(&forged(&sign_out, &consent)[2], &[("action", "sign_out")]).await;
    is_asked_again(&forged, "sign-out");
    assert!(is_signed_in(&browser).await);
}

#[tokio::test]
async fn nobody_is_signed_in_as_somebody_else_by_a_form_that_another_site_posts() {
    let app = app().await;
    // The attacker takes a form of their own, with their own credentials in it.
    let own = form(&Browser::new(&app).get(&authorize(&[])).await);
    let victim = Browser::new(&app);
    did_nothing(&victim.press(&own, &ADA).await, "a browser without a name");
    victim.get(&authorize(&[])).await;
    did_nothing(&victim.press(&own, &ADA).await, "a browser with another name");
    assert!(!is_signed_in(&victim).await);
}

#[tokio::test]
async fn a_sign_in_by_get_or_in_the_query_does_not_count() {
    let app = app().await;
    let browser = Browser::new(&app);
    let page = form(&browser.get(&authorize(&[])).await);
    let seal = &page.hidden[0].1;
    let query =
        format!("{}&form_token={seal}&username=ada&password=correct+horse&action=sign_in", page.action);
    let lead = browser.get(&query).await;
    assert_eq!(lead.status, StatusCode::SEE_OTHER, "to the page with the form");
    assert!(browser.follow(lead).await.text().contains("name=\"password\""));
    did_nothing(&browser.post(&query, &[]).await, "everything in the query");
    assert!(browser.cookie(SESSION).is_none());
}

#[tokio::test]
async fn every_page_forbids_frames_foreign_scripts_and_caches() {
    let app = app().await;
    let browser = Browser::new(&app);
    let sign_in = browser.get(&authorize(&[])).await;
    let wrong = browser.submit(&form(&sign_in), &[("username", "ada"), ("password", "wrong")]).await;
    let stale = browser.post("/authorize/sign-in?x", &[]).await;
    let error = browser.get("/authorize?client_id=nobody").await;
    browser.sign_in(&authorize(&[])).await;
    let consent = browser.get(&asking(&[])).await;
    let form_post = browser.get(&authorize(&[("response_mode", "form_post")])).await;
    let sign_out = browser.get("/end_session").await;
    let signed_out = browser.submit_and_follow(&form(&sign_out), &[("action", "sign_out")]).await;
    for (name, page) in [
        ("sign-in", sign_in),
        ("wrong password", wrong),
        ("stale form", stale),
        ("error", error),
        ("consent", consent),
        ("form_post", form_post),
        ("sign-out", sign_out),
        ("signed out", signed_out),
    ] {
        assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"), "{name}");
        assert_eq!(page.header("x-frame-options"), Some("DENY"), "{name}");
        let policy = page.header("content-security-policy").unwrap_or_else(|| panic!("{name} has no policy"));
        for directive in ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"] {
            assert!(policy.contains(directive), "{name}: {policy}");
        }
        assert!(!policy.contains("unsafe-inline") && !policy.contains('*'), "{name}: {policy}");
        assert_eq!(page.header("x-content-type-options"), Some("nosniff"), "{name}");
        assert_eq!(page.header("referrer-policy"), Some("no-referrer"), "{name}");
        assert_eq!(page.header("cache-control"), Some("no-store"), "{name}");
    }
}

#[tokio::test]
async fn a_session_that_was_planted_before_the_sign_in_is_worth_nothing_after_it() {
    let app = app().await;
    // A secret of the attacker's own choice.
    let victim = Browser::new(&app);
    let planted = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    victim.set_cookie(SESSION, planted);
    victim.sign_in(&authorize(&[])).await;
    assert_ne!(victim.cookie(SESSION).as_deref(), Some(planted));
    // A real session of the attacker's.
    app.add_user("eve").await;
    let attacker = Browser::new(&app);
    let page = form(&attacker.get(&authorize(&[])).await);
    attacker.submit(&page, &[("username", "eve"), ("password", PASSWORD), ("action", "sign_in")]).await;
    let planted = attacker.cookie(SESSION).expect("a session");
    let victim = Browser::new(&app);
    victim.set_cookie(SESSION, &planted);
    victim.sign_in(&authorize(&[("prompt", "login")])).await;
    assert_ne!(victim.cookie(SESSION), Some(planted));
    assert!(is_signed_in(&victim).await && !is_signed_in(&attacker).await);
    // Signing in again changes the secret, and the one from before is dead.
    let before = victim.cookie(SESSION).expect("a session");
    victim.sign_in(&authorize(&[("prompt", "login")])).await;
    let thief = Browser::new(&app);
    thief.set_cookie(SESSION, &before);
    assert!(!is_signed_in(&thief).await && is_signed_in(&victim).await);
}

#[tokio::test]
async fn a_cookie_that_comes_twice_or_without_its_prefix_counts_for_nothing() {
    let app = app().await;
    let browser = Browser::new(&app);
    browser.sign_in(&authorize(&[])).await;
    let secret = browser.cookie(SESSION).expect("a session");
    let ask = async |cookies: &str| {
        let request = Request::get(authorize(&[("prompt", "none")])).header("cookie", cookies);
        let answer = app.send(request.body(Body::empty()).expect("a request")).await;
        redirected(&answer).get("code").is_some()
    };
    assert!(ask(&format!("{SESSION}={secret}")).await);
    assert!(ask(&format!("a=b; {SESSION}={secret}; c")).await);
    let planted = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    for cookies in [
        format!("{SESSION}={secret}; {SESSION}={planted}"),
        format!("{SESSION}={planted}; {SESSION}={secret}"),
        format!("{SESSION}={secret}; {SESSION}={secret}"),
        format!("jeton-session={secret}"),
        format!("{}={secret}", SESSION.to_ascii_lowercase()),
        format!("{SESSION} ={secret}"),
        format!("{SESSION}=\"{secret}\""),
    ] {
        assert!(!ask(&cookies).await, "{cookies}");
    }
}

#[tokio::test]
async fn cookies_are_out_of_reach_of_scripts_other_hosts_and_plain_http() {
    let app = app().await;
    let browser = Browser::new(&app);
    let page = browser.get(&authorize(&[])).await;
    let done = browser.press(&form(&page), &ADA).await;
    let mut names = Vec::new();
    for cookie in page.headers.get_all("set-cookie").iter().chain(done.headers.get_all("set-cookie")) {
        let cookie = cookie.to_str().expect("text");
        names.push(cookie.split('=').next().expect("a name").to_owned());
        for flag in ["; Path=/;", "; HttpOnly", "; SameSite=Lax", "; Secure"] {
            assert!(cookie.contains(flag), "{cookie}");
        }
        assert!(!cookie.contains("Domain"), "{cookie}");
    }
    assert_eq!(names, [BROWSER, SESSION, "__Host-jeton-known"]);
}

#[tokio::test]
async fn consent_to_one_request_is_no_consent_to_another() {
    let app = app().await;
    let browser = Browser::new(&app);
    browser.sign_in(&authorize(&[])).await;
    let narrow = form(&browser.get(&asking(&[("scope", "openid")])).await);
    for changed in [
        asking(&[("scope", "openid profile email orders:write")]),
        asking(&[("scope", "openid"), ("nonce", "another")]),
        asking(&[("scope", "openid"), ("state", "another")]),
        authorize(&[
            ("scope", "openid"),
            ("claims", "{\"id_token\":{\"email\":null}}"),
            ("client_id", "asking"),
        ]),
    ] {
        let action = changed.replacen("/authorize?", "/authorize/consent?", 1);
        let forged = Form { action, ..narrow.clone() };
        did_nothing(&browser.press(&forged, &[("action", "allow")]).await, &changed);
    }
    let back = redirected(&browser.submit(&narrow, &[("action", "allow")]).await);
    assert!(back.get("code").is_some());
    // What was allowed is remembered, and more than that is asked for again.
    assert!(redirected(&browser.get(&asking(&[("scope", "openid")])).await).get("code").is_some());
    assert!(browser.get(&asking(&[("scope", "openid email")])).await.text().contains("value=\"allow\""));
    let silent = redirected(&browser.get(&asking(&[("scope", "openid email"), ("prompt", "none")])).await);
    assert_eq!(silent.get("error"), Some("consent_required"));
}

#[tokio::test]
async fn consent_is_given_by_whoever_saw_the_page_and_nobody_else() {
    let app = app().await;
    app.add_user("eve").await;
    let browser = Browser::new(&app);
    browser.sign_in(&authorize(&[])).await;
    let adas = form(&browser.get(&asking(&[])).await);
    let page = form(&browser.get(&authorize(&[("prompt", "login")])).await);
    browser.submit(&page, &[("username", "eve"), ("password", PASSWORD), ("action", "sign_in")]).await;
    did_nothing(&browser.press(&adas, &[("action", "allow")]).await, "another user's page");
    // Without a click on the button that says so, the answer is no.
    let eves = form(&browser.get(&asking(&[])).await);
    for fields in [&[][..], &[("action", "")], &[("action", "Allow")]] {
        let back = redirected(&browser.submit(&eves, fields).await);
        assert_eq!(back.get("error"), Some("access_denied"));
    }
}
