//! What clients are told that did not prove who they are, or that sent a body nobody reads.

use axum::body::Body;
use http::{Request, StatusCode, header};

use super::browser::{Browser, form};
use super::client::{SECRET, authorize, web, with_form};
use crate::app::TestApp;

/// The endpoints where clients authenticate.
const ENDPOINTS: [&str; 5] = ["/token", "/par", "/introspect", "/revoke", "/device_authorization"];

#[tokio::test]
async fn only_a_client_that_used_the_header_is_challenged_for_it() {
    let app = TestApp::new().await;
    app.add_client("web", web()).await;
    for path in ENDPOINTS {
        for scheme in ["Basic d2ViOndyb25n", "Basic !", "Bearer token"] {
            let request = Request::post(path).header(header::AUTHORIZATION, scheme);
            let answer = app.send(with_form(request, &[("token", "x")])).await;
            assert_eq!(
                (answer.status, &answer.json()["error"]),
                (StatusCode::UNAUTHORIZED, &"invalid_client".into()),
                "{path} {scheme}"
            );
            assert_eq!(answer.header("www-authenticate"), Some("Basic realm=\"token\""), "{path} {scheme}");
        }
        for fields in [
            vec![("client_id", "web"), ("client_secret", "wrong")],
            vec![("client_id", "web")],
            vec![("client_id", "nobody"), ("client_secret", SECRET)],
            vec![("token", "x")],
            vec![
                ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
                ("client_assertion", "e30.e30.e30"),
            ],
        ] {
            let answer = app.post_form(path, &fields).await;
            assert_eq!(
                (answer.status, &answer.json()["error"]),
                (StatusCode::BAD_REQUEST, &"invalid_client".into()),
                "{path} {fields:?}"
            );
            assert_eq!(answer.header("www-authenticate"), None, "{path} {fields:?}");
        }
    }
}

#[tokio::test]
async fn a_public_client_that_may_not_introspect_is_asked_for_no_password() {
    let app = TestApp::new().await;
    let mut public = web();
    public["token_endpoint_auth_method"] = "none".into();
    public["grant_types"] = serde_json::json!(["authorization_code"]);
    app.add_client("app", public).await;
    let answer = app.post_form("/introspect", &[("client_id", "app"), ("token", "x")]).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.text());
    assert_eq!(answer.header("www-authenticate"), None);
}

#[tokio::test]
async fn scripts_may_read_the_date_wherever_they_may_read_when_to_come_again() {
    let app = TestApp::new().await;
    for path in ENDPOINTS.into_iter().chain(["/register", "/userinfo"]) {
        let request = Request::post(path).header(header::ORIGIN, "https://app.example");
        let answer = app.send(with_form(request, &[])).await;
        let exposed = answer.header("access-control-expose-headers").expect("exposed headers");
        let names: Vec<_> = exposed.split(", ").collect();
        assert!(names.contains(&"Retry-After") && names.contains(&"Date"), "{path}: {exposed}");
    }
}

#[tokio::test]
async fn a_compressed_body_is_refused_with_what_would_be_taken() {
    let app = TestApp::new().await;
    app.add_client("web", web()).await;
    let paths = ENDPOINTS.into_iter().chain([
        "/register",
        "/userinfo",
        "/api/token/",
        "/api/token/refresh/",
        "/api/token/verify/",
        "/api/token/blacklist/",
        "/authorize",
        "/authorize/sign-in?x",
        "/device",
        "/end_session",
    ]);
    for path in paths {
        for (name, coding, refused) in [
            ("content-encoding", "gzip", true),
            ("content-encoding", "identity, br", true),
            ("transfer-encoding", "gzip, chunked", true),
            ("content-encoding", "identity", false),
            ("transfer-encoding", "chunked", false),
        ] {
            let request = Request::post(path).header(name, coding);
            let answer = app.send(with_form(request, &[("a", "b")])).await;
            assert_eq!(
                answer.status == 415,
                refused,
                "{path} {name}: {coding}: {} {}",
                answer.status,
                answer.text()
            );
            assert_eq!(answer.header("accept-encoding"), refused.then_some("identity"), "{path} {coding}");
        }
    }
}

#[tokio::test]
async fn a_password_that_nobody_can_have_is_told_so_on_the_page() {
    let app = TestApp::new().await;
    app.add_client("web", web()).await;
    let browser = Browser::new(&app);
    let long = "x".repeat(5_000);
    for (username, password, told) in [
        ("ada", long.as_str(), "The password is too long: it has 5000 bytes, at most 4096 are allowed."),
        ("ada", "null\0character", "The password contains a null character."),
        ("ada", "two\nlines", "The password contains a line break."),
        ("ada", " ", "Enter your username and password."),
        ("ad\0a", "correct horse", "A username must not contain control characters."),
    ] {
        let page = browser.get(&authorize(&[])).await;
        let answer = browser.submit(&form(&page), &[("username", username), ("password", password)]).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        assert!(answer.text().contains(told), "{told}: {}", answer.text());
    }
    // What a paste brings along is no part of it.
    let page = browser.get(&authorize(&[])).await;
    let answer =
        browser.submit(&form(&page), &[("username", "ada"), ("password", "correct horse\r\n")]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
}

#[tokio::test]
async fn a_body_without_content_says_nothing_whatever_its_type() {
    let app = TestApp::new().await;
    let request = Request::post("/token").header(header::CONTENT_TYPE, "text/plain").body(Body::empty());
    let answer = app.send(request.expect("a request")).await;
    assert_eq!((answer.status, &answer.json()["error"]), (StatusCode::BAD_REQUEST, &"invalid_client".into()));
}
