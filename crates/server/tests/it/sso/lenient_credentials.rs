//! How libraries send the credentials of clients, other than the standards would have it.

use base64_turbo::STANDARD;
use http::{Request, StatusCode, header};
use serde_json::json;

use super::browser::{Browser, redirected};
use super::client::{VERIFIER, authorize, with_form};
use crate::app::{Answer, TestApp};

/// Exchanges a code as a native application that always sends the header `Authorization`.
async fn redeem(app: &TestApp, credentials: &str, code: &str) -> Answer {
    let header = format!("Basic {}", STANDARD.encode(credentials));
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", "http://127.0.0.1/callback"),
        ("code_verifier", VERIFIER),
    ];
    app.send(with_form(Request::post("/token").header(header::AUTHORIZATION, header), &fields)).await
}

#[tokio::test]
async fn an_empty_secret_in_the_header_is_none() {
    let app = TestApp::new().await;
    let metadata = json!({
        "redirect_uris": ["http://127.0.0.1/callback"],
        "grant_types": ["authorization_code", "refresh_token"],
        "scope": "openid profile",
    });
    for (id, method) in [("native", "none"), ("web", "client_secret_basic")] {
        let mut metadata = metadata.clone();
        metadata["token_endpoint_auth_method"] = method.into();
        app.add_client(id, metadata).await;
    }
    for (id, status) in [("native", StatusCode::OK), ("web", StatusCode::UNAUTHORIZED)] {
        let asked = authorize(&[("client_id", id), ("redirect_uri", "http://127.0.0.1/callback")]);
        let back = redirected(&Browser::new(&app).sign_in(&asked).await);
        let code = back.get("code").expect("a code");
        assert_eq!(redeem(&app, &format!("{id}:guess"), code).await.status, StatusCode::UNAUTHORIZED, "{id}");
        let answer = redeem(&app, &format!("{id}:"), code).await;
        assert_eq!(answer.status, status, "{id}: {}", answer.text());
    }
}
