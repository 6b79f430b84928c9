//! Keys that another process changes under a running server.

use std::time::Duration;

use jeton_authority::audit::Actor;
use jeton_authority::keyring::rotate;
use jeton_server::Background;
use jeton_server::control::{self, ControlSocket, Reloaded};

use crate::app::{TestApp, master, open_store};

/// Adds a key as a command in another process does.
async fn rotate_elsewhere(app: &TestApp) {
    let store = open_store(&app.folder).await;
    let now = app.service.clock().now();
    rotate(&*store, &master(), None, Duration::from_secs(600), Actor::Operator, now).await.expect("a key");
}

/// How many keys for access tokens are published; the one for ID tokens comes by itself.
async fn published(app: &TestApp) -> usize {
    let set = app.get("/.well-known/jwks.json").await.json();
    set["keys"].as_array().expect("a list").iter().filter(|key| key["alg"] == "ES256").count()
}

#[tokio::test]
async fn a_new_key_is_published_before_the_command_that_made_it_returns() {
    let app = TestApp::new().await;
    let socket = ControlSocket::open(app.folder.path()).expect("a socket");
    let task = tokio::spawn(socket.serve(app.service.clone()));
    let etag = app.get("/.well-known/jwks.json").await.header("etag").map(str::to_owned);
    rotate_elsewhere(&app).await;
    assert_eq!(published(&app).await, 1);
    let folder = app.folder.path().to_owned();
    let told = tokio::task::spawn_blocking(move || control::reload(&folder)).await.expect("no panic");
    assert_eq!(told.expect("an answer"), Reloaded::ByRunningServer);
    assert_eq!(published(&app).await, 2);
    assert_ne!(app.get("/.well-known/jwks.json").await.header("etag").map(str::to_owned), etag);
    task.abort();
}

#[tokio::test]
async fn a_new_key_is_noticed_within_seconds_without_being_told() {
    let app = TestApp::new().await;
    let _background = Background::start(&app.service);
    rotate_elsewhere(&app).await;
    for _ in 0..100 {
        if published(&app).await == 2 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("still one key after ten seconds");
}

#[tokio::test]
async fn a_key_signs_when_its_time_has_come() {
    let app = TestApp::new().await;
    rotate_elsewhere(&app).await;
    let before = app.sign_in().await;
    app.hand.step(601);
    app.service.authority().tick(app.service.clock().now()).await.expect("a store");
    let after = app.sign_in().await;
    let header = |token: &str| token.split('.').next().map(str::to_owned);
    assert_ne!(header(&before.access), header(&after.access), "another kid");
    app.verify(&after.access).await.expect(200, "{}");
}
