//! Several processes on one database.

use jeton_authority::store::{Store, UserStore};

use crate::child;
use crate::scratch::{Scratch, add, knows};

#[tokio::test]
async fn two_processes_write_at_once() {
    let scratch = Scratch::new();
    let store = scratch.open();
    let mut process = child::start("add a hundred users", scratch.folder());
    for number in 0..100 {
        add(&store, &format!("own-{number}")).await.expect("adding");
    }
    assert!(process.wait().expect("waiting").success());
    assert_eq!(store.list_users(None, 1000).await.expect("listing").len(), 200);
    store.close().expect("closing");
    assert_eq!(scratch.files(), ["jeton.db"]);
}

#[tokio::test]
async fn the_changes_of_another_process_show() {
    let scratch = Scratch::new();
    let store = scratch.open();
    let before = store.changes().await.expect("asking");
    let mut process = child::start("add a hundred users", scratch.folder());
    assert!(process.wait().expect("waiting").success());
    let after = store.changes().await.expect("asking");
    assert_ne!(after.hash_kinds, before.hash_kinds);
    assert_eq!((after.keys, after.clients), (before.keys, before.clients));
    assert_eq!(store.changes().await.expect("asking"), after);
    assert!(knows(&store, "other-99").await);
}
