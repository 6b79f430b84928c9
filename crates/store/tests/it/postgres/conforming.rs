//! PostgreSQL passes the suite, with a connection alone as with the eight that a process makes: whoever waited for a second one while it
//! has one would wait for ever. That one connection prepares no statements, as behind a pooler. Callers
//! wait long for a connection: a hundred of them at once are many for a slow disk.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use jeton_store::conformance::Fresh;
use tokio::runtime::Handle;
use tokio::task::block_in_place;

use super::recording;
use super::scratch::{Database, database};

async fn fresh_postgres() -> Option<Fresh> {
    match recording::file() {
        None => fresh("pool_wait=120").await,
        Some(file) => fresh_recorded(file).await,
    }
}

/// The same, whose statements are written down.
async fn fresh_recorded(file: PathBuf) -> Option<Fresh> {
    let database = Arc::new(database().await?);
    let proxy = database.recording_proxy(file).await;
    let store = database.open_through(&proxy, "pool_wait=120&sslmode=disable").await;
    store.examine().await.expect("looking at the server");
    let counted = Arc::clone(&database);
    let rows = move || block_in_place(|| Handle::current().block_on(rows(&counted)));
    Some(Fresh::shared(store, (proxy, database)).counting_rows(rows))
}

async fn fresh_with_one_connection() -> Option<Fresh> {
    fresh("pool_size=1&pool_wait=120&prepared_statements=off").await
}

async fn fresh(parameters: &str) -> Option<Fresh> {
    let database = Arc::new(database().await?);
    let store = database.open(parameters).await;
    let counted = Arc::clone(&database);
    let rows = move || block_in_place(|| Handle::current().block_on(rows(&counted)));
    Some(Fresh::shared(store, database).counting_rows(rows))
}

/// How many rows each table of the catalogue has.
async fn rows(database: &Database) -> BTreeMap<String, u64> {
    let db = database.raw().await;
    let tables =
        "SELECT table_name::text FROM information_schema.tables WHERE table_schema = current_schema()";
    let mut rows = BTreeMap::new();
    for table in db.query(tables, &[]).await.expect("the catalogue") {
        let table: String = table.get(0);
        let count = db.query_one(&format!("SELECT count(*) FROM {table}"), &[]).await.expect("counting");
        rows.insert(table, count.get::<_, i64>(0).unsigned_abs());
    }
    rows
}

mod with_eight_connections {
    use super::fresh_postgres;

    jeton_store::conformance!(fresh_postgres);
}

/// Through the pooler that the variable `JETON_TEST_POOLER` names, which `cargo xtask test pgbouncer` starts.
async fn fresh_behind_a_pooler() -> Option<Fresh> {
    let pooler = std::env::var("JETON_TEST_POOLER").ok()?;
    let database = Arc::new(database().await?);
    let store = database.open_at(&pooler, "prepared_statements=off&pool_wait=120").await;
    let counted = Arc::clone(&database);
    let rows = move || block_in_place(|| Handle::current().block_on(rows(&counted)));
    Some(Fresh::shared(store, database).counting_rows(rows))
}

mod behind_a_pooler {
    use super::fresh_behind_a_pooler;

    jeton_store::conformance!(fresh_behind_a_pooler);
}

mod with_one_connection_that_prepares_nothing {
    use super::fresh_with_one_connection;

    jeton_store::conformance!(fresh_with_one_connection);
}
