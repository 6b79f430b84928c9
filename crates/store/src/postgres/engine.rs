//! What the server says of itself beyond its tables: which history its data have, and what became of a transaction. PostgreSQL says both,
//! to anybody and behind a pooler, too; engines that only speak its protocol need not.

use jeton_authority::revocation::HistoryName;
use jeton_authority::store::StoreError;

use super::columns::{named, optional_str, params, str, value};
use super::connection::Connection;
use super::error::Failed;
use super::transaction::Database;
use super::tuning::is_postgresql;

/// What the server can be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Engine {
    /// Nothing beyond its tables.
    #[default]
    Another,
    /// PostgreSQL.
    Postgres,
}

impl Engine {
    /// Finds out.
    pub(super) async fn of(database: &Database) -> Result<Self, StoreError> {
        database.read((), |db, ()| Box::pin(engine(db))).await
    }
}

async fn engine(db: &Connection) -> Result<Engine, Failed> {
    // YugabyteDB has the functions too, but each of its servers answers for itself.
    let row = db.row("SELECT version()", params![]).await?.ok_or(Failed::Unreadable)?;
    if !is_postgresql(str(&row, 0)?) {
        return Ok(Engine::Another);
    }
    // A service that is PostgreSQL by name may keep its WAL elsewhere, or not let us ask.
    let asked = match db.row(HISTORY, params![]).await {
        Ok(_) => db.row(OUTCOME, params!["3"]).await,
        refused => refused,
    };
    match asked {
        Ok(_) => Ok(Engine::Postgres),
        Err(Failed::Server(error)) if error.as_db_error().is_some() => Ok(Engine::Another),
        Err(failed) => Err(failed),
    }
}

/// The identity of the database and the number of its timeline, which each failover and each restored base backup raises.
const HISTORY: &str = "SELECT name, (SELECT system_identifier FROM pg_control_system())::text || ' '
    || left(pg_walfile_name(pg_current_wal_lsn()), 8) FROM history";

/// What identifies the transaction, if it has written something, and the timeline that it is part of.
pub(super) const RECEIPT: &str =
    "SELECT pg_current_xact_id_if_assigned()::text, left(pg_walfile_name(pg_current_wal_lsn()), 8)";

const OUTCOME: &str = "SELECT pg_xact_status($1::xid8), left(pg_walfile_name(pg_current_wal_lsn()), 8)";

/// The name of the history of the data.
pub(super) async fn history(db: &Connection, engine: Engine) -> Result<HistoryName, Failed> {
    let sql = match engine {
        Engine::Postgres => HISTORY,
        Engine::Another => "SELECT name, NULL::text FROM history",
    };
    let row = db.row(sql, params![]).await?.ok_or(Failed::Unreadable)?;
    let name = named(&row, 0, HistoryName::parse)?;
    Ok(match optional_str(&row, 1)? {
        Some(engine) => name.told_apart_by(engine),
        None => name,
    })
}

/// What is known of a transaction from before its commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Receipt {
    /// None where it has written nothing.
    pub(super) transaction: Option<String>,
    pub(super) timeline: String,
}

/// What became of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Committed,
    /// It was undone.
    Undone,
    /// It has not ended.
    Open,
    /// Nobody knows: the server continues from another one's data, where the number may stand for another transaction.
    Unknown,
}

/// Finds out what became of a transaction.
///
/// If this is committed without a warning, so is the transaction where it was committed: a standby that must have this has that, too.
pub(super) async fn outcome(db: &Connection, receipt: &Receipt) -> Result<Outcome, Failed> {
    let Some(transaction) = &receipt.transaction else { return Ok(Outcome::Undone) };
    let row = db.row(OUTCOME, params![transaction.as_str()]).await?.ok_or(Failed::Unreadable)?;
    if optional_str(&row, 1)? != Some(&receipt.timeline) {
        return Ok(Outcome::Unknown);
    }
    let outcome = match optional_str(&row, 0)? {
        Some("committed") => Outcome::Committed,
        Some("aborted") => Outcome::Undone,
        Some("in progress") => return Ok(Outcome::Open),
        _ => Outcome::Unknown,
    };
    confirm(db).await?;
    Ok(outcome)
}

/// Which standbys commits of this program wait for, where any does.
pub(super) async fn waits_for(db: &Connection) -> Result<Option<String>, Failed> {
    let sql = "SELECT current_setting('synchronous_standby_names') FROM pg_stat_activity
               WHERE datname = current_database() AND usename = current_user AND wait_event = 'SyncRep' LIMIT 1";
    db.row(sql, params![]).await?.map(|row| value(&row, 0)).transpose()
}

/// Writes something, so that the commit says that all that was committed before is safe.
pub(super) async fn confirm(db: &Connection) -> Result<(), Failed> {
    db.execute("UPDATE probe SET count = count + 1", params![]).await.map(drop)
}
