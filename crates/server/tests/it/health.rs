//! The health checks.

use axum::body::Body;
use http::Request;

use crate::app::TestApp;

#[tokio::test]
async fn a_server_that_can_work_says_so() {
    let app = TestApp::new().await;
    app.get("/healthz").await.expect(200, r#"{"status":"ok"}"#);
    app.get("/readyz").await.expect(200, r#"{"status":"ready"}"#);
    for path in ["/healthz", "/readyz"] {
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
