//! What a stranger may have written down, and how often. Clients that the operator added and that prove who they are do not
//! meet these limits.

use http::{Method, Request, StatusCode};
use jeton_authority::one_time::{OneTimeHash, OneTimeKind};
use jeton_authority::settings::RegistrationRate;
use jeton_authority::throttle::{
    DEVICE_AUTHORIZATIONS, KEPT_REQUESTS, REGISTRATION_CHANGES, REMEMBERED_IDENTIFIERS, WRONG_CLIENT_SECRETS,
};
use jeton_jose::dpop::{Prover, Request as Proved};
use jeton_jose::{Algorithm, PrivateKey};
use jeton_oauth::Parameters;
use serde_json::{Value, json};

use super::client::{CALLBACK, SECRET, authorize, web, with_form};
use super::registration::{app as open_app, manage, register, text};
use crate::app::{Answer, ELSEWHERE, HOME, TestApp};

const PREFIX: &str = "urn:ietf:params:oauth:request_uri:";

fn public() -> Value {
    json!({
        "redirect_uris": [CALLBACK],
        "token_endpoint_auth_method": "none",
        "grant_types": ["authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"],
    })
}

async fn app() -> TestApp {
    let app = TestApp::new().await;
    app.add_client("phone", public()).await;
    let mut confidential = web();
    confidential["grant_types"] =
        json!(["authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"]);
    app.add_client("web", confidential).await;
    app
}

/// The parameters of an authorization request of the client `phone`, and more.
fn asked(more: &[(&str, &str)]) -> Vec<(String, String)> {
    let target = authorize(&[&[("client_id", "phone")], more].concat());
    let query = target.split_once('?').expect("a query").1;
    let parameters = Parameters::parse(query.as_bytes()).expect("parameters");
    parameters.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

async fn post_from(app: &TestApp, peer: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
    app.send_from(peer, with_form(Request::post(path), fields)).await
}

async fn push_from(app: &TestApp, peer: &str, more: &[(&str, &str)]) -> Answer {
    let fields = asked(more);
    let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    post_from(app, peer, "/par", &fields).await
}

#[track_caller]
fn throttled(answer: &Answer) {
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS, "{}", answer.text());
    assert_eq!(answer.json()["error"], "temporarily_unavailable");
    let seconds = answer.header("retry-after").and_then(|seconds| seconds.parse::<u32>().ok());
    assert!(seconds.is_some_and(|seconds| (1..=300).contains(&seconds)), "{seconds:?}");
}

#[tokio::test]
async fn a_network_pushes_so_many_requests_for_clients_that_anybody_can_be() {
    let app = app().await;
    for _ in 0..KEPT_REQUESTS {
        assert_eq!(push_from(&app, HOME, &[]).await.status, StatusCode::CREATED);
    }
    throttled(&push_from(&app, HOME, &[]).await);
    assert_eq!(push_from(&app, ELSEWHERE, &[]).await.status, StatusCode::CREATED, "another network");
    let own = app
        .post_as(
            "web",
            "/par",
            &[
                ("response_type", "code"),
                ("redirect_uri", CALLBACK),
                ("scope", "openid"),
                ("code_challenge", super::client::CHALLENGE),
                ("code_challenge_method", "S256"),
            ],
        )
        .await;
    assert_eq!(own.status, StatusCode::CREATED, "a client that proved who it is: {}", own.text());
    app.hand.step(1);
    assert_eq!(push_from(&app, HOME, &[]).await.status, StatusCode::CREATED, "five a second");
}

#[tokio::test]
async fn only_what_a_pushed_request_needs_is_kept() {
    let app = app().await;
    let junk = "x".repeat(40_000);
    let pushed =
        push_from(&app, HOME, &[("unknown", &junk), ("login_hint", &junk[..400]), ("ui_locales", "de")])
            .await;
    assert_eq!(pushed.status, StatusCode::CREATED, "{}", pushed.text());
    let uri = pushed.json()["request_uri"].as_str().expect("a request_uri").to_owned();
    let hash = OneTimeHash::of(uri.strip_prefix(PREFIX).expect("the prefix"));
    let kept = app.store.peek(OneTimeKind::PushedRequest, hash).await.expect("a store").expect("a request");
    let kept: serde_json::Value = serde_json::from_str(&kept.content).expect("JSON");
    let kept = Parameters::parse(kept["request"].as_str().expect("a query").as_bytes()).expect("parameters");
    assert_eq!((kept.get("unknown"), kept.get("login_hint")), (None, None));
    assert_eq!((kept.get("ui_locales"), kept.get("client_id")), (Some("de"), Some("phone")));
    for (name, length) in [("claims", 17_000), ("nonce", 3_000), ("scope", 9_000), ("resource", 2_000)] {
        let refused = push_from(&app, HOME, &[(name, &junk[..length])]).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{name}");
    }
}

#[tokio::test]
async fn a_network_uses_up_so_many_proofs_for_clients_that_anybody_can_be() {
    let app = app().await;
    let prover = Prover::new(&PrivateKey::generate(Algorithm::ES256).expect("a key")).expect("a prover");
    let token = async |peer: &str| {
        let proof = Proved::new("POST", "https://auth.example/token");
        let proof = prover.prove(&proof, app.service.clock().now()).expect("a proof");
        let fields = [("client_id", "phone"), ("grant_type", "refresh_token"), ("refresh_token", "x")];
        app.send_from(peer, with_form(Request::post("/token").header("DPoP", proof), &fields)).await
    };
    for _ in 0..REMEMBERED_IDENTIFIERS {
        assert_eq!(token(HOME).await.json()["error"], "invalid_grant");
    }
    throttled(&token(HOME).await);
    assert_eq!(token(ELSEWHERE).await.json()["error"], "invalid_grant");
}

#[tokio::test]
async fn a_network_lets_so_many_devices_wait_but_a_client_that_proved_who_it_is_is_not_counted() {
    let app = app().await;
    let begin = async || post_from(&app, HOME, "/device_authorization", &[("client_id", "phone")]).await;
    for _ in 0..DEVICE_AUTHORIZATIONS {
        assert_eq!(begin().await.status, StatusCode::OK);
    }
    throttled(&begin().await);
    let own = app.post_as("web", "/device_authorization", &[]).await;
    assert_eq!(own.status, StatusCode::OK, "{}", own.text());
}

/// Asks for a token as the client `id` with this secret.
async fn with_secret(app: &TestApp, peer: &str, id: &str, secret: &str) -> Answer {
    let fields = [
        ("client_id", id),
        ("client_secret", secret),
        ("grant_type", "refresh_token"),
        ("refresh_token", "x"),
    ];
    post_from(app, peer, "/token", &fields).await
}

#[tokio::test]
async fn a_network_that_guesses_client_secrets_has_to_wait_and_keeps_nobody_else_out() {
    let app = app().await;
    app.add_client("other", web()).await;
    for id in ["web", "nobody"] {
        for _ in 0..WRONG_CLIENT_SECRETS {
            assert_eq!(with_secret(&app, HOME, id, "a guess").await.json()["error"], "invalid_client");
        }
        throttled(&with_secret(&app, HOME, id, SECRET).await);
    }
    // Another client of the same network, and the same client elsewhere, even at once.
    for (peer, id) in [(HOME, "other"), (ELSEWHERE, "web")] {
        assert_eq!(with_secret(&app, peer, id, SECRET).await.json()["error"], "invalid_grant", "{id}");
    }
    app.hand.step(2);
    assert_eq!(with_secret(&app, HOME, "web", SECRET).await.json()["error"], "invalid_grant");
}

#[tokio::test]
async fn who_guesses_beside_a_client_does_not_keep_it_out() {
    let app = app().await;
    assert_eq!(with_secret(&app, HOME, "web", SECRET).await.json()["error"], "invalid_grant");
    for _ in 0..3 * WRONG_CLIENT_SECRETS {
        assert_eq!(with_secret(&app, HOME, "web", "a guess").await.json()["error"], "invalid_client");
    }
    assert_eq!(with_secret(&app, HOME, "web", SECRET).await.json()["error"], "invalid_grant");
}

#[tokio::test]
async fn a_thousand_public_clients_behind_one_address_are_not_counted_as_guesses() {
    let app = app().await;
    for _ in 0..1_000 {
        let fields = [("client_id", "phone"), ("grant_type", "refresh_token"), ("refresh_token", "x")];
        assert_eq!(post_from(&app, HOME, "/token", &fields).await.json()["error"], "invalid_grant");
    }
}

#[tokio::test]
async fn who_registers_and_removes_in_turns_has_to_wait() {
    let app = open_app().await;
    let mut answers = Vec::new();
    for _ in 0..REGISTRATION_CHANGES + 1 {
        let client = register(&app, &json!({"redirect_uris": [CALLBACK]})).await;
        let (uri, token) =
            (text(&client, "registration_client_uri"), text(&client, "registration_access_token"));
        answers.push(manage(&app, Method::DELETE, uri, token, None).await);
    }
    let last = answers.pop().expect("an answer");
    assert!(answers.iter().all(|answer| answer.status == StatusCode::NO_CONTENT));
    throttled(&last);
}

#[tokio::test]
async fn a_network_changes_registrations_so_often() {
    let app = open_app().await;
    let client = register(&app, &json!({"redirect_uris": [CALLBACK]})).await;
    let (uri, token) = (text(&client, "registration_client_uri"), text(&client, "registration_access_token"));
    let body = json!({"client_id": text(&client, "client_id"), "redirect_uris": [CALLBACK]});
    for _ in 0..REGISTRATION_CHANGES {
        assert_eq!(manage(&app, Method::PUT, uri, token, Some(&body)).await.status, StatusCode::OK);
    }
    throttled(&manage(&app, Method::PUT, uri, token, Some(&body)).await);
    assert_eq!(manage(&app, Method::GET, uri, token, None).await.status, StatusCode::OK, "reading is free");
    app.hand.step(30);
    assert_eq!(manage(&app, Method::PUT, uri, token, Some(&body)).await.status, StatusCode::OK);
}

#[tokio::test]
async fn how_many_clients_a_network_registers_is_a_setting_and_the_answer_names_it() {
    let settings = |mut settings: jeton_authority::settings::Settings| {
        settings.client.registration = jeton_authority::settings::RegistrationPolicy::Open;
        settings.client.registrations =
            RegistrationRate { at_once: 2, pause: std::time::Duration::from_secs(7) };
        settings
    };
    let app = TestApp::with(settings, |service| service).await;
    let metadata = json!({"redirect_uris": [CALLBACK]});
    register(&app, &metadata).await;
    register(&app, &metadata).await;
    let refused = app.post("/register", &metadata).await;
    throttled(&refused);
    let text = refused.json()["error_description"].as_str().expect("a description").to_owned();
    assert_eq!(
        text,
        "a network may register 2 clients at once and then one every 7 seconds: settings client.registrations_at_once and client.registrations_pause"
    );
    app.hand.step(7);
    register(&app, &metadata).await;
}
