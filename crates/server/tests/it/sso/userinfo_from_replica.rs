//! Userinfo from a replica that lags: other changes may show late, but a sign-out never.

use std::sync::Arc;

use jeton_authority::GrantId;
use jeton_authority::audit::Actor;
use jeton_authority::store::{AccountStore, GrantStore, UserStore};
use jeton_authority::user::{Attributes, Username};
use jeton_server::hashing::HashPool;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::browser::{Browser, redirected};
use super::client::{authorize, web};
use super::logout_delivery::claims;
use crate::app::{TestApp, cheap, open_store};
use crate::failing_store::{FailingStore, Fault};

struct World {
    app: TestApp,
    store: Arc<FailingStore>,
}

/// Somebody's access token.
struct Token {
    text: String,
    grant: GrantId,
}

impl World {
    async fn new() -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let store = FailingStore::over(open_store(&folder).await);
        let pool = HashPool::with_threads(cheap(), 2, 64).expect("two threads");
        let from_replica = |mut settings: jeton_authority::settings::Settings| {
            settings.userinfo.from_replica = true;
            settings
        };
        let over = Arc::clone(&store) as Arc<_>;
        let app = TestApp::over(over, folder, Arc::new(pool), from_replica, |service| service).await.alone();
        app.add_client("web", web()).await;
        Self { app, store }
    }

    /// Signs in; the replica receives the grant, and then nothing more.
    async fn replicated(&self, scope: &str) -> Token {
        let back = redirected(&Browser::new(&self.app).sign_in(&authorize(&[("scope", scope)])).await);
        let tokens = self.app.redeem(back.get("code").expect("a code")).await.json();
        let text = tokens["access_token"].as_str().expect("a token").to_owned();
        let grant = claims(&text)["sid"].as_str().expect("a sid").parse().expect("a grant");
        self.store.replicate(grant).await;
        Token { text, grant }
    }

    async fn userinfo(&self, token: &Token) -> Option<Value> {
        let answer = self.app.userinfo(&token.text).await;
        match answer.status.as_u16() {
            200 => Some(answer.json()),
            401 => None,
            other => panic!("{other}: {}", answer.text()),
        }
    }

    async fn email(&self, token: &Token) -> Option<String> {
        Some(self.userinfo(token).await?["email"].as_str().expect("an address").to_owned())
    }

    /// Changes what only userinfo says of the user.
    async fn change_email(&self, email: &str) {
        let user = self.store.find_user(&Username::parse("ada").expect("a name")).await;
        let user = user.expect("a store").expect("a user").id;
        let now = self.app.service.clock().now();
        let changed = self.store.change_email(user, Some(email.into()), Actor::Operator, now).await;
        changed.expect("a store");
    }

    /// What the background task does ten times a second.
    async fn hear(&self) {
        let authority = self.app.service.authority();
        authority.feed().poll(self.app.service.clock().now()).await.expect("a poll");
    }
}

#[tokio::test]
async fn a_replica_that_lags_may_show_an_old_address_but_honours_every_sign_out() {
    let world = World::new().await;
    world.change_email("old@example.org").await;
    let scope = "openid email";
    let (here, elsewhere) = (world.replicated(scope).await, world.replicated(scope).await);
    world.hear().await;
    world.change_email("new@example.org").await;
    for token in [&here, &elsewhere] {
        assert_eq!(
            world.email(token).await.as_deref(),
            Some("old@example.org"),
            "it is read from the replica"
        );
    }

    let now = world.app.service.clock().now();
    world.store.end_grant(here.grant, Actor::Operator, now).await.expect("a store");
    world.hear().await;
    assert_eq!(world.email(&here).await, None, "the replica has not heard of it");
    assert_eq!(world.email(&elsewhere).await.as_deref(), Some("old@example.org"), "nothing was ended here");

    let another = open_store(&world.app.folder).await;
    another.end_grant(elsewhere.grant, Actor::Operator, now).await.expect("a store");
    world.hear().await;
    assert_eq!(world.email(&elsewhere).await, None, "another node ended it");
}

#[tokio::test]
async fn a_changed_role_shows_though_the_replica_has_the_old_one() {
    let world = World::new().await;
    let token = world.replicated("openid roles").await;
    world.hear().await;
    let roles = json!({"roles": ["admin"]});
    let attributes = Attributes::new(roles.as_object().expect("an object").clone()).expect("attributes");
    let user = world.store.find_user(&Username::parse("ada").expect("a name")).await;
    let user = user.expect("a store").expect("a user").id;
    let now = world.app.service.clock().now();
    world.store.change_attributes(user, attributes, Actor::Operator, now).await.expect("a store");
    world.hear().await;
    assert_eq!(world.userinfo(&token).await.expect("userinfo")["roles"], roles["roles"]);
}

#[tokio::test]
async fn a_node_that_has_not_heard_of_sign_outs_for_two_seconds_asks_the_store_itself() {
    let world = World::new().await;
    world.change_email("old@example.org").await;
    let token = world.replicated("openid email").await;
    world.hear().await;
    world.change_email("new@example.org").await;
    world.app.hand.step(2);
    assert_eq!(world.email(&token).await.as_deref(), Some("new@example.org"));
    world.store.set(Fault::Broken);
    assert_eq!(world.app.userinfo(&token.text).await.status, 500, "it does not guess");
    world.store.set(Fault::None);
    world.hear().await;
    assert_eq!(world.email(&token).await.as_deref(), Some("old@example.org"));
}

#[tokio::test]
async fn what_the_replica_does_not_have_or_refuses_is_asked_of_the_store_itself() {
    let world = World::new().await;
    world.change_email("ada@example.org").await;
    let token = world.replicated("openid email").await;
    let user = world.store.find_user(&Username::parse("ada").expect("a name")).await;
    let user = user.expect("a store").expect("a user").id;
    let now = world.app.service.clock().now();
    world.store.disable_user(user, Actor::Operator, now).await.expect("a store");
    world.store.replicate(token.grant).await;
    world.store.enable_user(user, Actor::Operator, now).await.expect("a store");
    let later = world.replicated("openid email").await;
    world.hear().await;
    assert!(world.email(&later).await.is_some() && world.email(&token).await.is_none());
}
