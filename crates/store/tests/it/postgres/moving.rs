//! Backups, restores, migrations and checks between SQLite and PostgreSQL.

use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;

use jeton_authority::audit::{AuditEnd, AuditEvent, AuditFilter};
use jeton_store::conformance::fill;
use jeton_store::{DatabaseUrl, OpenMode, check, migrate, restore};

use super::scratch::{Database, database};
use crate::moving::{backed_up, key, quiet};
use crate::scratch::{Scratch, add, at, knows};

/// Everything in the tables that are carried, as the server writes it.
async fn dump(database: &Database) -> BTreeMap<String, Vec<String>> {
    let db = database.raw().await;
    let sql = "SELECT table_name::text FROM information_schema.tables WHERE table_schema = current_schema()
               AND table_name NOT IN ('history', 'jeton', 'marks', 'migrations', 'name_locks', 'nodes', 'probe')";
    let mut tables = BTreeMap::new();
    for table in db.query(sql, &[]).await.expect("the catalogue") {
        let table: String = table.get(0);
        let rows = db.query(&format!("SELECT t::text FROM \"{table}\" t ORDER BY 1"), &[]).await;
        let rows: Vec<String> = rows.expect("rows").iter().map(|row| row.get(0)).collect();
        assert!(!rows.is_empty(), "the case puts nothing into {table}");
        tables.insert(table, rows);
    }
    tables
}

#[tokio::test]
async fn everything_comes_back_from_a_backup() {
    let (Some(from), Some(to)) = (database().await, database().await) else { return };
    let folder = tempfile::tempdir().expect("a scratch folder");
    fill(from.open("").await).await;
    let file = backed_up(&from.url_with(""), &folder.path().join("backup")).await;
    let restored = restore(&file, &to.url_with(""), key(), at(10), &quiet()).await.expect("restoring");
    assert_eq!(&*restored.made_from, "postgres");
    assert_eq!(dump(&from).await, dump(&to).await);
    let again = restore(&file, &to.url_with(""), key(), at(10), &quiet()).await.expect_err("it is not empty");
    assert_eq!(again.code(), "database_not_empty");
    // Servers take it.
    to.open("").await;
}

#[tokio::test]
async fn everything_goes_from_sqlite_to_postgres_and_back() {
    let Some(between) = database().await else { return };
    let (from, to) = (Scratch::new(), Scratch::new());
    fill(Arc::new(from.open())).await;
    // As an older version wrote it, with the client in the column of keys.
    from.raw()
        .execute("INSERT INTO audit (at, event, key_id) VALUES (1700000000, 'client_added', 'web')", [])
        .expect("a record");
    let urls =
        [DatabaseUrl::sqlite(from.database()), between.url_with(""), DatabaseUrl::sqlite(to.database())];
    let there = migrate(&urls[0], &urls[1], key(), &quiet()).await.expect("migrating");
    assert!(there.tables.iter().all(|(_, rows)| *rows > 0), "{there:?}");
    {
        let store = between.open("").await;
        let records = store.list_audit(100).await.expect("listing");
        let old = records.iter().find(|record| record.actor.is_none()).expect("the record of before");
        assert_eq!((old.event, old.subject.client.as_deref()), (AuditEvent::ClientAdded, Some("web")));
        // Numbers go on from those that came from SQLite.
        add(&*store, "eve").await.expect("adding");
        let filter = AuditFilter { end: AuditEnd::Newest, ..AuditFilter::default() };
        let newest = store.read_audit(filter, 1).await.expect("reading");
        assert_eq!(newest.first().map(|(_, record)| record.event), Some(AuditEvent::UserAdded));
    }
    {
        let _store = between.open("").await;
        let refused = migrate(&urls[1], &urls[2], key(), &quiet()).await.expect_err("it is in use");
        assert_eq!(refused.code(), "database_in_use");
    }
    let back = migrate(&urls[1], &urls[2], key(), &quiet()).await.expect("migrating back");
    assert_eq!(back.resumed, 0);
    let store = to.open();
    assert!(knows(&store, "ada").await && knows(&store, "eve").await);
    add(&store, "mallory").await.expect("adding");
    drop(store);
    assert!(
        check(&urls[2], key(), &quiet())
            .await
            .expect("checking")
            .findings
            .iter()
            .all(|found| { found.wrong == 0 || ["users", "clients", "devices"].contains(&&*found.table) })
    );
}

#[tokio::test]
async fn a_backup_of_one_kind_is_restored_into_the_other() {
    let (Some(from), Some(back)) = (database().await, database().await) else { return };
    let (folder, to) = (tempfile::tempdir().expect("a scratch folder"), Scratch::new());
    fill(from.open("").await).await;
    let file = backed_up(&from.url_with(""), &folder.path().join("one")).await;
    let sqlite = DatabaseUrl::sqlite(to.database());
    restore(&file, &sqlite, key(), at(10), &quiet()).await.expect("restoring");
    let file = backed_up(&sqlite, &folder.path().join("other")).await;
    restore(&file, &back.url_with(""), key(), at(10), &quiet()).await.expect("restoring");
    assert_eq!(dump(&from).await, dump(&back).await);
}

#[tokio::test]
async fn servers_refuse_a_database_that_is_being_filled_until_it_is_complete() {
    let Some(to) = database().await else { return };
    let from = Scratch::new();
    fill(Arc::new(from.open())).await;
    let (source, target) = (DatabaseUrl::sqlite(from.database()), to.url_with(""));
    let run = {
        let (source, target) = (source.clone(), target.clone());
        let killed = Arc::new(|progress: jeton_store::Progress<'_>| {
            assert!(progress.step != "verifying", "killed");
        });
        tokio::spawn(async move { migrate(&source, &target, key(), &(killed as _)).await.map(drop) })
    };
    assert!(run.await.is_err());
    for mode in [OpenMode::CreateOrMigrate, OpenMode::AsIs] {
        let refused = to.try_open("", mode).await.map(drop).expect_err("it is incomplete");
        assert_eq!(refused.code(), "database_unfinished");
    }
    assert_eq!(
        check(&target, key(), &quiet()).await.expect_err("it is incomplete").code(),
        "database_unfinished"
    );
    let migrated = migrate(&source, &target, key(), &quiet()).await.expect("migrating");
    assert!(migrated.resumed > 0);
    assert!(knows(&*to.open("").await, "ada").await);
}

#[tokio::test]
async fn a_check_finds_rows_that_belong_to_nobody() {
    let Some(database) = database().await else { return };
    fill(database.open("").await).await;
    let db = database.raw().await;
    db.batch_execute("UPDATE sessions SET user_id = gen_random_uuid()").await.expect("damage");
    let checked = check(&database.url_with(""), key(), &quiet()).await.expect("checking");
    let found = checked.findings.iter().find(|found| &*found.table == "sessions").expect("a table");
    assert!(found.wrong > 0 && !checked.is_sound(), "{checked:?}");
    assert!(found.problems[0].reason.contains("do not exist"), "{found:?}");
}

#[tokio::test]
async fn a_text_that_postgres_cannot_store_is_named() {
    let Some(to) = database().await else { return };
    let from = Scratch::new();
    add(&from.open(), "ada").await.expect("adding");
    from.raw().execute("UPDATE users SET email = 'a' || char(0) || 'b'", []).expect("a text");
    let source = DatabaseUrl::sqlite(from.database());
    let refused = migrate(&source, &to.url_with(""), key(), &quiet()).await.expect_err("it does not fit");
    assert_eq!(refused.code(), "rows_unwritable");
    assert!(refused.to_string().contains("table users"), "{refused}");
    assert!(fs::metadata(from.database()).is_ok());
}
