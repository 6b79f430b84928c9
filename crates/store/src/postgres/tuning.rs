//! When vacuum comes to the tables whose rows change or go fastest. These settings are PostgreSQL's own: engines that speak its protocol
//! refuse them or need none, so they are no part of a migration.

use std::time::Duration;

use jeton_authority::store::StoreError;

use super::columns::{params, str, value};
use super::connection::Connection;
use super::error::Failed;
use super::transaction::Database;

/// How long setting them may take.
const LIMIT: Duration = Duration::from_secs(5);

/// The tables, and what is set for each.
const TUNED: [(&str, &[(&str, &str)]); 2] = [
    // A refresh changes a row, and each change leaves an old row behind.
    (
        "grants",
        &[
            ("autovacuum_vacuum_scale_factor", "0.02"),
            ("autovacuum_vacuum_threshold", "1000"),
            ("autovacuum_analyze_scale_factor", "0.05"),
            ("autovacuum_vacuum_cost_delay", "1"),
        ],
    ),
    // Codes come and go by the thousand.
    ("one_time", &[("autovacuum_vacuum_scale_factor", "0.05"), ("autovacuum_vacuum_threshold", "1000")]),
];

/// Sets what is missing. A server that refuses works as well, with its own settings.
pub(super) async fn tune(database: &Database) {
    let tuned = async {
        for (table, missing) in database.read((), |db, ()| Box::pin(missing(db))).await? {
            let sql = format!("ALTER TABLE {table} SET ({missing})");
            database.write(sql, |db, sql| Box::pin(set(db, sql))).await?;
        }
        Ok::<_, StoreError>(())
    };
    let _ = tuned.await;
}

/// What is to be set for each table. What an operator has set stays.
async fn missing(db: &Connection) -> Result<Vec<(&'static str, String)>, Failed> {
    let version = db.row("SELECT version()", params![]).await?.ok_or(Failed::Unreadable)?;
    if !is_postgresql(str(&version, 0)?) {
        return Ok(vec![]);
    }
    let mut all = vec![];
    for (table, settings) in TUNED {
        let sql = "SELECT coalesce(c.reloptions, '{}')::text[] FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                   WHERE n.nspname = current_schema() AND c.relname = $1::text";
        let Some(row) = db.row(sql, params![table]).await? else { continue };
        let missing = unset(settings, &value::<Vec<String>>(&row, 0)?);
        if !missing.is_empty() {
            all.push((table, missing));
        }
    }
    Ok(all)
}

/// Whether a server is PostgreSQL, by what its `version()` says: others begin with their own name, or add it.
pub(super) fn is_postgresql(version: &str) -> bool {
    version.starts_with("PostgreSQL ") && !version.contains("-YB-")
}

/// What of these settings a table does not have, as SQL.
fn unset(settings: &[(&str, &str)], options: &[String]) -> String {
    let is_set = |name: &str| options.iter().any(|option| option.split('=').next() == Some(name));
    let missing = settings.iter().filter(|(name, _)| !is_set(name));
    missing.map(|(name, value)| format!("{name} = {value}")).collect::<Vec<_>>().join(", ")
}

async fn set(db: &Connection, sql: &str) -> Result<(), Failed> {
    db.batch(sql, LIMIT).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_postgresql_is_tuned() {
        assert!(is_postgresql("PostgreSQL 15.18 (Debian 15.18-0+deb12u1) on x86_64-pc-linux-gnu"));
        for other in [
            "CockroachDB CCL v25.2.0 (x86_64-pc-linux-gnu, built 2025/05/09, go1.23.7)",
            "PostgreSQL 15.2-YB-2.25.1.0-b0 on x86_64-pc-linux-gnu",
            "",
        ] {
            assert!(!is_postgresql(other), "{other}");
        }
    }

    #[test]
    fn what_is_set_already_stays() {
        let settings = [("a", "1"), ("b", "2")];
        let options =
            |options: &[&str]| options.iter().map(|option| (*option).to_owned()).collect::<Vec<_>>();
        assert_eq!(unset(&settings, &[]), "a = 1, b = 2");
        assert_eq!(unset(&settings, &options(&["fillfactor=75", "a=7"])), "b = 2");
        assert_eq!(unset(&settings, &options(&["b=2", "a=1"])), "");
    }
}
