//! The published keys.

use std::time::Duration;

use axum::body::Body;
use http::{Method, Request, header};
use jeton_server::Background;

use crate::app::{Answer, TestApp};

const PATH: &str = "/.well-known/jwks.json";

/// An app that has been up for a moment.
async fn started() -> TestApp {
    let app = TestApp::new().await;
    let authority = app.service.authority();
    assert!(authority.keys().make_id_token_key(app.service.clock().now()).await.expect("a key"));
    app
}

async fn ask(app: &TestApp, method: Method, if_none_match: &str) -> Answer {
    let request = Request::builder().method(method).uri(PATH).header(header::IF_NONE_MATCH, if_none_match);
    app.send(request.body(Body::empty()).expect("a request")).await
}

#[tokio::test]
async fn the_set_is_public_and_may_be_kept_for_a_while() {
    let app = started().await;
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
    let app = started().await;
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
async fn a_set_is_not_kept_before_the_key_for_id_tokens_is_in_it() {
    let app = TestApp::new().await;
    let early = app.get(PATH).await;
    assert_eq!((early.status.as_u16(), early.header("cache-control")), (200, Some("no-cache")));
    let algorithms = |answer: &Answer| {
        let keys = answer.json()["keys"].as_array().expect("a list").clone();
        keys.iter().map(|key| key["alg"].as_str().expect("a name").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(algorithms(&early), ["ES256"]);
    let _background = Background::start(&app.service);
    for _ in 0..600 {
        let answer = app.get(PATH).await;
        if algorithms(&answer) == ["ES256", "RS256"] {
            assert_eq!(answer.header("cache-control"), Some("public, max-age=300"));
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("no key for ID tokens after a minute");
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
