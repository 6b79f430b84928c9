//! Clients that the operator disabled or removed: what they were given before is of no use here any more.

use jeton_authority::audit::Actor;
use jeton_authority::client::{Client, NewClient};
use jeton_authority::store::{ClientChange, ClientRemoval};
use jeton_oauth::client::ClientId;
use serde_json::Value;

use super::browser::{Browser, redirected};
use super::client::{authorize, web};
use crate::app::TestApp;

async fn set_disabled(app: &TestApp, id: &str, disabled: bool) {
    let authority = app.service.authority();
    let id = ClientId::parse(id).expect("an identifier");
    let client = authority.clients().find(&id).await.expect("a store").expect("a client");
    let Client { id, metadata, mut policy, secret, registration_token, created_at, .. } = (*client).clone();
    policy.disabled = disabled;
    let new = NewClient { id, metadata, policy, secret, registration_token, created_at };
    let client = Client::new(new).expect("a client");
    let changed =
        authority.clients().change_client(&client, Actor::Operator, app.service.clock().now()).await;
    assert_eq!(changed.expect("a store"), ClientChange::Done);
}

fn access_token(tokens: &Value) -> &str {
    tokens["access_token"].as_str().expect("a token")
}

#[tokio::test]
async fn the_tokens_of_a_disabled_client_are_good_for_nothing_here() {
    let app = TestApp::new().await;
    app.add_client("web", web()).await;
    app.add_client_with("api", web(), super::introspection::all()).await;
    let back = redirected(&Browser::new(&app).sign_in(&authorize(&[])).await);
    let users = app.redeem(back.get("code").expect("a code")).await.json();
    let own = app.post_as("web", "/token", &[("grant_type", "client_credentials")]).await.json();
    let users_is_active = async || {
        let told = app.post_as("api", "/introspect", &[("token", access_token(&users))]).await;
        told.json()["active"].clone()
    };
    let own_is_active = async || {
        let told = app.post_as("api", "/introspect", &[("token", access_token(&own))]).await;
        told.json()["active"].clone()
    };
    for disabled in [false, true, false] {
        set_disabled(&app, "web", disabled).await;
        assert_eq!(users_is_active().await, !disabled);
        assert_eq!(own_is_active().await, !disabled);
        let status = app.userinfo(access_token(&users)).await.status;
        assert_eq!(status, if disabled { 401 } else { 200 });
    }
}

#[tokio::test]
async fn the_tokens_of_a_removed_client_are_good_for_nothing_though_its_grants_still_have_to_be_ended() {
    let app = TestApp::new().await;
    for id in ["web", "api"] {
        app.add_client(id, web()).await;
    }
    let target = authorize(&[("scope", "openid offline_access")]);
    let back = redirected(&Browser::new(&app).sign_in(&target).await);
    let users = app.redeem(back.get("code").expect("a code")).await.json();
    let own = app.post_as("web", "/token", &[("grant_type", "client_credentials")]).await.json();
    let web = ClientId::parse("web").expect("an identifier");
    let removal = app
        .service
        .authority()
        .clients()
        .remove_client(&web, Actor::Operator, app.service.clock().now())
        .await;
    assert_eq!(removal.expect("a store"), ClientRemoval::Removed);
    for tokens in [&users, &own] {
        let told = app.post_as("api", "/introspect", &[("token", access_token(tokens))]).await;
        assert_eq!(told.json()["active"], false);
    }
    assert_eq!(app.userinfo(access_token(&users)).await.status, 401);
    let refresh = users["refresh_token"].as_str().expect("a refresh token");
    let refreshed =
        app.post_as("web", "/token", &[("grant_type", "refresh_token"), ("refresh_token", refresh)]).await;
    assert_eq!(refreshed.json()["error"], "invalid_client");
    // One that is added under the same name later does not have its grants.
    app.add_client("web", super::client::web()).await;
    let refreshed =
        app.post_as("web", "/token", &[("grant_type", "refresh_token"), ("refresh_token", refresh)]).await;
    assert_eq!(refreshed.json()["error"], "invalid_grant");
}
