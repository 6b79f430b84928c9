//! SQLite passes the suite.

use std::collections::BTreeMap;
use std::path::Path;

use jeton_store::conformance::Fresh;
use jeton_store::{OpenMode, SqliteStore};
use rusqlite::Connection;

async fn fresh_sqlite() -> Fresh {
    let folder = tempfile::tempdir().expect("a scratch folder");
    let store =
        SqliteStore::open(folder.path().join("jeton.db"), OpenMode::CreateOrMigrate).expect("a new database");
    let path = folder.path().join("jeton.db");
    Fresh::new(store, folder).counting_rows(move || rows(&path))
}

/// How many rows each table of the catalogue has.
fn rows(path: &Path) -> BTreeMap<String, u64> {
    let db = Connection::open(path).expect("the database opens");
    let mut tables = db
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
        .expect("the catalogue");
    let tables = tables.query_map([], |row| row.get::<_, String>(0)).expect("the catalogue");
    let count = |table: String| {
        let sql = format!("SELECT count(*) FROM {table}");
        let rows = db.query_row(&sql, [], |row| row.get::<_, u32>(0)).expect("counting");
        (table, rows.into())
    };
    tables.map(|table| count(table.expect("a name"))).collect()
}

jeton_store::conformance!(fresh_sqlite);
