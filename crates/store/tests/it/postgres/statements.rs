//! How statements reach their rows.

use std::sync::Arc;
use std::time::Duration;

use jeton_store::conformance::Fresh;

use super::scratch::{Database, database, database_alone};
use crate::scratch::{add, new_grant, refresh_at};

/// The tables that stay small, whatever users do.
const SMALL: &str = "'jeton', 'migrations', 'marks', 'probe', 'history', 'keys', 'master_key_check', 'token_api_clients', 'name_locks', 'nodes', 'mail_notices'";

/// Fails the test if any statement went through a whole table that grows.
struct Looking {
    database: Arc<Database>,
    before: i64,
}

/// The server is told to avoid such statements, so it uses one only where it knows no other way.
async fn fresh_watched() -> Option<Fresh> {
    let database = Arc::new(database().await?);
    drop(database.open("pool_size=1").await);
    database.alter_role("enable_seqscan = off").await;
    let before = scans(&database).await.iter().map(|(_, scans)| scans).sum();
    let store = database.open("pool_wait=120").await;
    Some(Fresh::shared(store, Looking { database, before }))
}

impl Drop for Looking {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let (database, before) = (Arc::clone(&self.database), self.before);
        let looked = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(scans(&database))
        });
        let scans = looked.join().expect("looking");
        let total: i64 = scans.iter().map(|(_, scans)| scans).sum();
        assert_eq!(total, before, "whole tables were read: {scans:?}");
    }
}

/// How often each table that grows was read from one end to the other.
async fn scans(database: &Database) -> Vec<(String, i64)> {
    let db = database.server().await;
    // A connection counts for itself until it ends.
    loop {
        let open = "SELECT count(*) FROM pg_stat_activity WHERE usename = $1";
        if db.query_one(open, &[&database.name()]).await.expect("looking").get::<_, i64>(0) == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let sql = format!(
        "SELECT relname::text, seq_scan FROM pg_stat_all_tables
         WHERE schemaname = $1 AND relname NOT IN ({SMALL}) AND seq_scan > 0"
    );
    let rows = db.query(&sql, &[&database.name()]).await.expect("the statistics");
    rows.iter().map(|row| (row.get(0), row.get(1))).collect()
}

mod none_reads_a_whole_table_that_grows {
    use super::fresh_watched;

    jeton_store::conformance!(fresh_watched);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_changes_no_index() {
    const GRANTS: usize = 20;
    const EACH: u64 = 100;
    let Some(database) = database_alone().await else { return };
    let store = database.open("").await;
    add(&*store, "ada").await.expect("adding");
    let mut grants = vec![];
    for number in 0..GRANTS {
        let grant = new_grant(&format!("grant {number}"));
        grants.push(grant.id);
        store.open_grant(grant).await.expect("opening");
    }
    for generation in 0..EACH {
        for grant in &grants {
            let seconds = 40 * (i64::try_from(generation).expect("a small number") + 1);
            let answer = refresh_at(&*store, *grant, generation, seconds).await;
            assert_eq!(answer.expect("refreshing"), generation + 1);
        }
    }
    drop(store);
    scans(&database).await;
    let sql = "SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_all_tables WHERE schemaname = $1 AND relname = 'grants'";
    let row = database.server().await.query_one(sql, &[&database.name()]).await.expect("the statistics");
    let (updates, in_place): (i64, i64) = (row.get(0), row.get(1));
    assert!(updates >= 2_000, "{updates}");
    assert!(in_place * 100 > updates * 95, "{in_place} of {updates}");
}
