//! Request identifiers.

use axum::body::Body;
use http::Request;
use jeton_server::{ForwardingHeader, TrustedProxies};

use crate::app::{Answer, ELSEWHERE, HOME, TestApp};

async fn behind_a_proxy() -> TestApp {
    let proxies = TrustedProxies::new(
        [format!("{HOME}/32").parse().expect("a network")],
        ForwardingHeader::XForwardedFor,
    );
    TestApp::with(|settings| settings, |service| service.trusted_proxies(proxies)).await
}

async fn ask(app: &TestApp, peer: &str, ids: &[&str]) -> Answer {
    let mut request = Request::get("/healthz");
    for id in ids {
        request = request.header("x-request-id", *id);
    }
    app.send_from(peer, request.body(Body::empty()).expect("a request")).await
}

#[tokio::test]
async fn every_answer_carries_an_identifier_of_its_own() {
    let app = TestApp::new().await;
    let mut seen = std::collections::HashSet::new();
    for path in ["/healthz", "/.well-known/jwks.json", "/nowhere", "/api/token/", "/healthz"] {
        let answer = app.get(path).await;
        assert!(seen.insert(answer.header("x-request-id").expect("an identifier").to_owned()));
    }
}

#[tokio::test]
async fn a_trusted_proxys_identifier_is_kept() {
    let app = behind_a_proxy().await;
    let answer = ask(&app, HOME, &["a1b2-c3.d4_E5"]).await;
    assert_eq!(answer.header("x-request-id"), Some("a1b2-c3.d4_E5"));
}

#[tokio::test]
async fn anybody_elses_identifier_is_not() {
    let app = behind_a_proxy().await;
    let answer = ask(&app, ELSEWHERE, &["a1b2"]).await;
    assert_ne!(answer.header("x-request-id"), Some("a1b2"));
}

#[tokio::test]
async fn an_identifier_that_is_not_well_formed_is_replaced() {
    let app = behind_a_proxy().await;
    let long = "x".repeat(65);
    for ids in [&["a b"][..], &["a\"b"], &[""], &[&long], &["a", "b"], &["<script>"], &["a,b"]] {
        let answer = ask(&app, HOME, ids).await;
        let id = answer.header("x-request-id").expect("an identifier");
        assert!(!ids.contains(&id), "{ids:?}");
    }
}
