//! Backups, restores, migrations and checks on SQLite.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use jeton_authority::keys::MasterKey;
use jeton_authority::store::GrantStore;
use jeton_store::conformance::fill;
use jeton_store::{
    Access, DatabaseUrl, Existing, KeyAtHand, MoveError, OnProgress, OpenMode, SqliteStore, backup, check,
    migrate, restore,
};
use rusqlite::Connection;

use crate::scratch::{Scratch, add, at, knows, refresh};

/// The key that [`fill`] encrypts with.
pub(crate) fn key() -> Option<Arc<MasterKey>> {
    Some(Arc::new(MasterKey::from_bytes([1; 32])))
}

pub(crate) fn quiet() -> OnProgress {
    Arc::new(|_| {})
}

/// A database with rows in every table.
async fn filled() -> Scratch {
    let scratch = Scratch::new();
    fill(Arc::new(scratch.open())).await;
    scratch
}

fn url(scratch: &Scratch) -> DatabaseUrl {
    DatabaseUrl::sqlite(scratch.database())
}

/// Makes a backup beside a database.
pub(crate) async fn backed_up(database: &DatabaseUrl, file: &Path) -> PathBuf {
    let made = backup(database, file, Existing::Keep, "a test", at(10), &quiet()).await.expect("a backup");
    assert_eq!(made.bytes, fs::metadata(file).expect("a file").len());
    assert_eq!(made.master_key, key().map(|key| key.check().id()));
    file.to_path_buf()
}

#[tokio::test]
async fn a_restored_database_has_everything_that_the_backup_has() {
    let (from, to) = (filled().await, Scratch::new());
    let file = backed_up(&url(&from), &from.folder().join("backup")).await;
    let restored = restore(&file, &url(&to), key(), at(10), &quiet()).await.expect("restoring");
    assert!(restored.tables.iter().all(|(_, rows)| *rows > 0), "{:?}", restored.tables);
    assert_eq!(to.files(), ["jeton.db"]);

    // The backup of the restored database is the same, byte for byte.
    let again = backed_up(&url(&to), &to.folder().join("backup")).await;
    assert!(fs::read(file).expect("a backup") == fs::read(again).expect("a backup"));
}

#[tokio::test]
async fn a_restored_database_is_another_history_of_the_same_sessions() {
    let (from, to) = (filled().await, Scratch::new());
    let file = backed_up(&url(&from), &from.folder().join("backup")).await;
    let restored = restore(&file, &url(&to), key(), at(2), &quiet()).await.expect("restoring");
    assert!(
        restored.risen.grants > 0 && restored.risen.sessions > 0 && restored.risen.users > 0,
        "{restored:?}"
    );
    assert!(
        restored.risen.codes > 0 && restored.risen.keys > 0 && restored.risen.clients > 0,
        "{restored:?}"
    );
    let history = |scratch: &Scratch| -> String {
        scratch.raw().query_row("SELECT name FROM history", [], |row| row.get(0)).expect("a name")
    };
    assert_ne!(history(&from), history(&to));
    let indexes = |scratch: &Scratch| -> Vec<String> {
        let db = scratch.raw();
        let mut names =
            db.prepare("SELECT type || name FROM sqlite_schema ORDER BY 1").expect("the catalogue");
        names.query_map([], |row| row.get(0)).expect("names").collect::<Result<_, _>>().expect("names")
    };
    assert_eq!(indexes(&from), indexes(&to));
}

#[tokio::test]
async fn a_backup_has_what_was_committed_and_is_still_in_the_log() {
    let (scratch, to) = (Scratch::new(), Scratch::new());
    let store = Arc::new(scratch.open());
    fill(Arc::clone(&store) as _).await;
    add(&*store, "eve").await.expect("adding");
    assert!(scratch.files().contains(&"jeton.db-wal".to_owned()));
    let file = backed_up(&url(&scratch), &scratch.folder().join("backup")).await;
    // The store goes on, and what it writes later is not in the backup.
    add(&*store, "mallory").await.expect("adding");
    restore(&file, &url(&to), key(), at(10), &quiet()).await.expect("restoring");
    let restored = to.open();
    assert_eq!((knows(&restored, "eve").await, knows(&restored, "mallory").await), (true, false));
}

#[cfg(unix)]
#[tokio::test]
async fn only_its_owner_may_read_a_backup_and_an_existing_file_is_kept() {
    use std::os::unix::fs::PermissionsExt;

    let scratch = filled().await;
    let file = scratch.folder().join("backup");
    fs::write(&file, "something else").expect("a file");
    let refused = backup(&url(&scratch), &file, Existing::Keep, "a test", at(1), &quiet()).await;
    assert!(matches!(refused, Err(MoveError::Exists { .. })), "{refused:?}");
    assert_eq!(fs::read(&file).expect("the file"), b"something else");
    backup(&url(&scratch), &file, Existing::Replace, "a test", at(1), &quiet()).await.expect("a backup");
    assert_eq!(fs::metadata(&file).expect("a file").permissions().mode() & 0o777, 0o600);
    assert_eq!(scratch.files(), ["backup", "jeton.db"], "nothing is left behind");
}

#[tokio::test]
async fn a_damaged_backup_is_refused_before_anything_is_written() {
    let (from, to) = (filled().await, Scratch::new());
    let file = backed_up(&url(&from), &from.folder().join("backup")).await;
    let whole = fs::read(&file).expect("a backup");
    let mut damages: Vec<Vec<u8>> = vec![vec![], b"SQLite format 3\0".to_vec(), b"jeton backup 1\n".to_vec()];
    for place in (0..whole.len()).step_by(whole.len() / 61) {
        damages.push(whole[..place].to_vec());
        let mut flipped = whole.clone();
        flipped[place] ^= 0x10;
        damages.push(flipped);
    }
    damages.push([&whole[..], b"\0"].concat());
    for damaged in damages {
        fs::write(&file, damaged).expect("a file");
        let refused = restore(&file, &url(&to), key(), at(10), &quiet()).await.expect_err("it is damaged");
        assert!(
            matches!(
                refused,
                MoveError::Damaged { .. }
                    | MoveError::NotABackup { .. }
                    | MoveError::NewerFormat { .. }
                    | MoveError::Malformed
                    | MoveError::Io { .. }
            ),
            "{refused:?}"
        );
        assert!(to.files().is_empty(), "{:?}", to.files());
    }
    fs::write(&file, b"jeton backup 2\nwhatever").expect("a file");
    let newer = restore(&file, &url(&to), key(), at(10), &quiet()).await.expect_err("it is newer");
    assert_eq!(newer.code(), "backup_newer");
}

#[tokio::test]
async fn a_backup_is_restored_with_its_own_master_key_alone() {
    let (from, to) = (filled().await, Scratch::new());
    let file = backed_up(&url(&from), &from.folder().join("backup")).await;
    let other = Some(Arc::new(MasterKey::from_bytes([2; 32])));
    for (given, code) in [(other, "master_key_mismatch"), (None, "master_key_missing")] {
        let refused = restore(&file, &url(&to), given, at(10), &quiet()).await.expect_err("it does not fit");
        assert_eq!(refused.code(), code);
        let id = key().expect("a key").check().id().to_string();
        assert!(refused.to_string().contains(&id), "{refused}");
        assert!(to.files().is_empty());
    }
}

#[tokio::test]
async fn nothing_is_restored_over_data_or_under_a_server() {
    let (from, to) = (filled().await, Scratch::new());
    let file = backed_up(&url(&from), &from.folder().join("backup")).await;
    let again = async || restore(&file, &url(&to), key(), at(10), &quiet()).await;

    let server = SqliteStore::open_as(to.database(), OpenMode::CreateOrMigrate, Access::Server, None);
    let server = server.expect("an empty database");
    assert_eq!(again().await.expect_err("it is served").code(), "database_served");
    drop(server);

    let store = to.open();
    add(&store, "ada").await.expect("adding");
    drop(store);
    let before = fs::read(to.database()).expect("a database");
    assert_eq!(again().await.expect_err("it is not empty").code(), "database_not_empty");
    assert!(before == fs::read(to.database()).expect("a database"));

    fs::write(to.database(), "something else").expect("a file");
    assert_eq!(again().await.expect_err("it is foreign").code(), "database_foreign");
}

#[tokio::test]
async fn an_empty_database_and_the_log_of_a_lost_one_give_way() {
    let (from, to) = (filled().await, Scratch::new());
    let file = backed_up(&url(&from), &from.folder().join("backup")).await;
    drop(to.open());
    restore(&file, &url(&to), key(), at(10), &quiet()).await.expect("restoring over an empty one");

    // The log of a database that is gone would be applied to the one that takes its name.
    let lost = Scratch::new();
    let store = lost.open();
    add(&store, "mallory").await.expect("adding");
    let log = fs::read(lost.folder().join("jeton.db-wal")).expect("a log");
    drop(store);
    fs::remove_file(lost.database()).expect("a database");
    fs::write(lost.folder().join("jeton.db-wal"), log).expect("a log");
    fs::write(lost.folder().join("jeton.db-shm"), b"").expect("an index of it");
    restore(&file, &url(&lost), key(), at(10), &quiet()).await.expect("restoring");
    assert_eq!(lost.files(), ["jeton.db"]);
    assert!(!knows(&lost.open(), "mallory").await);
}

#[tokio::test]
async fn a_refresh_token_from_after_the_backup_works_after_the_restore() {
    let (from, to) = (Scratch::new(), Scratch::new());
    let store = from.open();
    let grant = crate::scratch::ada_with_a_refreshed_grant(&store).await;
    drop(store);
    let file = from.folder().join("backup");
    backup(&url(&from), &file, Existing::Keep, "a test", at(1), &quiet()).await.expect("a backup");
    // Several generations that the backup knows nothing of.
    from.raw().execute("UPDATE grants SET generation = 6", []).expect("refreshing");
    restore(&file, &url(&to), None, at(10), &quiet()).await.expect("restoring");
    let restored = to.open();
    let presented = 6;
    let after = refresh(&restored, grant, presented).await.expect("refreshing");
    assert!(after >= presented, "{after}");
    assert!(restored.grant_standing(grant).await.expect("reading").expect("a grant").revoked_at.is_none());
}

/// Adds so many users that they take several blocks.
fn add_many(db: &Connection) {
    db.execute_batch(
        "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 8000)
         INSERT INTO users (id, username, password, disabled, admin, created_at, folded)
         SELECT randomblob(16), 'user ' || n, '!' || hex(randomblob(30)), 0, 0, 1700000000, 'user ' || n FROM n;",
    )
    .expect("users");
}

/// Stops at a certain report, as a process does that is killed.
fn killed_at(report: u64) -> OnProgress {
    let reports = AtomicU64::new(0);
    Arc::new(move |progress| {
        let copied = progress.step == "copying";
        if copied && progress.table == "users" && reports.fetch_add(1, Ordering::Relaxed) == report {
            panic!("killed");
        }
    })
}

#[tokio::test]
async fn a_migration_that_was_interrupted_goes_on_where_it_stopped() {
    let (from, to) = (filled().await, Scratch::new());
    add_many(&from.raw());
    let (source, target) = (url(&from), url(&to));
    let run = {
        let (source, target) = (source.clone(), target.clone());
        tokio::spawn(async move { migrate(&source, &target, key(), &killed_at(2)).await.map(drop) })
    };
    assert!(run.await.expect_err("it was killed").is_panic());
    assert_eq!(to.files().first().map(String::as_str), Some("jeton.db.unfinished"));

    // Data of another origin does not mix with it.
    let other = filled().await;
    let refused = migrate(&url(&other), &target, key(), &quiet()).await.expect_err("it is another's");
    assert_eq!(refused.code(), "database_unfinished");

    let migrated = migrate(&source, &target, key(), &quiet()).await.expect("migrating");
    assert!(migrated.resumed > 1000, "{migrated:?}");
    assert_eq!(to.files(), ["jeton.db"]);
    let [one, other] = [
        backed_up(&source, &from.folder().join("b")).await,
        backed_up(&target, &to.folder().join("b")).await,
    ];
    assert!(fs::read(one).expect("a backup") == fs::read(other).expect("a backup"));
}

#[tokio::test]
async fn a_migration_of_what_has_changed_meanwhile_is_not_completed() {
    let (from, to) = (filled().await, Scratch::new());
    add_many(&from.raw());
    let (source, target) = (url(&from), url(&to));
    let run = {
        let (source, target) = (source.clone(), target.clone());
        tokio::spawn(async move { migrate(&source, &target, key(), &killed_at(2)).await.map(drop) })
    };
    assert!(run.await.is_err());
    // One of those that were copied first.
    from.raw()
        .execute("UPDATE users SET password = '!' WHERE id = (SELECT min(id) FROM users)", [])
        .expect("a change");
    let refused = migrate(&source, &target, key(), &quiet()).await.expect_err("it has changed");
    assert!(["rows_differ", "source_changed"].contains(&refused.code()), "{refused:?}");
    assert!(!to.database().exists());
}

#[tokio::test]
async fn a_check_finds_what_cannot_be_read_and_names_it() {
    let scratch = filled().await;
    let checked = check(&url(&scratch), key(), &quiet()).await.expect("checking");
    assert_eq!(checked.key, KeyAtHand::Fits);
    // The case's users have hashes of no kind.
    let wrong = |checked: &jeton_store::Checked, table: &str| {
        checked.findings.iter().find(|found| &*found.table == table).expect("a table").wrong
    };
    assert_eq!(wrong(&checked, "grants"), 0, "{checked:?}");
    assert_eq!(wrong(&checked, "users"), 2, "{checked:?}");
    for (damage, table, said) in [
        ("UPDATE grants SET network = x'01'", "grants", "makes no sense"),
        ("UPDATE keys SET sealed = 'x' WHERE position = 1", "keys", "cannot be decrypted"),
        ("UPDATE clients SET document = '['", "clients", "web"),
        ("UPDATE audit SET network = x'01' WHERE number = 1", "audit", "makes no sense"),
        ("PRAGMA foreign_keys = OFF; UPDATE sessions SET user = 99", "database", "is not there"),
    ] {
        let scratch = filled().await;
        scratch.raw().execute_batch(damage).expect("damage");
        let checked = check(&url(&scratch), key(), &quiet()).await.expect("checking");
        let found = checked.findings.iter().find(|found| &*found.table == table).expect("a table");
        assert!(found.wrong > 0 && !checked.is_sound(), "{damage}: {checked:?}");
        let problem = format!("{:?}", found.problems);
        assert!(problem.contains(said), "{damage}: {problem}");
    }
    let other = Some(Arc::new(MasterKey::from_bytes([2; 32])));
    assert_eq!(check(&url(&scratch), other, &quiet()).await.expect("checking").key, KeyAtHand::Other);
    assert_eq!(check(&url(&scratch), None, &quiet()).await.expect("checking").key, KeyAtHand::Missing);
}
