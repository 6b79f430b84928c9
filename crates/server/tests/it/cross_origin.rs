//! Front ends on another origin than the token API, as django-cors-headers served them.

use std::time::Duration;

use axum::body::Body;
use http::{Method, Request, header};
use jeton_server::{Limits, Origins, TokenApiOptions};

use crate::app::{Answer, PASSWORD, TestApp};
use crate::logs::Log;

const FRONT_END: &str = "https://app.example.com";
const STRANGER: &str = "https://elsewhere.example";
const PATHS: [&str; 6] = [
    "/api/token/",
    "/api/token",
    "/api/token/second-factor/",
    "/api/token/refresh/",
    "/api/token/verify/",
    "/api/token/blacklist/",
];

async fn app(origins: &[&str]) -> TestApp {
    let origins = Origins::parse(origins.iter().copied()).expect("origins");
    let options = TokenApiOptions { origins, ..TokenApiOptions::default() };
    TestApp::with(|settings| settings, |service| service.token_api_options(options)).await
}

async fn preflight(app: &TestApp, path: &str, origin: &str) -> Answer {
    let request = Request::builder()
        .method(Method::OPTIONS)
        .uri(path)
        .header(header::HOST, "auth.example")
        .header(header::ORIGIN, origin)
        .header(header::ACCESS_CONTROL_REQUEST_METHOD, "POST")
        .header(header::ACCESS_CONTROL_REQUEST_HEADERS, "content-type,x-csrftoken,sentry-trace");
    app.send(request.body(Body::empty()).expect("a request")).await
}

async fn post(app: &TestApp, path: &str, origin: &str, body: &str) -> Answer {
    let request = Request::post(path)
        .header(header::HOST, "auth.example")
        .header(header::ORIGIN, origin)
        .header(header::CONTENT_TYPE, "application/json");
    app.send(request.body(Body::from(body.to_owned())).expect("a request")).await
}

fn allowed(answer: &Answer) -> Option<&str> {
    answer.header("access-control-allow-origin")
}

#[tokio::test]
async fn a_listed_origin_may_ask_with_any_header_and_read_every_answer() {
    let app = app(&["http://localhost:5173", FRONT_END]).await;
    for path in PATHS {
        for origin in [FRONT_END, "http://localhost:5173"] {
            let answer = preflight(&app, path, origin).await;
            assert!(answer.status.is_success(), "{path}");
            assert_eq!(allowed(&answer), Some(origin));
            assert_eq!(answer.header("access-control-allow-methods"), Some("POST, OPTIONS"));
            let headers = answer.header("access-control-allow-headers");
            assert_eq!(headers, Some("content-type,x-csrftoken,sentry-trace"));
            assert!(answer.header("access-control-max-age").is_some());
        }
        for body in ["{}", "{", "[]"] {
            let answer = post(&app, path, FRONT_END, body).await;
            assert_eq!(answer.status, 400, "{path}");
            assert_eq!(allowed(&answer), Some(FRONT_END));
            assert_eq!(answer.header("access-control-allow-credentials"), Some("true"));
            let varies: Vec<_> = answer.headers.get_all("vary").iter().collect();
            assert_eq!(varies, ["Accept", "Origin"]);
        }
    }
    let credentials = serde_json::json!({"username": "ada", "password": PASSWORD}).to_string();
    let answer = post(&app, "/api/token/", FRONT_END, &credentials).await;
    assert_eq!(allowed(&answer), Some(FRONT_END));
    answer.pair();
}

#[tokio::test]
async fn errors_that_no_endpoint_makes_can_be_read_too() {
    let origins = Origins::parse([FRONT_END]).expect("an origin");
    let options = TokenApiOptions { origins, ..TokenApiOptions::default() };
    let limits = Limits { request_time: Duration::ZERO, ..Limits::default() };
    let app =
        TestApp::with(|settings| settings, |service| service.token_api_options(options).limits(limits)).await;
    let body = serde_json::json!({"username": "ada", "password": PASSWORD}).to_string();
    let answer = post(&app, "/api/token/", FRONT_END, &body).await;
    assert_eq!(answer.status, 503, "{}", answer.text());
    assert_eq!(allowed(&answer), Some(FRONT_END));

    let app = self::app(&[FRONT_END]).await;
    let request = Request::get("/api/token/").header(header::ORIGIN, FRONT_END);
    let answer = app.send(request.body(Body::empty()).expect("a request")).await;
    assert_eq!((answer.status.as_u16(), allowed(&answer)), (405, Some(FRONT_END)));
    let large = post(&app, "/api/token/", FRONT_END, &"x".repeat(1 << 20)).await;
    assert_eq!((large.status.as_u16(), allowed(&large)), (413, Some(FRONT_END)));
}

#[tokio::test]
async fn an_origin_that_is_not_listed_is_served_and_not_allowed_to_read() {
    for listed in [&[][..], &[FRONT_END]] {
        let app = app(listed).await;
        for path in PATHS {
            let answer = preflight(&app, path, STRANGER).await;
            assert_eq!(allowed(&answer), None, "{path}");
            for near in ["https://app.example.com.evil.example", "http://app.example.com", "null"] {
                assert_eq!(allowed(&post(&app, path, near, "{}").await), None, "{near}");
            }
        }
        // What is no browser may send such a header, and one behind a proxy sees another origin than the server does.
        let credentials = serde_json::json!({"username": "ada", "password": PASSWORD}).to_string();
        post(&app, "/api/token/", STRANGER, &credentials).await.pair();
    }
}

#[tokio::test]
async fn a_star_lets_every_origin_in_without_credentials() {
    let app = app(&["*"]).await;
    for origin in [FRONT_END, STRANGER, "null"] {
        assert_eq!(allowed(&preflight(&app, "/api/token/", origin).await), Some("*"));
        let answer = post(&app, "/api/token/", origin, "{}").await;
        assert_eq!(allowed(&answer), Some("*"));
        assert_eq!(answer.header("access-control-allow-credentials"), None);
        assert_eq!(answer.header("vary"), Some("Accept"));
    }
}

#[tokio::test]
async fn options_without_a_preflight_still_describes_the_endpoint() {
    let app = app(&[FRONT_END]).await;
    let request =
        Request::builder().method(Method::OPTIONS).uri("/api/token/").header(header::ORIGIN, FRONT_END);
    let answer = app.send(request.body(Body::empty()).expect("a request")).await;
    assert_eq!(answer.json()["name"], "Token Obtain Pair");
    assert_eq!(allowed(&answer), Some(FRONT_END));
}

#[tokio::test]
async fn the_log_names_the_setting_and_the_origin_that_was_refused() {
    let app = app(&[FRONT_END]).await;
    let (log, _guard) = Log::collect();
    preflight(&app, "/api/token/", STRANGER).await;
    post(&app, "/api/token/", &format!("https://{}.example", "x".repeat(5_000)), "{}").await;
    // The authority's own pages, under either name, and front ends that are listed.
    for own in ["https://auth.example", "http://auth.example", FRONT_END] {
        post(&app, "/api/token/", own, "{}").await;
    }
    let refusals: Vec<_> =
        log.events().into_iter().filter(|event| event["code"] == "origin_not_allowed").collect();
    assert_eq!(refusals.len(), 2, "{refusals:?}");
    assert_eq!((&refusals[0]["level"], &refusals[0]["origin"]), (&"INFO".into(), &STRANGER.into()));
    assert!(refusals[0]["message"].as_str().is_some_and(|text| text.contains("token_api.origins")));
    assert!(refusals[1]["origin"].as_str().is_some_and(|origin| origin.len() < 500));
}
