//! The token debugger: one file that runs its own script alone, and sends nothing.

use axum::body::Body;
use base64_turbo::STANDARD;
use http::{Request, StatusCode};
use jeton_authority::settings::Settings;
use sha2::{Digest, Sha256};

use crate::app::{Answer, TestApp};

/// What a page may weigh.
const HEAVIEST: usize = 50_000;

fn between<'t>(text: &'t str, start: &str, end: &str) -> &'t str {
    let (_, rest) = text.split_once(start).expect(start);
    rest.split_once(end).expect(end).0
}

fn policy(page: &Answer) -> &str {
    page.header("content-security-policy").expect("a policy")
}

#[tokio::test]
async fn the_policy_names_the_very_script_and_style_of_the_page() {
    let app = TestApp::new().await;
    let page = app.get("/debugger").await;
    assert_eq!(page.status, StatusCode::OK);
    let script = between(page.text(), "<script type=\"module\">", "</script>");
    let style = between(page.text(), "<style>", "</style>");
    let hash = |text: &str| STANDARD.encode(Sha256::digest(text));
    let wanted = format!(
        "default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'",
        hash(script),
        hash(style)
    );
    assert_eq!(policy(&page), format!("{wanted}; frame-ancestors 'none'"));
    // Without headers, as a saved file, the page is held to the same.
    assert!(
        page.text().contains(&format!("<meta http-equiv=\"Content-Security-Policy\" content=\"{wanted}\">"))
    );
    assert_eq!(page.text().matches("<script").count(), 1);
    assert_eq!(page.text().matches("<style").count(), 1);
}

#[tokio::test]
async fn the_page_has_the_headers_of_every_page() {
    let app = TestApp::new().await;
    let (debugger, other) = (app.get("/debugger").await, app.get("/end_session").await);
    for name in
        ["content-type", "cache-control", "x-content-type-options", "referrer-policy", "x-frame-options"]
    {
        assert_eq!(debugger.header(name), other.header(name), "{name}");
        assert!(debugger.header(name).is_some(), "{name}");
    }
    assert_eq!(debugger.header("set-cookie"), None);
    assert_eq!(debugger.header("vary"), Some("accept-encoding"));
}

#[tokio::test]
async fn nothing_in_the_page_leads_elsewhere_or_needs_a_laxer_policy() {
    let app = TestApp::new().await;
    let page = app.get("/debugger").await;
    for forbidden in
        [" style=", " onclick=", " onload=", "innerHTML", "eval(", "localStorage", "sessionStorage"]
    {
        assert!(!page.text().contains(forbidden), "{forbidden}");
    }
    for forbidden in [" src=", "<link", "@import", "<iframe", "sendBeacon", "WebSocket", "XMLHttpRequest"] {
        assert!(!page.text().contains(forbidden), "{forbidden}");
    }
    assert!(!between(page.text(), "<style>", "</style>").contains("url("));
    assert_eq!(page.text().matches("fetch(").count(), 1, "for this issuer's metadata and keys");
    let noscript = between(page.text(), "<noscript>", "</noscript>");
    assert!(noscript.contains("jeton jwt decode") && noscript.contains("jeton jwt verify"), "{noscript}");
}

#[tokio::test]
async fn the_page_weighs_less_than_a_page_may() {
    let app = TestApp::new().await;
    let request = Request::get("/debugger").header("accept-encoding", "gzip, deflate, br, zstd");
    let page = app.send(request.body(Body::empty()).expect("a request")).await;
    assert_eq!(page.header("content-encoding"), Some("deflate"));
    assert!(page.body.len() < HEAVIEST, "{} bytes", page.body.len());
    let inflated = miniz_oxide::inflate::decompress_to_vec_zlib(&page.body).expect("zlib");
    assert_eq!(inflated, app.get("/debugger").await.body);
}

#[tokio::test]
async fn it_is_read_and_nothing_else() {
    let app = TestApp::new().await;
    let send = async |method: &str| {
        app.send(Request::builder().method(method).uri("/debugger").body(Body::empty()).expect("a request"))
            .await
    };
    let head = send("HEAD").await;
    assert_eq!((head.status, head.text()), (StatusCode::OK, ""));
    assert!(head.header("content-security-policy").is_some());
    let post = send("POST").await;
    assert_eq!(post.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(post.header("allow"), Some("GET, HEAD"));
}

#[tokio::test]
async fn an_issuer_with_a_path_has_it_below_the_path() {
    let app = TestApp::with(
        |settings| {
            let mut own = Settings::new("https://host.example/auth");
            own.password.argon2 = settings.password.argon2;
            own
        },
        |service| service,
    )
    .await;
    for path in ["/auth/debugger", "/debugger"] {
        let page = app.get(path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        // The page finds the metadata beside itself, so it is the same file everywhere.
        assert!(page.text().contains("new URL(\".well-known/openid-configuration\", location.href)"));
    }
    assert_eq!(app.get("/auth/.well-known/openid-configuration").await.status, StatusCode::OK);
}

#[tokio::test]
async fn every_code_that_it_shows_is_one_of_jetons() {
    let app = TestApp::new().await;
    let page = app.get("/debugger").await;
    let listed = include_str!("../../../../../docs/errors.md");
    let mut codes = 0;
    for start in ["Flaw(\"", "mismatch(\"", "code: \""] {
        for rest in page.text().split(start).skip(1) {
            let code = rest.split('"').next().unwrap_or_default();
            if !code.is_empty() {
                assert!(listed.contains(&format!("| `{code}` |")), "{code} is not in docs/errors.md");
                codes += 1;
            }
        }
    }
    assert!(codes > 60, "{codes}");
}
