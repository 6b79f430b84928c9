//! The published keys.

use axum::body::Body;
use http::{Method, Request, header};

use crate::app::{Answer, TestApp};

const PATH: &str = "/.well-known/jwks.json";

async fn ask(app: &TestApp, method: Method, if_none_match: &str) -> Answer {
    let request = Request::builder().method(method).uri(PATH).header(header::IF_NONE_MATCH, if_none_match);
    app.send(request.body(Body::empty()).expect("a request")).await
}

#[tokio::test]
async fn the_set_is_public_and_may_be_kept_for_a_while() {
    let app = TestApp::new().await;
    let answer = app.get(PATH).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("cache-control"), Some("public, max-age=300"));
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    let keys = answer.json();
    let keys = keys["keys"].as_array().expect("a list");
    assert!(!keys.is_empty());
    for key in keys {
        assert!(key["kid"].is_string());
        assert!(key.get("d").is_none() && key.get("k").is_none(), "nothing private is published");
    }
}

#[tokio::test]
async fn who_has_it_is_told_so() {
    let app = TestApp::new().await;
    let etag = app.get(PATH).await.header("etag").expect("an entity tag").to_owned();
    for known in [etag.clone(), format!("W/{etag}"), format!("\"other\", {etag}"), "*".to_owned()] {
        let answer = ask(&app, Method::GET, &known).await;
        assert_eq!((answer.status.as_u16(), answer.body.len()), (304, 0), "{known}");
        assert_eq!(answer.header("etag"), Some(&*etag));
        assert_eq!(answer.header("cache-control"), Some("public, max-age=300"));
    }
    let answer = ask(&app, Method::GET, "\"other\"").await;
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn head_has_the_headers_of_get_and_no_body() {
    let app = TestApp::new().await;
    let get = app.get(PATH).await;
    let head = ask(&app, Method::HEAD, "\"other\"").await;
    assert_eq!((head.status.as_u16(), head.body.len()), (200, 0));
    assert_eq!(head.header("content-length"), Some(&*get.body.len().to_string()));
    assert_eq!(head.header("etag"), get.header("etag"));
}

#[tokio::test]
async fn it_cannot_be_written_to() {
    let app = TestApp::new().await;
    let answer = ask(&app, Method::POST, "x").await;
    answer.expect(405, r#"{"detail":"Method \"POST\" not allowed."}"#);
    assert_eq!(answer.header("allow"), Some("GET, HEAD"));
}
