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
    let changes = || store.external_changes().expect("asking");
    let before = changes();
    for number in 0..10 {
        add(&store, &format!("own-{number}")).await.expect("adding");
        assert_eq!(changes(), before, "its own changes do not count");
    }
    let mut process = child::start("add a hundred users", scratch.folder());
    assert!(process.wait().expect("waiting").success());
    let after = changes();
    assert_ne!(after, before);
    assert_eq!(changes(), after);
    assert!(knows(&store, "other-99").await);
}

#[tokio::test]
async fn the_changes_of_another_process_show_under_load() {
    let scratch = Scratch::new();
    let store = scratch.open();
    let before = store.external_changes().expect("asking");
    let mut process = child::start("add a hundred users", scratch.folder());
    let mut added = 0;
    while process.try_wait().expect("waiting").is_none() {
        add(&store, &format!("own-{added}")).await.expect("adding");
        added += 1;
    }
    assert_ne!(store.external_changes().expect("asking"), before);
}
