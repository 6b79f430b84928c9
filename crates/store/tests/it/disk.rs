//! A disk that is full, a file that may not be written: writing is unavailable, reading goes on, and it recovers.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jeton_authority::GrantId;
use jeton_authority::refresh_token::Presented;
use jeton_authority::store::{GrantStore, Refresh, Store, StoreError};
use jeton_store::SqliteStore;
use tokio::task::JoinSet;

use crate::child::{self, say};
use crate::scratch::{
    HOME, Scratch, ada_with_a_refreshed_grant, add, at, database, knows, new_grant, open, refresh,
    unavailable,
};

#[test]
fn a_full_disk_is_survived() {
    let scratch = Scratch::new();
    // A mount of its own, seen by the child alone and gone with it. Who is not root becomes it in a user namespace.
    let mut program = Command::new("unshare");
    program.args(["--mount", "--map-root-user", "--"]).arg(std::env::current_exe().expect("a path"));
    let mut process = match child::command(program, "meet a full disk", scratch.folder()).spawn() {
        Ok(process) => process,
        Err(error) => return eprintln!("skipped: a small disk cannot be mounted here ({error})"),
    };
    let said = child::sayings(&mut process).collect::<Vec<_>>();
    process.wait().expect("waiting");
    match said.first().map(String::as_str) {
        Some("mounted") => assert_eq!(said.last().map(String::as_str), Some("survived"), "{said:?}"),
        _ => eprintln!("skipped: a small disk cannot be mounted here"),
    }
}

/// What the child does on its own small disk.
pub(crate) async fn full(folder: &Path) {
    let mount = Command::new("mount").args(["-t", "tmpfs", "-o", "size=4m", "tmpfs"]).arg(folder).status();
    if !mount.is_ok_and(|status| status.success()) {
        return say("cannot mount");
    }
    say("mounted");
    let store = Arc::new(open(folder));
    let grant = ada_with_a_refreshed_grant(&*store).await;

    let ballast = folder.join("ballast");
    let mut file = File::create(&ballast).expect("making the ballast");
    while file.write_all(&[0; 4096]).is_ok() {}
    drop(file);
    let mut added = 0;
    while added < 100_000 && add(&*store, &format!("user-{added}")).await.is_ok() {
        added += 1;
    }
    // What is left in the last page of the log may still take the smallest of writes.
    while store.probe().await.is_ok() {}
    say("full");

    unavailable(add(&*store, "bob").await);
    unavailable(store.open_grant(new_grant("another")).await);
    unavailable(refresh_later(&store, grant).await);
    assert_eq!(refresh(&*store, grant, 1).await.expect("standing still writes nothing"), 1);
    assert!(knows(&*store, "ada").await);
    let mut callers = JoinSet::new();
    for caller in 0..100 {
        let store = Arc::clone(&store);
        callers.spawn(async move {
            if caller % 2 == 0 {
                unavailable(add(&*store, &format!("late-{caller}")).await);
            } else {
                assert_eq!(refresh(&*store, grant, 1).await.expect("standing still writes nothing"), 1);
            }
        });
    }
    callers.join_all().await;

    fs::remove_file(&ballast).expect("removing the ballast");
    add(&*store, "bob").await.expect("there is space again");
    store.probe().await.expect("there is space again");
    drop(store);
    let store = open(folder);
    for number in 0..added {
        assert!(knows(&store, &format!("user-{number}")).await, "user-{number} was acknowledged");
    }
    assert!(!knows(&store, "late-0").await, "what was refused did not happen");
    say("survived");
}

/// A refresh after the grace, which has to write.
async fn refresh_later(store: &SqliteStore, grant: GrantId) -> Result<Refresh, StoreError> {
    let presented = Presented::new(1, at(1), HOME);
    store.refresh_grant(grant, presented, Default::default(), at(100)).await
}

#[test]
fn a_read_only_file_is_survived() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
    use std::os::unix::process::CommandExt;

    const NOBODY: u32 = 65_534;
    let scratch = Scratch::new();
    let mut program = std::env::current_exe().expect("a path");
    let root = fs::metadata(scratch.folder()).expect("it exists").uid() == 0;
    if root {
        // File modes mean nothing to root, so the child is somebody else; then it needs a copy that it may run.
        chown(scratch.folder(), Some(NOBODY), Some(NOBODY)).expect("handing the folder over");
        let copy = scratch.folder().join("program");
        fs::copy(&program, &copy).expect("copying the test program");
        fs::set_permissions(&copy, fs::Permissions::from_mode(0o755)).expect("making it run");
        program = copy;
    }
    let mut program = Command::new(program);
    program.current_dir("/");
    if root {
        program.uid(NOBODY).gid(NOBODY);
    }
    let mut process =
        child::command(program, "meet a read-only file", scratch.folder()).spawn().expect("the child starts");
    let said = child::sayings(&mut process).collect::<Vec<_>>();
    process.wait().expect("waiting");
    assert_eq!(said, ["survived"]);
}

/// What the child does with a file that it may not write.
pub(crate) async fn read_only(folder: &Path) {
    use std::os::unix::fs::PermissionsExt;

    let database = database(folder);
    let set_mode =
        |mode| fs::set_permissions(&database, fs::Permissions::from_mode(mode)).expect("changing its mode");
    let store = open(folder);
    let grant = ada_with_a_refreshed_grant(&store).await;
    store.close().expect("closing");

    set_mode(0o400);
    let store = open(folder);
    unavailable(add(&store, "bob").await);
    unavailable(store.probe().await);
    unavailable(refresh_later(&store, grant).await);
    assert_eq!(refresh(&store, grant, 1).await.expect("standing still writes nothing"), 1);
    assert!(knows(&store, "ada").await);

    set_mode(0o600);
    let started = Instant::now();
    while let Err(error) = add(&store, "bob").await {
        assert!(started.elapsed() < Duration::from_secs(120), "{error}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(knows(&store, "bob").await);
    say("survived");
}
