//! The document that describes the provider, as something to keep.

use axum::body::Body;
use http::{Request, StatusCode, header};

use crate::app::TestApp;

const PATH: &str = "/.well-known/openid-configuration";

#[tokio::test]
async fn the_root_names_the_document_that_describes_the_authority() {
    let app = TestApp::new().await;
    let root = app.send(Request::get("/").body(Body::empty()).expect("a request")).await;
    assert_eq!(
        (root.status, root.header("content-type")),
        (StatusCode::OK, Some("text/plain; charset=utf-8"))
    );
    assert!(
        root.text().ends_with(" https://auth.example/.well-known/openid-configuration\n"),
        "{}",
        root.text()
    );
}

#[tokio::test]
async fn who_has_the_document_is_told_so() {
    let app = TestApp::new().await;
    let document = app.get(PATH).await;
    assert_eq!(document.header("cache-control"), Some("public, max-age=3600"));
    assert_eq!(document.header("content-type"), Some("application/json"));
    let etag = document.header("etag").expect("an entity tag");
    for (known, status) in [(etag, 304), ("\"other\"", 200)] {
        let request = Request::get(PATH).header(header::IF_NONE_MATCH, known).body(Body::empty());
        let answer = app.send(request.expect("a request")).await;
        assert_eq!(answer.status, status);
        assert_eq!(answer.body.is_empty(), status == 304);
    }
}
