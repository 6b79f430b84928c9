//! A database that a server uses: nobody else serves it, and nothing is written when it is not in its place.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use jeton_authority::store::{Store, StoreError, UserStore};
use jeton_store::{Access, DataFolder, OpenError, OpenMode, SqliteStore};

use crate::scratch::{Scratch, add, database, knows, open};

fn serve(folder: &std::path::Path) -> Result<SqliteStore, OpenError> {
    SqliteStore::open_as(database(folder), OpenMode::CreateOrMigrate, Access::Server, None)
}

#[track_caller]
fn unavailable<T: std::fmt::Debug>(outcome: Result<T, StoreError>) -> String {
    match outcome {
        Err(StoreError::Unavailable(text)) => text,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_database_is_served_once_whichever_folder_the_servers_have() {
    let scratch = Scratch::new();
    let server = serve(scratch.folder()).expect("the first");
    let refused = serve(scratch.folder()).expect_err("the second");
    assert_eq!(refused.code(), "database_served");
    assert!(refused.to_string().contains("another jeton serves the database "), "{refused}");
    // Neither a command that opens and closes it nor a reader of the file frees it.
    let command = open(scratch.folder());
    add(&command, "ada").await.expect("commands work beside it");
    drop(command);
    fs::read(scratch.database()).expect("reading");
    assert!(serve(scratch.folder()).is_err(), "it is still served");
    assert!(knows(&server, "ada").await);
    drop(server);
    serve(scratch.folder()).expect("it is free again");
}

#[test]
fn a_lock_file_is_for_its_owner_alone_and_one_that_was_not_becomes_so() {
    let scratch = Scratch::new();
    let folder = DataFolder::open(scratch.folder()).expect("opening");
    let path = scratch.folder().join("jeton.lock");
    let mode = || fs::metadata(&path).expect("a file").permissions().mode() & 0o777;
    drop(folder.lock_for_server().expect("locking"));
    assert_eq!(mode(), 0o600);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("changing");
    drop(folder.lock_for_server().expect("locking"));
    assert_eq!(mode(), 0o600);
}

#[tokio::test]
async fn a_folder_that_is_moved_away_is_not_written_to_until_it_is_back() {
    let scratch = Scratch::new();
    let (home, away) = (scratch.folder().join("home"), scratch.folder().join("away"));
    fs::create_dir(&home).expect("a folder");
    let server = serve(&home).expect("opening");
    add(&server, "ada").await.expect("adding");
    assert!(server.in_place().is_ok() && knows(&server, "ada").await);

    fs::rename(&home, &away).expect("moving");
    assert!(unavailable(add(&server, "eve").await).contains("was moved or removed while the server runs"));
    unavailable(server.probe().await);
    unavailable(server.in_place());
    assert!(knows(&server, "ada").await, "what it has open it reads");

    fs::create_dir(&home).expect("another folder");
    let stranger = open(&home);
    add(&stranger, "mal").await.expect("adding");
    assert!(unavailable(add(&server, "eve").await).contains("took the place of the database"));
    unavailable(server.in_place());
    assert!(!knows(&stranger, "eve").await && !knows(&server, "mal").await);
    drop(stranger);

    fs::remove_dir_all(&home).expect("removing");
    fs::rename(&away, &home).expect("moving back");
    assert!(server.in_place().is_ok());
    add(&server, "eve").await.expect("it works by itself");
    server.close().expect("closing");
    assert!(knows(&open(&home), "eve").await);
}

#[tokio::test]
async fn closing_leaves_the_log_of_the_database_that_took_its_place_alone() {
    let scratch = Scratch::new();
    let (home, away) = (scratch.folder().join("home"), scratch.folder().join("away"));
    fs::create_dir(&home).expect("a folder");
    let server = serve(&home).expect("opening");
    add(&server, "ada").await.expect("adding");
    fs::rename(&home, &away).expect("moving");
    fs::create_dir(&home).expect("another folder");
    let other = open(&home);
    add(&other, "mal").await.expect("adding");
    server.close().expect_err("it is not in its place");
    assert!(home.join("jeton.db-wal").exists(), "the other's log");
    add(&other, "eve").await.expect("adding");
    drop(other);
    assert!(knows(&open(&home), "mal").await && knows(&open(&away), "ada").await);
}

#[tokio::test]
async fn a_reader_that_opens_late_opens_no_other_database() {
    let scratch = Scratch::new();
    let (home, away) = (scratch.folder().join("home"), scratch.folder().join("away"));
    fs::create_dir(&home).expect("a folder");
    let server = serve(&home).expect("opening");
    fs::rename(&home, &away).expect("moving");
    fs::create_dir(&home).expect("another folder");
    add(&open(&home), "mal").await.expect("adding");
    unavailable(server.list_users(None, 10).await);
}
