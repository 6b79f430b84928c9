//! Opening a database: making it, waiting for the node that does, and refusing what is not ours.

use jeton_store::{OpenError, OpenMode};

use super::scratch::{Database, database};
use crate::scratch::ada_with_a_refreshed_grant;

#[tokio::test(flavor = "multi_thread")]
async fn five_nodes_that_start_at_once_on_an_empty_database_all_come_up() {
    let Some(database) = database().await else { return };
    let database = std::sync::Arc::new(database);
    let nodes = (0..5).map(|_| {
        let database = std::sync::Arc::clone(&database);
        tokio::spawn(async move { database.open("pool_size=2").await.probe().await.expect("it writes") })
    });
    for node in nodes.collect::<Vec<_>>() {
        node.await.expect("the node comes up");
    }
    let applied = schemas(&database).await;
    assert_eq!(applied, (1..=i64::try_from(applied.len()).expect("a few")).collect::<Vec<_>>());
}

async fn schemas(database: &Database) -> Vec<i64> {
    let rows = database.raw().await.query("SELECT number FROM migrations ORDER BY number", &[]).await;
    rows.expect("the list of migrations").iter().map(|row| row.get(0)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_whose_holder_was_killed_is_taken_over() {
    let Some(database) = database().await else { return };
    drop(database.open("").await);
    let db = database.raw().await;
    // As it is after a kill between two migrations: the last one is missing, and the lease is about to run out.
    let undo = "DELETE FROM migrations WHERE number = (SELECT max(number) FROM migrations);
        ALTER TABLE users DROP COLUMN role;
        ALTER TABLE audit DROP COLUMN changes;
        UPDATE jeton SET lease_holder = '00000000-0000-0000-0000-000000000001', lease_until = now() + interval '1 second'";
    db.batch_execute(undo).await.expect("undoing");
    database.open("").await.probe().await.expect("it writes");
    let held = db.query_one("SELECT lease_holder IS NOT NULL FROM jeton", &[]).await.expect("the lease");
    assert!(!held.get::<_, bool>(0), "the lease was given back");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_ours_is_refused_and_left_alone() {
    let Some(database) = database().await else { return };
    let missing = database.try_open("", OpenMode::AsIs).await.err();
    assert!(matches!(missing, Some(OpenError::Missing { .. })), "{missing:?}");
    let db = database.raw().await;
    db.batch_execute("CREATE TABLE theirs (number int)").await.expect("making a table");
    let refused = database.try_open("", OpenMode::CreateOrMigrate).await.err();
    assert!(matches!(refused, Some(OpenError::Foreign { .. })), "{refused:?}");
    let tables = "SELECT count(*) FROM information_schema.tables WHERE table_schema = current_schema()";
    assert_eq!(db.query_one(tables, &[]).await.expect("counting").get::<_, i64>(0), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schema_that_is_too_new_is_refused_and_named() {
    let Some(database) = database().await else { return };
    drop(database.open("").await);
    let db = database.raw().await;
    db.batch_execute("INSERT INTO migrations VALUES (99, 'from_the_future')").await.expect("adding");
    let refused = database.try_open("", OpenMode::CreateOrMigrate).await.err().expect("it is too new");
    assert!(refused.to_string().contains("newer version (schema 99, this program supports "), "{refused}");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_named_without_the_password() {
    let url = "postgres://ada:p%40ss%23word@127.0.0.1:1,127.0.0.1:2/jeton";
    let url = jeton_store::DatabaseUrl::parse(url).expect("a URL");
    let refused =
        jeton_store::open(&url, OpenMode::CreateOrMigrate, jeton_store::Access::Server, None).await.err();
    let refused = refused.expect("nobody listens there");
    assert_eq!(refused.code(), "database_failed");
    let text = format!("{refused} {refused:?} {url} {url:?}");
    assert!(text.contains("127.0.0.1:1: ") && text.contains("127.0.0.1:2: "), "{text}");
    assert!(!text.contains("p@ss") && !text.contains("p%40ss") && !text.contains("word"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_clock_of_the_database_is_that_of_its_server() {
    let Some(database) = database().await else { return };
    let store = database.open("").await;
    let sql = "SELECT floor(extract(epoch FROM clock_timestamp()))::bigint";
    let ask = async || database.raw().await.query_one(sql, &[]).await.expect("a time").get::<_, i64>(0);
    let before = ask().await;
    let time = store.time().await.expect("a store").expect("a clock").unix();
    assert!((before..=ask().await).contains(&time));
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_checks_a_deployment_is_told_what_the_server_is_and_how_many_connections_it_has() {
    let Some(database) = database().await else { return };
    let store = database.open("pool_size=3&application_name=looked_at").await;
    let other = database.raw().await;
    other.batch_execute("BEGIN; SELECT 1").await.expect("a transaction");
    let found = store.examine().await.expect("a store");
    assert!(found.version.as_deref().is_some_and(|version| version.starts_with("PostgreSQL 1")), "{found:?}");
    assert!(found.major_version >= Some(15), "{found:?}");
    let connections = found.connections.expect("a server has a limit");
    assert_eq!((connections.per_node, connections.nodes_seen), (3, 1));
    assert!(connections.used >= 2 && connections.permitted > connections.used, "{connections:?}");
    assert!(found.oldest_transaction.is_some() && found.transaction_ids.is_some_and(|ids| ids.frozen_at > 0));
    assert_eq!((found.standbys.len(), found.waits_for), (0, None));
    let unknown: Vec<_> =
        found.unsafe_settings.iter().filter(|setting| !setting.contains(" = off")).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

/// What is set for a table.
async fn options(database: &Database, table: &str) -> Vec<String> {
    let sql = "SELECT coalesce(reloptions, '{}')::text[] FROM pg_class WHERE relname = $1::text
               AND relnamespace = current_schema()::regnamespace";
    let row = database.raw().await.query_one(sql, &[&table]).await.expect("the table");
    let mut options: Vec<String> = row.get(0);
    options.sort_unstable();
    options
}

#[tokio::test(flavor = "multi_thread")]
async fn vacuum_comes_early_to_the_busiest_tables_unless_an_operator_says_otherwise() {
    let Some(database) = database().await else { return };
    database.open("").await;
    let of_grants = [
        "autovacuum_analyze_scale_factor=0.05",
        "autovacuum_vacuum_cost_delay=1",
        "autovacuum_vacuum_scale_factor=0.02",
        "autovacuum_vacuum_threshold=1000",
        "fillfactor=75",
    ];
    assert_eq!(options(&database, "grants").await, of_grants);
    let of_one_time = ["autovacuum_vacuum_scale_factor=0.05", "autovacuum_vacuum_threshold=1000"];
    assert_eq!(options(&database, "one_time").await, of_one_time);

    // A node that was killed before it had set them left none; the next one sets them, and nothing that is set.
    let raw = database.raw().await;
    raw.batch_execute(
        "ALTER TABLE one_time RESET (autovacuum_vacuum_scale_factor, autovacuum_vacuum_threshold);
         ALTER TABLE grants SET (autovacuum_vacuum_scale_factor = 0.01)",
    )
    .await
    .expect("altering");
    database.open("").await;
    assert_eq!(options(&database, "one_time").await, of_one_time);
    assert!(options(&database, "grants").await.contains(&"autovacuum_vacuum_scale_factor=0.01".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_engine_that_is_not_postgresql_is_not_told_when_to_vacuum() {
    let Some(database) = database().await else { return };
    let raw = database.raw().await;
    // A server that calls itself something else.
    raw.batch_execute(
        "CREATE FUNCTION version() RETURNS text LANGUAGE sql AS $$ SELECT 'CockroachDB CCL v25.2.0' $$",
    )
    .await
    .expect("a function");
    database.alter_role(&format!("search_path = {}, pg_catalog", database.name())).await;
    let store = database.open("").await;
    assert_eq!(options(&database, "grants").await, ["fillfactor=75"]);
    assert!(options(&database, "one_time").await.is_empty());
    ada_with_a_refreshed_grant(&*store).await;
}
