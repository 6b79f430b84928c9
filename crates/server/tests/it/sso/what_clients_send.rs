//! What applications and their libraries send, other than the standards would have it.

use axum::body::Body;
use http::{Method, Request, StatusCode, header};
use jeton_authority::client::ClientPolicy;
use jeton_authority::settings::{RegistrationPolicy, Settings};
use serde_json::{Value, json};

use super::browser::{Browser, redirected};
use super::client::{CALLBACK, VERIFIER, authorize, web};
use super::registration::manage;
use crate::app::{Answer, TestApp};

async fn open(schemes: &[&str]) -> TestApp {
    let schemes = schemes.iter().map(|&scheme| scheme.to_owned()).collect();
    let open = |mut settings: Settings| {
        settings.client.registration = RegistrationPolicy::Open;
        settings.client.redirect_schemes = schemes;
        settings
    };
    TestApp::with(open, |service| service).await
}

async fn register(app: &TestApp, metadata: &Value) -> Answer {
    manage(app, Method::POST, "/register", "", Some(metadata)).await
}

async fn tokens(app: &TestApp, changes: &[(&str, &str)]) -> Value {
    let back = redirected(&Browser::new(app).sign_in(&authorize(changes)).await);
    let code = back.get("code").unwrap_or_else(|| panic!("no code: {back:?}"));
    let answer = app.redeem(code).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    answer.json()
}

/// The claims of an access token, which nobody verifies here.
fn claims(tokens: &Value) -> Value {
    let token = tokens["access_token"].as_str().expect("an access token");
    let claims = token.split('.').nth(1).expect("claims");
    serde_json::from_slice(&jeton_jose::base64url::decode(claims).expect("base64url")).expect("JSON")
}

#[tokio::test]
async fn white_space_around_a_scope_changes_nothing() {
    let app = TestApp::new().await;
    app.add_client("web", web()).await;
    let tokens = tokens(&app, &[("scope", " openid  profile ")]).await;
    assert_eq!(tokens["scope"], "openid profile");
    let fields = [("grant_type", "client_credentials"), ("scope", "orders:read ")];
    let answer = app.post_as("web", "/token", &fields).await;
    assert_eq!(answer.json()["scope"], "orders:read", "{}", answer.text());
}

#[tokio::test]
async fn a_resource_is_the_same_however_its_uri_is_written() {
    let app = TestApp::new().await;
    let resources = vec!["https://api.example".to_owned(), "https://mcp.example/mcp".to_owned()];
    app.add_client_with("web", web(), ClientPolicy { resources, ..ClientPolicy::default() }).await;
    for (asked, aud) in [
        ("https://api.example/", "https://api.example"),
        ("https://API.example:443", "https://api.example"),
        ("https://mcp.example:/m%63p", "https://mcp.example/mcp"),
    ] {
        let tokens = tokens(&app, &[("resource", asked)]).await;
        assert_eq!(claims(&tokens)["aud"], aud, "the API knows itself as the operator writes it");
        let refresh = tokens["refresh_token"].as_str().expect("a refresh token");
        let fields = [("grant_type", "refresh_token"), ("refresh_token", refresh), ("resource", asked)];
        let answer = app.post_as("web", "/token", &fields).await;
        assert_eq!(answer.status, StatusCode::OK, "{asked}: {}", answer.text());
        assert_eq!(claims(&answer.json())["aud"], aud);
    }
    for other in
        ["https://mcp.example/mcp/", "https://mcp.example/", "http://api.example/", "https://api.example/#x"]
    {
        let refused = redirected(&Browser::new(&app).get(&authorize(&[("resource", other)])).await);
        assert_eq!(refused.get("error"), Some("invalid_target"), "{other}");
    }
}

#[tokio::test]
async fn an_empty_text_in_a_registration_counts_as_left_out() {
    let app = open(&[]).await;
    let metadata = json!({
        "redirect_uris": [CALLBACK, ""],
        "client_name": "",
        "logo_uri": "",
        "scope": "",
        "token_endpoint_auth_method": "",
        "contacts": [""],
        "jwks_uri": "",
    });
    let answer = register(&app, &metadata).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
    let registered = answer.json();
    assert_eq!(registered["redirect_uris"], json!([CALLBACK]));
    assert_eq!(registered["token_endpoint_auth_method"], "client_secret_basic");
    assert_eq!(registered["scope"], "openid profile email offline_access");
    for left_out in ["client_name", "logo_uri", "contacts", "jwks_uri"] {
        assert_eq!(registered.get(left_out), None, "{left_out}");
    }
}

#[tokio::test]
async fn a_refused_registration_names_the_member() {
    let app = open(&[]).await;
    for (member, value, named) in [
        ("grant_types", json!("authorization_code"), "grant_types"),
        ("default_max_age", json!("300"), "default_max_age"),
        ("subject_type", json!("secret"), "subject_type"),
        ("scope", json!("op\u{e9}n"), "scope"),
        ("id_token_signed_response_alg", json!("none"), "id_token_signed_response_alg"),
        ("request_object_signing_alg", json!("HS256"), "request_object_signing_alg"),
        ("contacts", json!(vec!["a@b.example"; 33]), "contacts"),
        ("redirect_uris", json!(["https://app.example/#x"]), "has a fragment"),
        ("redirect_uris", json!(["http://app.example/"]), "use https"),
        ("redirect_uris", json!(["javascript:alert(1)"]), "not a private-use scheme"),
    ] {
        let mut metadata = json!({"redirect_uris": [CALLBACK]});
        metadata[member] = value.clone();
        let answer = register(&app, &metadata).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{member} {value}: {}", answer.text());
        let description = answer.json()["error_description"].as_str().expect("a description").to_owned();
        assert!(description.contains(named), "{member} {value}: {description}");
    }
}

#[tokio::test]
async fn an_app_registers_a_scheme_without_a_dot_where_the_operator_lists_it() {
    let metadata = json!({
        "redirect_uris": ["cursor://anysphere.cursor-retrieval/oauth/callback"],
        "token_endpoint_auth_method": "none",
    });
    let refused = register(&open(&["windsurf"]).await, &metadata).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert_eq!(refused.json()["error"], "invalid_redirect_uri");
    let mut dotted = metadata.clone();
    dotted["redirect_uris"] = json!(["com.example.app:/callback"]);
    dotted["post_logout_redirect_uris"] = json!(["cursor://bye"]);
    let refused = register(&open(&[]).await, &dotted).await;
    assert_eq!(refused.json()["error"], "invalid_client_metadata", "{}", refused.text());

    let app = open(&["cursor"]).await;
    let registered = register(&app, &metadata).await;
    assert_eq!(registered.status, StatusCode::CREATED, "{}", registered.text());
    assert_eq!(registered.json()["application_type"], "native");
}

#[tokio::test]
async fn a_native_application_listens_at_any_port_of_localhost() {
    let app = TestApp::new().await;
    let metadata = |method: &str| {
        json!({
            "redirect_uris": ["http://localhost/callback"],
            "token_endpoint_auth_method": method,
            "scope": "openid profile",
        })
    };
    app.add_client("native", metadata("none")).await;
    app.add_client("web", metadata("client_secret_basic")).await;
    let asked = |id| authorize(&[("client_id", id), ("redirect_uri", "http://localhost:51004/callback")]);
    let browser = Browser::new(&app);
    assert!(redirected(&browser.sign_in(&asked("native")).await).get("code").is_some());
    let refused = browser.get(&asked("web")).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert!(refused.text().contains("redirect_uri_mismatch"), "{}", refused.text());
}

#[tokio::test]
async fn userinfo_answers_a_post_of_any_type_whose_token_is_in_the_header() {
    let app = TestApp::new().await;
    app.add_client("web", web()).await;
    let tokens = tokens(&app, &[("code_verifier", VERIFIER)]).await;
    let token = tokens["access_token"].as_str().expect("an access token");
    for (media_type, body) in [("application/json", "{}"), ("application/json", ""), ("text/plain", "x")] {
        let request = Request::post("/userinfo")
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .header(header::CONTENT_TYPE, media_type)
            .body(Body::from(body));
        let answer = app.send(request.expect("a request")).await;
        assert_eq!(answer.status, StatusCode::OK, "{media_type}: {}", answer.text());
    }
}
