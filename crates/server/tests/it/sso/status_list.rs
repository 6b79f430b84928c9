//! The status list: where an API finds that a token was revoked, without asking for each one.

use jeton_authority::client::ClientPolicy;
use jeton_jose::jwt::Unverified;
use jeton_jose::status_list::{Status, StatusListVerifier, StatusReference};
use jeton_jose::{JwkSet, KeySet, Timestamp};
use serde_json::{Value, json};

use super::browser::{Browser, redirected};
use super::client::{authorize, web};
use crate::app::{NOW, TestApp};

const LIST: &str = "https://auth.example/status-list";

async fn app() -> TestApp {
    let app = TestApp::new().await;
    let listed = || ClientPolicy { status_list: true, ..ClientPolicy::default() };
    app.add_client_with("web", web(), listed()).await;
    let own = json!({"grant_types": ["client_credentials"], "scope": "orders:read"});
    app.add_client_with("report", own.clone(), listed()).await;
    app.add_client_with("plain", own, ClientPolicy::default()).await;
    app
}

fn claims(token: &Value) -> Value {
    let token = token["access_token"].as_str().unwrap_or_else(|| panic!("no token: {token}"));
    serde_json::from_str(Unverified::parse(token).expect("a token").claims_json()).expect("claims")
}

fn place(token: &Value) -> StatusReference {
    serde_json::from_value(claims(token)["status"]["status_list"].clone()).expect("a place")
}

async fn tokens_of_ada(app: &TestApp) -> Value {
    let back =
        redirected(&Browser::new(app).sign_in(&authorize(&[("scope", "openid offline_access")])).await);
    app.redeem(back.get("code").expect("a code")).await.json()
}

async fn own_token(app: &TestApp, client: &str) -> Value {
    app.post_as(client, "/token", &[("grant_type", "client_credentials")]).await.json()
}

/// What the published list says, a while later than what was published before.
async fn status(app: &TestApp, seconds: i64, place: &StatusReference) -> Status {
    let now = Timestamp::from_unix(NOW + seconds);
    app.hand.set(now);
    let jwks = JwkSet::parse(&app.get("/.well-known/jwks.json").await.body).expect("a set");
    let keys = KeySet::from_jwk_set(&jwks).expect("keys");
    let verifier = StatusListVerifier::new("https://auth.example", keys);
    let answer = app.get("/status-list").await;
    assert_eq!(answer.header("content-type"), Some("application/statuslist+jwt"));
    assert_eq!(answer.header("cache-control"), Some("public, max-age=15"));
    let list = verifier.verify(answer.text(), LIST, now).expect("a list");
    assert_eq!(list.fetch_again_at(now), Some(Timestamp::from_unix(NOW + seconds + 15)));
    list.status(place, now).expect("a status")
}

#[tokio::test]
async fn a_token_is_invalid_in_the_list_once_its_session_ended() {
    let app = app().await;
    let (tokens, others) = (tokens_of_ada(&app).await, tokens_of_ada(&app).await);
    let (ended, other) = (place(&tokens), place(&others));
    assert_eq!((&*ended.uri, &*other.uri), (LIST, LIST));
    assert_ne!(ended.idx, other.idx);
    assert_eq!(status(&app, 0, &ended).await, Status::Valid);
    let refresh = tokens["refresh_token"].as_str().expect("a refresh token");
    assert_eq!(app.post_as("web", "/revoke", &[("token", refresh)]).await.status, 200);
    assert_eq!(status(&app, 5, &ended).await, Status::Invalid);
    assert_eq!(status(&app, 5, &other).await, Status::Valid);
    let second = app.second_node().await;
    assert_eq!(status(&second, 5, &ended).await, Status::Invalid, "every node has the same list");
}

#[tokio::test]
async fn a_token_without_a_session_has_a_place_of_its_own() {
    let app = app().await;
    let (revoked, other) = (own_token(&app, "report").await, own_token(&app, "report").await);
    let token = revoked["access_token"].as_str().expect("a token");
    assert_eq!(app.post_as("report", "/revoke", &[("token", token)]).await.status, 200);
    assert_eq!(status(&app, 5, &place(&revoked)).await, Status::Invalid);
    assert_eq!(status(&app, 5, &place(&other)).await, Status::Valid);
}

#[tokio::test]
async fn tokens_of_other_clients_have_no_place() {
    let app = app().await;
    assert!(claims(&own_token(&app, "plain").await).get("status").is_none());
    let pair = app.sign_in().await;
    assert!(claims(&json!({ "access_token": pair.access })).get("status").is_none());
}

#[tokio::test]
async fn the_metadata_leads_to_the_list() {
    let app = app().await;
    let metadata = app.get("/.well-known/oauth-authorization-server").await.json();
    assert_eq!(metadata["status_list_aggregation_endpoint"], "https://auth.example/status-lists");
    assert_eq!(app.get("/status-lists").await.json(), json!({ "status_lists": [LIST] }));
}
