//! What may be opened, and what is refused.

use std::thread;

use jeton_store::{OpenError, OpenMode, SqliteStore};
use rusqlite::Connection;

use crate::scratch::{Scratch, knows};

/// Expects that opening refuses the file and leaves the folder as it is, byte for byte.
fn refused_untouched(scratch: &Scratch, mode: OpenMode) -> OpenError {
    let contents = || {
        let read =
            |name: String| (name.clone(), std::fs::read(scratch.folder().join(name)).expect("reading"));
        scratch.files().into_iter().map(read).collect::<Vec<_>>()
    };
    let before = contents();
    let error = SqliteStore::open(scratch.database(), mode).expect_err("it is refused");
    assert!(before == contents(), "something was touched");
    error
}

fn pragma(scratch: &Scratch, name: &str, value: u32) {
    scratch.raw().pragma_update(None, name, value).expect("a pragma");
}

#[tokio::test]
async fn a_missing_database_is_made_only_if_that_was_asked_for() {
    let scratch = Scratch::new();
    let error = refused_untouched(&scratch, OpenMode::AsIs);
    assert_eq!(error.code(), "database_missing");
    drop(scratch.open());
    let store = SqliteStore::open(scratch.database(), OpenMode::AsIs).expect("it is there by then");
    assert!(!knows(&store, "ada").await);
}

#[test]
fn an_empty_file_becomes_a_database() {
    let scratch = Scratch::new();
    std::fs::write(scratch.database(), "").expect("writing");
    drop(scratch.open());
    SqliteStore::open(scratch.database(), OpenMode::AsIs).expect("it is a database");
}

#[test]
fn a_database_whose_making_was_interrupted_is_made() {
    let scratch = Scratch::new();
    scratch
        .raw()
        .execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE t (x); DROP TABLE t;")
        .expect("a header");
    drop(scratch.open());
    SqliteStore::open(scratch.database(), OpenMode::AsIs).expect("it is a database");
}

/// The numbers and names of the migrations, as their files are called.
fn migrations() -> Vec<(u32, String)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/sqlite");
    let files = std::fs::read_dir(folder).expect("a folder").map(|file| file.expect("a file").file_name());
    let mut migrations: Vec<_> = files
        .map(|file| {
            let name = file.into_string().expect("text");
            let (number, name) =
                name.strip_suffix(".sql").and_then(|name| name.split_once('_')).expect("NUMBER_NAME.sql");
            (number.parse().expect("a number"), name.to_owned())
        })
        .collect();
    migrations.sort();
    migrations
}

#[test]
fn a_newer_schema_is_refused_untouched() {
    let scratch = Scratch::new();
    drop(scratch.open());
    pragma(&scratch, "user_version", 99);
    for mode in [OpenMode::CreateOrMigrate, OpenMode::AsIs] {
        let error = refused_untouched(&scratch, mode);
        assert_eq!(
            error.to_string(),
            format!(
                "the database has a newer version (schema 99, this program supports {})",
                migrations().len()
            )
        );
        assert_eq!(error.code(), "database_newer");
    }
}

#[test]
fn an_older_schema_is_refused_where_it_may_not_be_migrated() {
    let scratch = Scratch::new();
    drop(scratch.open());
    pragma(&scratch, "user_version", 0);
    assert_eq!(refused_untouched(&scratch, OpenMode::AsIs).code(), "database_older");
}

#[test]
fn a_database_of_another_program_is_refused_untouched() {
    let anonymous = Scratch::new();
    anonymous.raw().execute_batch("CREATE TABLE notes (text)").expect("a table");
    let named = Scratch::new();
    pragma(&named, "application_id", 0x1234_5678);
    let versioned = Scratch::new();
    pragma(&versioned, "user_version", 1);
    for scratch in [named, versioned] {
        assert_eq!(refused_untouched(&scratch, OpenMode::CreateOrMigrate).code(), "database_foreign");
    }
    for mode in [OpenMode::CreateOrMigrate, OpenMode::AsIs] {
        assert_eq!(refused_untouched(&anonymous, mode).code(), "database_foreign");
    }
}

#[test]
fn a_file_that_is_no_database_is_refused_untouched() {
    for contents in ["x", "SQLite format 3\0", &"x".repeat(5000)] {
        let scratch = Scratch::new();
        std::fs::write(scratch.database(), contents).expect("writing");
        assert_eq!(refused_untouched(&scratch, OpenMode::CreateOrMigrate).code(), "database_foreign");
    }
}

#[test]
fn migrations_are_recorded_by_number_and_name() {
    let scratch = Scratch::new();
    drop(scratch.open());
    let recorded: Vec<(u32, String)> = scratch
        .raw()
        .prepare("SELECT number, name FROM migrations ORDER BY number")
        .expect("the table exists")
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .expect("reading")
        .collect::<Result<_, _>>()
        .expect("reading");
    assert_eq!(recorded, migrations());
}

#[test]
fn many_may_make_one_database_at_once() {
    let scratch = Scratch::new();
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| drop(scratch.open()));
        }
    });
    let raw: Connection = scratch.raw();
    let recorded: u32 =
        raw.query_row("SELECT count(*) FROM migrations", [], |row| row.get(0)).expect("counting");
    assert_eq!(recorded as usize, migrations().len());
}
