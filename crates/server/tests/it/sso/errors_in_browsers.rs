//! What a person at a browser sees where a request leads nowhere: a page, and never raw JSON.

use axum::body::Body;
use http::{Method, Request, StatusCode, header};

use super::browser::{Browser, form};
use super::client::{authorize, web};
use crate::app::{Answer, PASSWORD, TestApp};

const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

async fn app() -> TestApp {
    let app = TestApp::new().await;
    app.add_client("web", web()).await;
    app
}

async fn ask(app: &TestApp, method: Method, target: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = Request::builder().method(method).uri(target);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    app.send(request.body(Body::empty()).expect("a request")).await
}

#[track_caller]
fn is_page(answer: &Answer, code: &str, why: &str) {
    assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"), "{why}: {}", answer.text());
    let text = answer.text();
    assert!(text.contains("<h1>") && text.contains(&format!("<code>{code}</code>")), "{why}: {text}");
    let policy = answer.header("content-security-policy").expect("a policy");
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{policy}");
}

#[tokio::test]
async fn a_person_is_shown_a_page_and_a_program_is_told_in_json() {
    let app = app().await;
    let long = |path: &str| format!("{path}?x={}", "y".repeat(9_000));
    let (nowhere, device) = (long("/nowhere"), long("/device"));
    for (method, target, status, code) in [
        (Method::GET, "/nowhere", 404, "not_found"),
        (Method::POST, "/nowhere/else", 404, "not_found"),
        (Method::PUT, "/authorize", 405, "method_not_allowed"),
        (Method::DELETE, "/authorize/sign-in", 405, "method_not_allowed"),
        (Method::PATCH, "/end_session", 405, "method_not_allowed"),
        (Method::POST, "/device/confirm", 405, "method_not_allowed"),
        (Method::POST, "/end_session/done", 405, "method_not_allowed"),
        (Method::GET, &nowhere, 414, "target_too_long"),
        (Method::GET, &device, 414, "target_too_long"),
    ] {
        let why = format!("{method} {}", &target[..target.len().min(30)]);
        for headers in [
            &[("accept", BROWSER)][..],
            &[("accept", "*/*"), ("sec-fetch-dest", "document"), ("sec-fetch-mode", "navigate")],
            &[("accept", BROWSER), ("sec-fetch-dest", "iframe")],
        ] {
            let page = ask(&app, method.clone(), target, headers).await;
            assert_eq!(page.status, status, "{why}");
            is_page(&page, code, &why);
            assert_eq!(page.header("allow").is_some(), status == 405, "{why}");
        }
        for headers in
            [&[][..], &[("accept", "application/json")], &[("accept", BROWSER), ("sec-fetch-dest", "empty")]]
        {
            let told = ask(&app, method.clone(), target, headers).await;
            assert_eq!(
                (told.status.as_u16(), told.header("content-type")),
                (status, Some("application/json"))
            );
            assert!(told.json()["detail"].is_string(), "{why}: {}", told.text());
        }
    }
}

#[tokio::test]
async fn an_endpoint_for_programs_tells_a_client_in_json_even_if_that_says_it_takes_html() {
    let app = app().await;
    for path in ["/token", "/api/token/", "/par", "/userinfo/x", "/register/x/y", "/.well-known/x"] {
        let told = ask(&app, Method::PATCH, path, &[("accept", "text/html, *; q=.2, */*; q=.2")]).await;
        if path != "/userinfo/x" {
            assert_eq!(told.header("content-type"), Some("application/json"), "{path}: {}", told.text());
        }
        assert!(told.status == 404 || told.status == 405, "{path}");
    }
    let pressed = ask(&app, Method::GET, "/token", &[("sec-fetch-dest", "document")]).await;
    assert_eq!((pressed.status.as_u16(), pressed.header("allow")), (405, Some("POST")));
    is_page(&pressed, "method_not_allowed", "a person who opened it");
}

#[tokio::test]
async fn the_address_of_a_form_leads_to_the_page_with_the_form() {
    let app = app().await;
    let browser = Browser::new(&app);
    let sign_in = form(&browser.get(&authorize(&[])).await);
    let wrong = browser.press(&sign_in, &[("username", "ada"), ("password", "wrong")]).await;
    let with_progress = form(&browser.follow(wrong).await).action;
    for action in [sign_in.action.clone(), with_progress, sign_in.action.replace("sign-in", "consent")] {
        let lead = browser.get(&action).await;
        assert_eq!(lead.status, StatusCode::SEE_OTHER, "{action}");
        let page = browser.follow(lead).await;
        assert_eq!(form(&page).action.split('?').next(), Some("/authorize/sign-in"), "{}", page.text());
    }
    // What belongs into a form has no place in an address, and goes no further.
    let typed = format!("{}&username=ada&password={PASSWORD}&action=sign_in&form_token=x", sign_in.action);
    let lead = browser.get(&typed.replace(' ', "+")).await;
    let location = lead.header("location").expect("a location");
    for field in ["username", "password", "action", "form_token"] {
        assert!(!location.contains(&format!("{field}=")), "{location}");
    }
    for (action, page) in [
        (
            "/device/sign-in?user_code=BCDF-GHJK&typed=x&username=ada",
            "/device/confirm?user_code=BCDF-GHJK&typed=x",
        ),
        ("/device/decide?user_code=BCDF-GHJK", "/device/confirm?user_code=BCDF-GHJK"),
        ("/device/decide", "/device"),
        ("/end_session/confirm?client_id=web&state=x&action=sign_out", "/end_session?client_id=web&state=x"),
    ] {
        let lead = browser.get(action).await;
        assert_eq!((lead.status, lead.header("location")), (StatusCode::SEE_OTHER, Some(page)), "{action}");
        assert_eq!(lead.header(header::SET_COOKIE.as_str()), None, "{action}");
    }
}
