//! The data folder and who serves from it.

use jeton_store::{DataFolder, FolderError};

use crate::scratch::{Scratch, add, knows, open};

#[test]
fn a_folder_serves_one_server_at_a_time() {
    let scratch = Scratch::new();
    let folder = DataFolder::open(scratch.folder()).expect("opening");
    let lock = folder.lock_for_server().expect("nobody serves it yet");
    let refused = folder.lock_for_server().expect_err("it is served");
    let expected = format!("another jeton serves this folder (process {})", std::process::id());
    assert_eq!((refused.to_string(), refused.code()), (expected, "folder_served"));
    drop(lock);
    folder.lock_for_server().expect("it is free again");
}

#[tokio::test]
async fn a_command_opens_the_database_of_a_served_folder() {
    let scratch = Scratch::new();
    let folder = DataFolder::open(scratch.folder()).expect("opening");
    let _lock = folder.lock_for_server().expect("nobody serves it yet");
    let [server, command] = [open(folder.path()), open(folder.path())];
    add(&command, "ada").await.expect("adding");
    assert!(knows(&server, "ada").await);
}

#[test]
fn a_missing_folder_is_made() {
    let scratch = Scratch::new();
    let folder = DataFolder::open(scratch.folder().join("a/b")).expect("making");
    assert!(folder.path().is_dir());
    assert!(folder.database().ends_with("a/b/jeton.db"));
    assert!(folder.master_key().ends_with("a/b/master.key"));
    assert!(folder.socket().ends_with("a/b/jeton.sock"));
}

#[test]
fn a_file_in_its_place_is_refused() {
    let scratch = Scratch::new();
    let path = scratch.folder().join("file");
    std::fs::write(&path, "").expect("writing");
    assert!(matches!(DataFolder::open(&path), Err(FolderError::Io { .. })));
}

#[cfg(unix)]
#[test]
fn only_the_owner_can_look_into_it() {
    use std::os::unix::fs::PermissionsExt;

    let scratch = Scratch::new();
    let folder = DataFolder::open(scratch.folder().join("data")).expect("making");
    let store = open(folder.path());
    let mode = |path| std::fs::metadata(path).expect("it exists").permissions().mode() & 0o777;
    assert_eq!(mode(folder.path().to_path_buf()), 0o700);
    assert_eq!(mode(folder.database()), 0o600);
    assert_eq!(mode(folder.path().join("jeton.db-wal")), 0o600);
    drop(store);
}
