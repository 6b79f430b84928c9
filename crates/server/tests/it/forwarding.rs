//! What proxies say of where a request came from, as the log and the throttle see it.

use axum::body::Body;
use http::{Request, StatusCode, header};
use jeton_server::{ForwardingHeader, TrustedProxies};
use serde_json::json;

use crate::app::{Answer, HOME, TestApp};
use crate::logs::Log;

const PROXY: &str = "10.0.0.1";

async fn behind(header: ForwardingHeader) -> TestApp {
    let proxies = TrustedProxies::new(["10.0.0.0/8".parse().expect("a network")], header);
    TestApp::with(|settings| settings, |service| service.trusted_proxies(proxies)).await
}

async fn sign_in(app: &TestApp, peer: &str, forwarded: &str, username: &str, password: &str) -> Answer {
    let request = Request::post("/api/token/")
        .header(header::CONTENT_TYPE, "application/json")
        .header("x-forwarded-for", forwarded)
        .body(Body::from(json!({"username": username, "password": password}).to_string()))
        .expect("a request");
    app.send_from(peer, request).await
}

#[tokio::test]
async fn a_forwarding_header_of_an_untrusted_peer_is_logged_once_with_the_setting_that_would_trust_it() {
    let (log, _guard) = Log::collect();
    let app = TestApp::new().await;
    for _ in 0..20 {
        sign_in(&app, HOME, "203.0.113.9", "ada", "wrong").await;
    }
    let said: Vec<_> =
        log.events().into_iter().filter(|event| event["code"] == "proxy_not_trusted").collect();
    assert_eq!(said.len(), 1);
    assert_eq!((&said[0]["peer"], &said[0]["setting"]), (&json!(HOME), &json!("proxy.trusted")));
    assert!(said[0]["message"].as_str().is_some_and(|text| text.contains("proxy.trusted")));
}

#[tokio::test]
async fn peers_without_number_do_not_fill_the_log_with_their_headers() {
    let (log, _guard) = Log::collect();
    let app = TestApp::new().await;
    for last in 0..100 {
        sign_in(&app, &format!("198.51.100.{last}"), "203.0.113.9", "ada", "wrong").await;
    }
    let said = log.events().iter().filter(|event| event["code"] == "proxy_not_trusted").count();
    assert_eq!(said, 8);
}

#[tokio::test]
async fn an_entry_that_is_no_address_is_logged_once_a_minute_and_counted() {
    let (log, _guard) = Log::collect();
    let app = behind(ForwardingHeader::XForwardedFor).await;
    for _ in 0..20 {
        sign_in(&app, PROXY, "192.0.2.1, unknown", "ada", "wrong").await;
    }
    app.hand.step(60);
    sign_in(&app, PROXY, "192.0.2.1, unknown", "ada", "wrong").await;
    let said: Vec<_> =
        log.events().into_iter().filter(|event| event["code"] == "client_address_unknown").collect();
    assert_eq!(said.iter().map(|event| &event["requests"]).collect::<Vec<_>>(), [&json!(1), &json!(20)]);
    assert_eq!(said[0]["entry"], "unknown");
}

#[tokio::test]
async fn a_proxy_that_writes_the_other_header_is_logged_once() {
    let (log, _guard) = Log::collect();
    let app = behind(ForwardingHeader::Forwarded).await;
    for _ in 0..20 {
        sign_in(&app, PROXY, "203.0.113.9", "ada", "wrong").await;
    }
    let said: Vec<_> =
        log.events().into_iter().filter(|event| event["code"] == "proxy_header_differs").collect();
    assert_eq!(said.len(), 1);
    assert_eq!(said[0]["setting"], "proxy.header");
}

#[tokio::test]
async fn clients_of_unknown_networks_share_a_throttle_with_nobody_else() {
    let app = behind(ForwardingHeader::XForwardedFor).await;
    for _ in 0..5 {
        let answer = sign_in(&app, PROXY, "192.0.2.1, unknown", "ada", "wrong").await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    }
    for forwarded in ["unknown", "192.0.2.1, ", "198.51.100.7, _hidden"] {
        let answer = sign_in(&app, PROXY, forwarded, "ada", "wrong").await;
        assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS, "{forwarded}");
    }
    // Neither the proxy's own network nor what was written further left has failed.
    for forwarded in ["10.0.0.9", "192.0.2.1", "198.51.100.7", "unknown, 198.51.100.8"] {
        let answer = sign_in(&app, PROXY, forwarded, "ada", "wrong").await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{forwarded}");
    }
}

#[tokio::test]
async fn who_signs_in_from_an_unknown_network_goes_on_from_wherever_they_are() {
    let app = behind(ForwardingHeader::XForwardedFor).await;
    let pair = sign_in(&app, PROXY, "unknown", "ada", crate::app::PASSWORD).await.pair();
    app.refresh(&pair.refresh).await.pair();
}
