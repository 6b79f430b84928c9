//! Scripts of other origins: what they may ask, and that they may read the answer, whatever it is (Fetch §3.3).

use axum::body::Body;
use http::{HeaderName, Method, Request, StatusCode, header};
use jeton_server::{ForwardingHeader, TrustedProxies};

use super::certificates::{HEADER, PROXY, certificate, header_of};
use super::client::{authorize, web, with_form};
use crate::app::{Answer, TestApp};

const ORIGIN: &str = "https://app.example";

/// Every address that scripts of all origins may ask.
const FOR_SCRIPTS: [&str; 12] = [
    "/token",
    "/device_authorization",
    "/par",
    "/introspect",
    "/register",
    "/register/some-client",
    "/revoke",
    "/userinfo",
    "/.well-known/jwks.json",
    "/.well-known/openid-configuration",
    "/.well-known/oauth-authorization-server",
    "/.well-known/nothing-here",
];

async fn app() -> TestApp {
    let app = TestApp::new().await;
    app.add_client("web", web()).await;
    app
}

async fn ask(app: &TestApp, method: Method, path: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    app.send(request.body(Body::empty()).expect("a request")).await
}

fn varies(answer: &Answer) -> Vec<String> {
    let values = answer.headers.get_all(header::VARY).iter().map(|value| value.to_str().expect("text"));
    values.flat_map(|value| value.split(", ")).map(str::to_owned).collect()
}

/// The script of [`ORIGIN`] may read the answer, also where it had the browser send cookies.
#[track_caller]
fn is_readable(answer: &Answer, why: &str) {
    assert_eq!(answer.header("access-control-allow-origin"), Some(ORIGIN), "{why}");
    assert_eq!(answer.header("access-control-allow-credentials"), Some("true"), "{why}");
    assert!(varies(answer).contains(&"Origin".to_owned()), "{why}: {:?}", answer.headers);
    let exposed = answer.header("access-control-expose-headers").expect("exposed headers");
    for name in ["DPoP-Nonce", "WWW-Authenticate", "Retry-After"] {
        assert!(exposed.split(", ").any(|exposed| exposed == name), "{why}: {exposed}");
    }
}

#[tokio::test]
async fn a_browser_that_asks_whether_it_may_ask_is_told_yes_for_any_header() {
    let app = app().await;
    for path in FOR_SCRIPTS {
        for method in ["GET", "POST", "PUT", "DELETE"] {
            for asked in ["authorization", "x-requested-with", "dpop,content-type,traceparent,x-any-thing"] {
                let headers = [
                    ("origin", ORIGIN),
                    ("access-control-request-method", method),
                    ("access-control-request-headers", asked),
                ];
                let answer = ask(&app, Method::OPTIONS, path, &headers).await;
                let why = format!("{method} {path} with {asked}");
                assert_eq!(answer.status, StatusCode::NO_CONTENT, "{why}: {}", answer.text());
                assert_eq!(answer.header("access-control-allow-headers"), Some(asked), "{why}");
                let methods = answer.header("access-control-allow-methods").expect("methods");
                assert!(methods.split(", ").any(|allowed| allowed == method), "{why}: {methods}");
                assert!(varies(&answer).contains(&"Access-Control-Request-Headers".to_owned()), "{why}");
                is_readable(&answer, &why);
            }
        }
        let plain = [("origin", ORIGIN), ("access-control-request-method", "GET")];
        let answer = ask(&app, Method::OPTIONS, path, &plain).await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT, "{path}");
    }
}

#[tokio::test]
async fn scripts_may_read_why_they_were_refused() {
    let app = app().await;
    for path in FOR_SCRIPTS {
        let long = format!("{path}?{}", "x".repeat(9_000));
        for (method, target, expected) in [
            (Method::PATCH, path, None),
            (Method::GET, path, None),
            (Method::POST, path, None),
            (Method::OPTIONS, path, None),
            (Method::GET, long.as_str(), Some(StatusCode::URI_TOO_LONG)),
        ] {
            let answer = ask(&app, method.clone(), target, &[("origin", ORIGIN)]).await;
            assert!(expected.is_none_or(|status| answer.status == status), "{method} {path}");
            is_readable(&answer, &format!("{method} {path}: {}", answer.status));
        }
    }
    let large = "x".repeat(70_000);
    for path in ["/token", "/register", "/userinfo"] {
        let request = Request::post(path).header(header::ORIGIN, ORIGIN);
        let answer = app.send(with_form(request, &[("x", &large)])).await;
        is_readable(&answer, path);
        let request = Request::post(path).header(header::ORIGIN, ORIGIN).header("content-encoding", "gzip");
        is_readable(&app.send(with_form(request, &[("x", "y")])).await, path);
    }
}

#[tokio::test]
async fn an_answer_that_names_no_origin_is_for_all_of_them_and_caches_keep_them_apart() {
    let app = app().await;
    for path in FOR_SCRIPTS {
        let answer = ask(&app, Method::GET, path, &[]).await;
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"), "{path}");
        assert_eq!(answer.header("access-control-allow-credentials"), None, "{path}");
        assert!(varies(&answer).contains(&"Origin".to_owned()), "{path}");
    }
}

#[tokio::test]
async fn what_reads_a_cookie_is_for_no_other_origin() {
    let app = app().await;
    let authorize = authorize(&[]);
    for path in [
        authorize.as_str(),
        "/authorize/sign-in",
        "/end_session",
        "/end_session/confirm",
        "/device",
        "/nowhere",
    ] {
        for method in [Method::GET, Method::OPTIONS, Method::POST] {
            let headers = [("origin", ORIGIN), ("access-control-request-method", "GET")];
            let answer = ask(&app, method.clone(), path, &headers).await;
            let allowed = answer.headers.keys().find(|name| name.as_str().starts_with("access-control-"));
            assert_eq!(allowed, None, "{method} {path}");
        }
    }
}

#[tokio::test]
async fn no_script_reads_what_a_certificate_of_its_user_gave() {
    let proxies =
        TrustedProxies::new(["10.0.0.0/8".parse().expect("a network")], ForwardingHeader::default());
    let app = TestApp::with(
        |settings| settings,
        |service| service.trusted_proxies(proxies).client_certificate_header(HeaderName::from_static(HEADER)),
    )
    .await;
    let shown = header_of(&certificate("web"));
    let request = || Request::post("/token").header(header::ORIGIN, ORIGIN);
    let answer = app.send_from(PROXY, with_form(request().header(HEADER, &shown), &[])).await;
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    assert_eq!(answer.header("access-control-allow-credentials"), None);
    is_readable(&app.send_from(PROXY, with_form(request(), &[])).await, "without one");
}
