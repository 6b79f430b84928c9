//! What a registration asks for and does not get.

use jeton_authority::settings::{RegistrationPolicy, Settings};
use serde_json::{Value, json};

use super::client::CALLBACK;
use crate::app::{Answer, TestApp};
use crate::logs::Log;

/// What the log says was left out in the request that was answered so: the member, what, and the setting.
fn left_out(log: &Log, answer: &Answer) -> Vec<(Value, Value, Value)> {
    let id = answer.header("x-request-id").expect("an identifier");
    let events =
        log.events().into_iter().filter(|event| event["request"] == id && event["left_out"].is_string());
    events
        .map(|event| (event["member"].clone(), event["left_out"].clone(), event["setting"].clone()))
        .collect()
}

#[tokio::test]
async fn the_log_says_what_was_left_out_of_a_registration_and_which_setting_would_let_it_in() {
    let settings = |mut settings: Settings| {
        settings.client.registration = RegistrationPolicy::Open;
        settings
    };
    let app = TestApp::with(settings, |service| service).await;
    let (log, _guard) = Log::collect();
    let plain = app.post("/register", &json!({"redirect_uris": [CALLBACK], "scope": "openid"})).await;
    assert_eq!((plain.status.as_u16(), left_out(&log, &plain)), (201, vec![]));

    let mut asked = json!({
        "redirect_uris": [CALLBACK],
        "scope": "openid mcp:tools",
        "grant_types": ["authorization_code", "client_credentials"],
    });
    let expected = vec![
        (json!("scope"), json!("mcp:tools"), json!("client.registration_scope")),
        (json!("grant_types"), json!("client_credentials"), json!("client.registration_grant_types")),
    ];
    let narrowed = app.post("/register", &asked).await;
    assert_eq!((narrowed.status.as_u16(), narrowed.json()["scope"].clone()), (201, json!("openid")));
    assert_eq!(left_out(&log, &narrowed), expected);
    assert!(narrowed.json().get("left_out").is_none(), "the answer shows what was taken");

    let registered = narrowed.json();
    asked["client_id"] = registered["client_id"].clone();
    let uri = registered["registration_client_uri"].as_str().expect("an address");
    let token = registered["registration_access_token"].as_str().expect("a token");
    let request = http::Request::put(uri.trim_start_matches("https://auth.example"))
        .header("content-type", "application/json")
        .header("authorization", format!("Bearer {token}"))
        .body(axum::body::Body::from(asked.to_string()));
    let changed = app.send(request.expect("a request")).await;
    assert_eq!(changed.status, 200, "{}", changed.text());
    assert_eq!(left_out(&log, &changed), expected);
}
