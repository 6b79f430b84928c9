//! The health checks.

use std::sync::Arc;

use axum::body::Body;
use http::Request;
use jeton_authority::store::Store;
use jeton_server::hashing::HashPool;
use jeton_server::{Service, StartPhase, StartUp, serve};
use tempfile::TempDir;
use tokio::net::TcpListener;

use crate::app::{NOW, PASSWORD, TestApp, cheap, open_store};
use crate::failing_store::{FailingStore, Fault};
use crate::sockets::exchange;

/// An app whose store fails when it is told to, and has a clock that can be set.
async fn with_failing_store() -> (TestApp, Arc<FailingStore>) {
    let folder = TempDir::new().expect("a temporary folder");
    let store = FailingStore::over(open_store(&folder).await);
    let pool = Arc::new(HashPool::with_threads(cheap(), 1, 8).expect("a thread"));
    let over = Arc::clone(&store) as Arc<dyn Store>;
    (TestApp::over(over, folder, pool, |settings| settings, |service| service).await, store)
}

#[tokio::test]
async fn a_server_that_can_work_says_so() {
    let app = TestApp::new().await;
    app.get("/healthz").await.expect(200, r#"{"status":"ok"}"#);
    app.get("/readyz").await.expect(200, r#"{"status":"ready"}"#);
    app.get("/startupz").await.expect(200, r#"{"status":"started"}"#);
    for path in ["/healthz", "/readyz", "/startupz"] {
        let head = app.send(Request::head(path).body(Body::empty()).expect("a request")).await;
        assert_eq!((head.status.as_u16(), head.body.len()), (200, 0));
        let post = app.send(Request::post(path).body(Body::empty()).expect("a request")).await;
        assert_eq!((post.status.as_u16(), post.header("allow")), (405, Some("GET, HEAD")));
    }
}

#[tokio::test]
async fn there_is_an_answer_about_an_icon_that_browsers_ask_for_at_every_page() {
    let app = TestApp::new().await;
    let answer = app.get("/favicon.ico").await;
    assert_eq!((answer.status.as_u16(), answer.body.len()), (204, 0));
    assert!(answer.header("cache-control").is_some_and(|value| value.contains("max-age")));
}

#[tokio::test]
async fn without_its_database_a_server_is_alive_and_says_what_it_can_still_do() {
    let (app, store) = with_failing_store().await;
    store.set(Fault::Broken);
    app.get("/healthz").await.expect(200, r#"{"status":"ok"}"#);
    app.get("/startupz").await.expect(200, r#"{"status":"started"}"#);
    app.get("/readyz").await.expect(503, r#"{"status":"unavailable","reason":"store"}"#);
    app.get("/readyz?exclude=store").await.expect(200, r#"{"status":"ready"}"#);
    for path in ["/.well-known/jwks.json", "/.well-known/openid-configuration"] {
        assert_eq!(app.get(path).await.status, 200, "{path}");
    }
}

#[tokio::test]
async fn a_probe_with_a_parameter_that_nobody_knows_is_told_so() {
    let app = TestApp::new().await;
    for query in ["exclude=clock", "exclude=store&exclude=store", "verbose"] {
        assert_eq!(app.get(&format!("/readyz?{query}")).await.status, 400, "{query}");
    }
}

#[tokio::test]
async fn a_node_whose_clock_differs_from_the_databases_issues_nothing_until_they_agree() {
    let (app, store) = with_failing_store().await;
    let pair = app.sign_in().await;
    store.set_clock(NOW + 31);
    app.service.compare_clocks().await.expect("a store");
    let answer = app.get("/readyz").await;
    assert_eq!(
        (answer.status.as_u16(), answer.json()),
        (
            503,
            serde_json::json!({
                "status": "unavailable", "reason": "clock", "node": "2026-11-22T20:00:00Z", "database": "2026-11-22T20:00:31Z",
            })
        )
    );
    assert_eq!(app.get("/readyz?exclude=store").await.status, 503, "it is this node that is wrong");
    let refused = app.try_sign_in("ada", PASSWORD).await;
    refused.expect(503, r#"{"detail":"The clock of this server is wrong, try again later."}"#);
    assert_eq!(refused.header("retry-after"), Some("1"));
    for path in ["/revocations", "/userinfo", "/authorize"] {
        assert_eq!(app.get(path).await.status, 503, "{path}");
    }
    assert_eq!(app.refresh(&pair.refresh).await.status, 503);
    app.get("/healthz").await.expect(200, r#"{"status":"ok"}"#);
    assert_eq!(app.get("/.well-known/jwks.json").await.status, 200);

    store.set(Fault::Broken);
    assert!(app.service.compare_clocks().await.is_err());
    store.set(Fault::None);
    assert_eq!(app.get("/readyz").await.status, 503, "what could not be asked changes nothing");

    app.hand.step(31);
    app.service.compare_clocks().await.expect("a store");
    app.get("/readyz").await.expect(200, r#"{"status":"ready"}"#);
    app.refresh(&pair.refresh).await.pair();
}

/// The status and the body of the answer to a request.
async fn ask(address: std::net::SocketAddr, request: &str) -> (u16, String) {
    let answer =
        exchange(address, format!("{request} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").as_bytes())
            .await;
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    (status, body.to_owned())
}

#[tokio::test]
async fn a_server_that_starts_is_alive_and_says_which_step_it_is_at() {
    let start_up = StartUp::of(&Service::builder(), "https://auth.example/auth");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(serve(listener, start_up.clone(), std::future::pending()));

    assert_eq!(ask(address, "GET /healthz").await, (200, r#"{"status":"ok"}"#.into()));
    assert_eq!(
        ask(address, "GET /auth/readyz").await,
        (503, r#"{"status":"unavailable","reason":"starting"}"#.into())
    );
    let (status, opening) = ask(address, "GET /startupz").await;
    assert_eq!((status, opening.as_str()), (503, r#"{"phase":"opening_database","status":"starting"}"#));
    start_up.enter(StartPhase::MigratingDatabase { step: 2, of: 5, name: "marks", by_another_node: true });
    let (status, step) = ask(address, "GET /auth/startupz").await;
    let step: serde_json::Value = serde_json::from_str(&step).expect("JSON");
    let expected = serde_json::json!({
        "status": "starting", "phase": "migrating_database", "step": 2, "of": 5, "name": "marks", "by": "another_node",
    });
    assert_eq!((status, step), (503, expected));
    for request in ["GET /.well-known/jwks.json", "POST /healthz", "POST /token", "GET /"] {
        assert_eq!(ask(address, request).await.0, 503, "{request}");
    }

    let app = TestApp::new().await;
    start_up.finish(app.service.clone());
    assert_eq!(ask(address, "GET /startupz").await, (200, r#"{"status":"started"}"#.into()));
    assert_eq!(ask(address, "GET /readyz").await, (200, r#"{"status":"ready"}"#.into()));
    assert_eq!(ask(address, "GET /.well-known/jwks.json").await.0, 200);
}
