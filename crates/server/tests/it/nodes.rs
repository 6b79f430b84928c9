//! What servers on one database see of each other.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use jeton_authority::audit::Actor;
use jeton_authority::keyring::rotate;
use jeton_authority::store::ClientChange;
use jeton_jose::Algorithm;
use jeton_oauth::client::ClientId;
use serde_json::json;

use crate::app::{HOME, TestApp, master};
use crate::sso::client::web;

impl TestApp {
    /// What the server does every second.
    async fn tick(&self) {
        self.service.authority().tick(self.service.clock().now()).await.expect("a store");
    }

    async fn client_credentials(&self) -> u16 {
        self.post_as("web", "/token", &[("grant_type", "client_credentials")]).await.status.as_u16()
    }
}

#[tokio::test]
async fn a_client_that_one_node_disables_is_refused_by_the_other_after_its_next_look() {
    let first = TestApp::new().await;
    first.add_client("web", web()).await;
    let second = first.second_node().await;
    assert_eq!([first.client_credentials().await, second.client_credentials().await], [200; 2]);
    let clients = first.service.authority().clients();
    let id = ClientId::parse("web").expect("an identifier");
    let mut client = (*clients.find(&id).await.expect("a store").expect("a client")).clone();
    client.policy.disabled = true;
    let changed =
        clients.change_client(&client, Actor::Operator, first.service.clock().now()).await.expect("a store");
    assert_eq!(changed, ClientChange::Done);
    assert_eq!(first.client_credentials().await, 401);
    assert_eq!(second.client_credentials().await, 200, "it remembers the client");
    second.tick().await;
    assert_eq!(second.client_credentials().await, 401);
}

#[tokio::test]
async fn a_key_that_one_node_makes_is_published_by_the_other_after_its_next_look() {
    let first = TestApp::new().await;
    let second = first.second_node().await;
    let key_set = async |app: &TestApp| app.get("/.well-known/jwks.json").await.json();
    let before = key_set(&second).await;
    assert_eq!(key_set(&first).await, before);
    let now = first.service.clock().now();
    rotate(&*first.store, &master(), None, Duration::from_secs(600), Actor::Operator, now)
        .await
        .expect("a key");
    first.tick().await;
    assert_ne!(key_set(&first).await, before);
    assert_eq!(key_set(&second).await, before);
    second.tick().await;
    assert_eq!(key_set(&second).await, key_set(&first).await);
}

#[tokio::test]
async fn a_grant_that_one_node_ends_is_refused_by_the_other_at_once() {
    let first = TestApp::new().await;
    let second = first.second_node().await;
    let pair = first.sign_in().await;
    assert_eq!(second.verify(&pair.access).await.status, 200);
    assert_eq!(second.sign_out(&pair.refresh).await.status, 200);
    assert_eq!(first.verify(&pair.access).await.status, 400);
    first
        .refresh(&pair.refresh)
        .await
        .expect(401, r#"{"detail":"Token is blacklisted","code":"token_not_valid"}"#);
}

#[tokio::test]
async fn tabs_that_refresh_at_two_nodes_at_once_get_the_same_token() {
    let first = TestApp::new().await;
    let second = first.second_node().await;
    let pair = first.sign_in().await;
    let answers = tokio::join!(first.refresh(&pair.refresh), second.refresh(&pair.refresh));
    assert_eq!(answers.0.pair().refresh, answers.1.pair().refresh);
}

#[tokio::test]
async fn failures_at_one_node_throttle_nobody_at_the_other() {
    let first = TestApp::new().await;
    let second = first.second_node().await;
    let fail = json!({"username": "ada", "password": "wrong"});
    let mut status = 401;
    for _ in 0..100 {
        status = first.post_from(HOME, "/api/token/", &fail).await.status.as_u16();
        if status == 429 {
            break;
        }
    }
    assert_eq!(status, 429);
    assert_eq!(second.post_from(HOME, "/api/token/", &fail).await.status, 401);
}

#[tokio::test]
async fn ten_nodes_let_strangers_guess_at_most_twice_as_often_as_one() {
    let alone = TestApp::new().await;
    let first = TestApp::new().await;
    let mut nodes = vec![];
    for _ in 1..10 {
        nodes.push(first.second_node().await);
    }
    nodes.insert(0, first);
    let nodes = nodes;
    // Each knows of those that came before; after a while all know of all.
    for seconds in [0, 10] {
        for node in [&alone].into_iter().chain(&nodes) {
            node.hand.step(seconds);
            node.tick().await;
        }
    }
    let fail = json!({"username": "ada", "password": "wrong"});
    // From one place, and for an hour.
    let mut guesses = [0_u32; 2];
    for _ in 0..360 {
        for (count, nodes) in guesses.iter_mut().zip([std::slice::from_ref(&alone), &nodes]) {
            for node in nodes {
                while node.post_from(HOME, "/api/token/", &fail).await.status == 401 {
                    *count += 1;
                }
                node.hand.step(10);
            }
        }
    }
    let [one, ten] = guesses;
    assert!(one >= 60, "{one}");
    assert!((one / 2..=2 * one).contains(&ten), "one node allows {one} guesses, and ten of them {ten}");
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_nodes_that_rotate_at_once_make_a_key_for_each_that_succeeds_and_no_key_set_loses_one() {
    let mut nodes = vec![TestApp::new().await];
    for _ in 1..10 {
        let next = nodes[0].second_node().await;
        nodes.push(next);
    }
    let kids = async |app: &TestApp| {
        let set = app.get("/.well-known/jwks.json").await.json();
        let keys = set["keys"].as_array().expect("a key set").iter();
        keys.map(|key| key["kid"].as_str().expect("a key").to_owned()).collect::<BTreeSet<_>>()
    };
    let before = kids(&nodes[0]).await;
    assert!(!before.is_empty());
    let now = nodes[0].service.clock().now();
    let rotating: Vec<_> = nodes
        .iter()
        .map(|node| {
            let store = Arc::clone(&node.store);
            tokio::spawn(async move {
                rotate(
                    &*store,
                    &master(),
                    Some(Algorithm::ES256),
                    Duration::from_secs(600),
                    Actor::Operator,
                    now,
                )
                .await
                .is_ok()
            })
        })
        .collect();
    for node in &nodes {
        node.tick().await;
        assert!(kids(node).await.is_superset(&before));
    }
    // Mostly one: the others find that it came first, unless they look only after that.
    let mut rotated = 0;
    for rotation in rotating {
        rotated += usize::from(rotation.await.expect("it ends"));
    }
    assert!(rotated >= 1);
    for node in &nodes {
        node.tick().await;
        let after = kids(node).await;
        assert!(after.is_superset(&before));
        assert_eq!(after.len(), before.len() + rotated);
    }
}
