//! The pages around signing out: what changes nothing, what is pressed twice, and what is out of date.

use axum::body::Body;
use http::{Method, Request, StatusCode};
use serde_json::Value;

use super::browser::{Browser, Form, form, redirected};
use super::client::{authorize, web};
use super::logout_delivery::tokens;
use crate::app::{Answer, PASSWORD, TestApp};

const SESSION: &str = "__Host-jeton-session";
const BYE: &str = "https://app.example/bye";

async fn app() -> TestApp {
    let app = TestApp::new().await;
    app.add_client("web", web()).await;
    app.add_user("bob").await;
    app
}

async fn sign_in_as(browser: &Browser<'_>, name: &str) {
    let page = form(&browser.get(&authorize(&[("prompt", "login")])).await);
    browser.submit(&page, &[("username", name), ("password", PASSWORD), ("action", "sign_in")]).await;
}

async fn is_signed_in(browser: &Browser<'_>) -> bool {
    redirected(&browser.get(&authorize(&[("prompt", "none")])).await).get("code").is_some()
}

async fn holds(app: &TestApp, tokens: &Value) -> bool {
    app.userinfo(tokens["access_token"].as_str().expect("a token")).await.status == 200
}

fn with_hint(tokens: &Value) -> String {
    format!("/end_session?id_token_hint={}", tokens["id_token"].as_str().expect("an ID token"))
}

async fn sent(browser: &Browser<'_>, method: Method, target: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = Request::builder().method(method).uri(target);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    browser.send(request.body(Body::empty()).expect("a request")).await
}

#[track_caller]
fn touches_no_cookie(answer: &Answer) {
    let cleared = |cookie: &http::HeaderValue| cookie.to_str().expect("text").starts_with(SESSION);
    assert!(!answer.headers.get_all("set-cookie").iter().any(cleared), "{:?}", answer.headers);
    assert_eq!(answer.header("clear-site-data"), None);
}

#[tokio::test]
async fn only_a_navigation_signs_out() {
    let app = app().await;
    let browser = Browser::new(&app);
    let tokens = tokens(&app, &browser).await;
    let target = format!("{}&post_logout_redirect_uri={BYE}", with_hint(&tokens));
    for (method, headers) in [
        (Method::HEAD, &[][..]),
        (Method::GET, &[("sec-purpose", "prefetch"), ("sec-fetch-dest", "document")]),
        (Method::GET, &[("sec-purpose", "prefetch;prerender"), ("sec-fetch-dest", "document")]),
        (Method::GET, &[("purpose", "prefetch")]),
        (Method::GET, &[("sec-fetch-dest", "image"), ("sec-fetch-mode", "no-cors")]),
        (Method::GET, &[("sec-fetch-dest", "empty")]),
        (Method::GET, &[("sec-fetch-dest", "script")]),
    ] {
        let answer = sent(&browser, method.clone(), &target, headers).await;
        assert_eq!(answer.status, StatusCode::OK, "{method} {headers:?}: {}", answer.text());
        touches_no_cookie(&answer);
        assert_eq!(answer.header("location"), None);
        if method == Method::GET {
            assert!(answer.text().contains("Sign out?"), "{headers:?}: {}", answer.text());
        }
        assert!(holds(&app, &tokens).await && is_signed_in(&browser).await, "{method} {headers:?}");
    }
    for headers in [&[("sec-fetch-dest", "document"), ("sec-fetch-mode", "navigate")][..], &[]] {
        let browser = Browser::new(&app);
        let tokens = super::logout_delivery::tokens(&app, &browser).await;
        let answer = sent(&browser, Method::GET, &with_hint(&tokens), headers).await;
        assert!(answer.text().contains("You are signed out"), "{}", answer.text());
        assert!(!holds(&app, &tokens).await);
    }
}

#[tokio::test]
async fn a_form_that_is_no_navigation_signs_nobody_out() {
    let app = app().await;
    let browser = Browser::new(&app);
    let tokens = tokens(&app, &browser).await;
    let page = form(&browser.get("/end_session").await);
    let fields: Vec<_> = page.hidden.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let request = Request::post(&page.action).header("sec-fetch-dest", "empty");
    let fields = [&fields[..], &[("action", "sign_out_everywhere")]].concat();
    let answer = browser.send(super::client::with_form(request, &fields)).await;
    touches_no_cookie(&answer);
    assert!(holds(&app, &tokens).await && is_signed_in(&browser).await);
}

#[tokio::test]
async fn a_form_that_another_site_posts_touches_no_cookie_and_ends_nothing() {
    let app = app().await;
    let browser = Browser::new(&app);
    let tokens = tokens(&app, &browser).await;
    for (path, fields) in [
        ("/end_session/confirm", &[][..]),
        ("/end_session/confirm", &[("action", "sign_out")]),
        ("/end_session/confirm?client_id=web", &[("action", "sign_out_everywhere"), ("form_token", "AAAA")]),
        ("/end_session/confirm", &[("action", "stay"), ("subject", "user-00")]),
    ] {
        // A browser sends no cookie with it. The answer takes none away either.
        let stranger = Browser::new(&app);
        for browser in [&stranger, &browser] {
            let answer = browser.post(path, fields).await;
            touches_no_cookie(&answer);
            assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
            let shown = browser.follow(answer).await;
            touches_no_cookie(&shown);
            assert!(!shown.text().contains("You are signed out"), "{}", shown.text());
        }
    }
    assert!(holds(&app, &tokens).await && is_signed_in(&browser).await);
}

#[tokio::test]
async fn a_page_never_says_signed_out_where_nothing_ended() {
    let app = app().await;
    let browser = Browser::new(&app);
    for target in ["/end_session", "/end_session?client_id=web", "/end_session/done"] {
        let page = browser.get(target).await;
        assert!(page.text().contains("You are not signed in"), "{target}: {}", page.text());
        touches_no_cookie(&page);
    }
    // Nor does a link that somebody else's sign-out led to.
    let other = Browser::new(&app);
    tokens(&app, &other).await;
    let page = form(&other.get("/end_session").await);
    let answer = other.submit(&page, &[("action", "sign_out")]).await;
    let link = answer.header("location").expect("a location");
    assert!(other.get(link).await.text().contains("You are signed out"));
    assert!(browser.get(link).await.text().contains("You are not signed in"));
    let forged = link.replace("ended=browser", "ended=everywhere");
    assert!(other.get(&forged).await.text().contains("You are not signed in"));
    // Where somebody is signed in by now, the same link says so.
    sign_in_as(&other, "bob").await;
    let shown = other.get(link).await;
    assert!(shown.text().contains("You are signed in<"), "{}", shown.text());
    assert!(shown.text().contains("bob"), "{}", shown.text());
}

#[tokio::test]
async fn a_second_press_leads_where_the_first_one_led() {
    for (action, says) in [("sign_out", "in this browser"), ("sign_out_everywhere", "on every device")] {
        let app = app().await;
        let browser = Browser::new(&app);
        tokens(&app, &browser).await;
        let secret = browser.cookie(SESSION).expect("a session");
        let page = form(&browser.get("/end_session").await);
        for with_secret in [true, false, true] {
            // The second press leaves before the answer to the first one has taken the cookie away, or after it.
            if with_secret {
                browser.set_cookie(SESSION, &secret);
            }
            let answer = browser.submit(&page, &[("action", action)]).await;
            assert_eq!(answer.status, StatusCode::SEE_OTHER, "Back and reload repeat nothing");
            let done = browser.follow(answer).await;
            assert!(done.text().contains("You are signed out"), "{}", done.text());
            assert!(done.text().contains(says), "{}", done.text());
        }
        let target = format!("/end_session?client_id=web&post_logout_redirect_uri={BYE}&state=s");
        let browser = Browser::new(&app);
        tokens(&app, &browser).await;
        let page = form(&browser.get(&target).await);
        for _ in 0..2 {
            let answer = browser.submit(&page, &[("action", action)]).await;
            assert_eq!(answer.header("location"), Some("https://app.example/bye?state=s"));
        }
    }
}

#[tokio::test]
async fn a_page_that_is_out_of_date_is_shown_again_for_the_state_of_now() {
    let app = app().await;
    let browser = Browser::new(&app);
    let adas = tokens(&app, &browser).await;
    let page = form(&browser.get("/end_session?client_id=web&state=s").await);
    // Somebody else signs in in another tab.
    sign_in_as(&browser, "bob").await;
    assert!(!holds(&app, &adas).await);
    for action in ["sign_out", "sign_out_everywhere", "stay"] {
        let answer = browser.submit(&page, &[("action", action)]).await;
        touches_no_cookie(&answer);
        let shown = browser.follow(answer).await;
        assert!(shown.text().contains("signed in as <strong><bdi>bob"), "{action}: {}", shown.text());
        assert!(shown.text().contains("out of date"), "{action}: {}", shown.text());
        assert!(!shown.text().contains("ookies"), "{action}: {}", shown.text());
        assert!(is_signed_in(&browser).await, "{action}");
        // It leads on, and keeps what the client sent.
        assert_eq!(form(&shown).action, "/end_session/confirm?client_id=web&state=s");
    }
    let shown = browser.follow(browser.submit(&page, &[("action", "sign_out")]).await).await;
    let done = browser.submit_and_follow(&form(&shown), &[("action", "sign_out")]).await;
    assert!(done.text().contains("You are signed out"), "{}", done.text());
    assert!(!is_signed_in(&browser).await);
}

#[tokio::test]
async fn a_page_that_stayed_open_for_too_long_asks_again_even_where_the_hint_would_do() {
    let app = app().await;
    let browser = Browser::new(&app);
    let adas = tokens(&app, &browser).await;
    sign_in_as(&browser, "bob").await;
    let page = form(&browser.get(&with_hint(&adas)).await);
    sign_in_as(&browser, "ada").await;
    app.hand.step(2 * 3600);
    // "Stay signed in" on a page of two hours ago must not become a sign-out by its hint.
    let shown = browser.submit_and_follow(&page, &[("action", "stay")]).await;
    assert!(shown.text().contains("signed in as <strong><bdi>ada"), "{}", shown.text());
    assert!(is_signed_in(&browser).await);
}

#[tokio::test]
async fn a_browser_without_any_cookie_is_told_about_cookies_and_no_other() {
    let app = app().await;
    let browser = Browser::new(&app);
    tokens(&app, &browser).await;
    let page = form(&browser.get("/end_session").await);
    let blocked = Browser::new(&app);
    let answer = blocked.submit(&page, &[("action", "sign_out")]).await;
    let location = answer.header("location").expect("a location").to_owned();
    let shown = app.get(&location).await;
    assert!(shown.text().contains("allow cookies"), "{}", shown.text());
    let lost = Browser::new(&app);
    lost.get("/end_session").await;
    let shown = lost
        .submit_and_follow(&Form { action: page.action.clone(), hidden: vec![], options: None }, &[])
        .await;
    assert!(shown.text().contains("You are not signed in"), "{}", shown.text());
    assert!(!shown.text().contains("cookie"), "{}", shown.text());
}
