//! What is left after a store was closed, dropped or killed.

use std::sync::Arc;
use std::time::Duration;

use jeton_authority::store::{GrantStore, UserStore};
use tokio::task::JoinSet;

use crate::child;
use crate::scratch::{Scratch, ada_with_a_refreshed_grant, add, knows, new_grant, refresh};

#[tokio::test]
async fn what_was_stored_is_there_after_reopening() {
    let scratch = Scratch::new();
    let store = scratch.open();
    let grant = ada_with_a_refreshed_grant(&store).await;
    store.close().expect("closing");
    let store = scratch.open();
    assert!(knows(&store, "ada").await);
    assert_eq!(store.grant_standing(grant).await.expect("looking").expect("it exists").generation, 1);
    assert_eq!(refresh(&store, grant, 1).await.expect("refreshing"), 1);
}

#[tokio::test]
async fn a_closed_store_is_one_file() {
    let scratch = Scratch::new();
    let store = scratch.open();
    ada_with_a_refreshed_grant(&store).await;
    assert!(knows(&store, "ada").await);
    assert!(scratch.files().len() > 1, "the log is beside it while it is open");
    store.close().expect("closing");
    assert_eq!(scratch.files(), ["jeton.db"]);
}

#[tokio::test]
async fn a_dropped_store_is_one_file() {
    let scratch = Scratch::new();
    let store = scratch.open();
    ada_with_a_refreshed_grant(&store).await;
    assert!(knows(&store, "ada").await);
    drop(store);
    assert_eq!(scratch.files(), ["jeton.db"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_accepted_is_finished_though_nobody_waits_for_it() {
    let scratch = Scratch::new();
    let store = Arc::new(scratch.open());
    let other = scratch.raw();
    other.execute_batch("BEGIN IMMEDIATE").expect("the other one writes");
    let mut callers = JoinSet::new();
    for number in 0..50 {
        let store = Arc::clone(&store);
        callers.spawn(async move { add(&*store, &format!("user-{number}")).await });
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    callers.shutdown().await;
    other.execute_batch("ROLLBACK").expect("the other one stops");
    drop(other);
    drop(store);
    assert_eq!(scratch.files(), ["jeton.db"]);
    let store = scratch.open();
    assert_eq!(store.list_users(None, 100).await.expect("listing").len(), 50);
}

#[tokio::test]
async fn a_killed_process_loses_nothing_it_had_acknowledged() {
    let scratch = Scratch::new();
    for round in 0..5 {
        let mut process = child::start("add users until killed", scratch.folder());
        let mut sayings = child::sayings(&mut process);
        let mut said = sayings.by_ref().take(20 + 7 * round).collect::<Vec<_>>();
        process.kill().expect("killing");
        process.wait().expect("waiting");
        // What was said between the last line read and the kill counts as well.
        said.extend(sayings);
        let store = scratch.open();
        for name in &said {
            assert!(knows(&store, name).await, "{name} was acknowledged");
        }
        store.close().expect("closing");
        std::fs::remove_file(scratch.database()).expect("removing");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_grant_takes_at_most_300_bytes() {
    let scratch = Scratch::new();
    let store = scratch.open();
    add(&store, "ada").await.expect("adding");
    store.close().expect("closing");
    let size = || std::fs::metadata(scratch.database()).expect("it exists").len();
    let before = size();
    let store = Arc::new(scratch.open());
    let mut callers = JoinSet::new();
    for number in 0..2_000 {
        let store = Arc::clone(&store);
        callers.spawn(async move { store.open_grant(new_grant(&format!("grant-{number}"))).await });
    }
    for opened in callers.join_all().await {
        opened.expect("opening");
    }
    drop(store);
    let bytes = (size() - before) / 2_000;
    assert!(bytes <= 300, "{bytes} bytes");
}
