//! Clients that register themselves and are after the pairwise subjects of others (OpenID Connect Core §8.1).

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::browser::{Browser, form};
use super::listener::document;
use super::logout_delivery::claims;
use super::registration::{app, app_trusting, manage, refused, register, text};
use crate::app::{PASSWORD, TestApp};
use crate::tls::certificates::Authority;
use crate::tls::site::https_host;

const DEVICE_PAGE: &str = "/device";

const DEVICE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// A public client with pairwise subjects that needs no redirect URI to get tokens.
fn television(redirect_uris: &Value) -> Value {
    json!({
        "redirect_uris": redirect_uris,
        "subject_type": "pairwise",
        "token_endpoint_auth_method": "none",
        "grant_types": ["authorization_code", "refresh_token", DEVICE],
        "scope": "openid offline_access",
    })
}

/// The tokens that it gets once ada allowed it.
async fn tokens(app: &TestApp, client: &str) -> Value {
    let fields = [("client_id", client), ("scope", "openid offline_access")];
    let device = app.post_form("/device_authorization", &fields).await.json();
    let browser = Browser::new(app);
    let page = browser.get(DEVICE_PAGE).await;
    let page = browser.submit_and_follow(&form(&page), &[("user_code", text(&device, "user_code"))]).await;
    let signing_in = [("username", "ada"), ("password", PASSWORD), ("action", "sign_in")];
    let page = browser.submit_and_follow(&form(&page), &signing_in).await;
    browser.submit(&form(&page), &[("action", "allow")]).await;
    let fields =
        [("grant_type", DEVICE), ("client_id", client), ("device_code", text(&device, "device_code"))];
    let answer = app.post_form("/token", &fields).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    answer.json()
}

/// What userinfo calls ada.
async fn subject(app: &TestApp, tokens: &Value) -> String {
    let told = app.userinfo(text(tokens, "access_token")).await;
    assert_eq!(told.status, StatusCode::OK, "{}", told.text());
    text(&told.json(), "sub").to_owned()
}

/// Puts another description in the place of a client's.
async fn change(app: &TestApp, client: &Value, mut metadata: Value) -> crate::app::Answer {
    metadata["client_id"] = client["client_id"].clone();
    let path = text(client, "registration_client_uri");
    manage(app, Method::PUT, path, text(client, "registration_access_token"), Some(&metadata)).await
}

#[tokio::test]
async fn who_writes_down_a_redirect_uri_of_another_does_not_get_its_subjects() {
    let app = app().await;
    // The operator vouches for the hosts of its own clients.
    for id in ["victim", "sister"] {
        app.add_client(id, television(&json!([format!("https://victim.example/{id}")]))).await;
    }
    let wanted = subject(&app, &tokens(&app, "victim").await).await;
    assert_eq!(subject(&app, &tokens(&app, "sister").await).await, wanted);

    let thief = register(&app, &television(&json!(["https://victim.example/evil"]))).await;
    assert_ne!(subject(&app, &tokens(&app, text(&thief, "client_id")).await).await, wanted);

    // Nor afterwards, with what was granted to it at an address of its own.
    let thief = register(&app, &television(&json!(["https://thief.example/cb"]))).await;
    let id = text(&thief, "client_id");
    let granted = tokens(&app, id).await;
    let own = subject(&app, &granted).await;
    let moved = change(&app, &thief, television(&json!(["https://victim.example/x"]))).await;
    assert_eq!(moved.status, StatusCode::OK, "{}", moved.text());
    assert_eq!(subject(&app, &granted).await, own);
    let fields = [
        ("grant_type", "refresh_token"),
        ("client_id", id),
        ("refresh_token", text(&granted, "refresh_token")),
    ];
    let refreshed = app.post_form("/token", &fields).await.json();
    assert_eq!(claims(text(&refreshed, "access_token"))["sub"], own);
    assert_ne!(own, wanted);
}

#[tokio::test]
async fn a_sector_is_not_for_clients_whose_tokens_go_to_no_redirect_uri() {
    let root = Authority::new("A company");
    let app = app_trusting(&root).await;
    // The list is the victim's own, and names its redirect URI.
    let uri = "https://victim.example/cb";
    let host = https_host(&root.server("victim.example"), document(&json!([uri]).to_string())).await;
    let sector = format!("https://victim.example:{}/list", host.port());
    let with_sector = |uris: Value, grants: Value| {
        let mut metadata = television(&uris);
        metadata["grant_types"] = grants;
        metadata["sector_identifier_uri"] = json!(sector);
        metadata
    };
    for metadata in [
        with_sector(json!([]), json!([DEVICE])),
        with_sector(json!([uri]), json!([DEVICE])),
        with_sector(json!([uri]), json!(["authorization_code", DEVICE])),
    ] {
        assert_eq!(refused(&app, &metadata).await, "invalid_client_metadata");
    }
    // By codes it would have to be at that address to get anything; it cannot leave them afterwards.
    let client = register(&app, &with_sector(json!([uri]), json!(["authorization_code"]))).await;
    let moved = change(&app, &client, with_sector(json!([uri]), json!(["authorization_code", DEVICE]))).await;
    assert_eq!(moved.json()["error"], "invalid_client_metadata");
}

#[tokio::test]
async fn a_client_does_not_move_into_the_sector_of_another() {
    let root = Authority::new("A company");
    let app = app_trusting(&root).await;
    let uri = "https://victim.example/cb";
    let host = https_host(&root.server("victim.example"), document(&json!([uri]).to_string())).await;
    let thief = register(&app, &television(&json!(["https://thief.example/cb"]))).await;
    let granted = tokens(&app, text(&thief, "client_id")).await;
    let own = subject(&app, &granted).await;
    for subject_type in ["pairwise", "public"] {
        let mut metadata = television(&json!([uri]));
        metadata["grant_types"] = json!(["authorization_code", "refresh_token"]);
        metadata["subject_type"] = json!(subject_type);
        metadata["sector_identifier_uri"] = json!(format!("https://victim.example:{}/list", host.port()));
        let moved = change(&app, &thief, metadata).await;
        assert_eq!(moved.json()["error"], "invalid_client_metadata", "{}", moved.text());
    }
    assert_eq!(subject(&app, &granted).await, own);
}
