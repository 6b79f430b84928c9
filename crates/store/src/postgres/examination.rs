//! What the server says about itself, for whoever checks a deployment.

use std::time::Duration;

use jeton_authority::store::{
    ConnectionBudget, Examination, InactiveSlot, Standby, TransactionIds, WaitingCommits,
};

use super::columns::{params, value};
use super::connection::Connection;
use super::error::Failed;

/// Asks for everything that the role may see. What it may not see is left out.
pub(super) async fn examine(db: &Connection, pool_size: u32) -> Result<Examination, Failed> {
    let mut found = Examination { connections: connections(db, pool_size).await?, ..Examination::default() };
    settings(db, &mut found).await?;
    found.oldest_transaction = oldest_transaction(db).await.ok();
    found.transaction_ids = transaction_ids(db).await.ok().flatten();
    found.standbys_connected = standbys_connected(db).await.unwrap_or_default();
    found.waiting_commits = waiting_commits(db).await.ok().flatten();
    found.standbys = standbys(db).await.unwrap_or_default();
    found.inactive_slots = inactive_slots(db).await.unwrap_or_default();
    Ok(found)
}

async fn settings(db: &Connection, found: &mut Examination) -> Result<(), Failed> {
    let sql = "SELECT current_setting('server_version'), current_setting('server_version_num')::bigint,
                   current_setting('synchronous_standby_names'), current_setting('fsync'),
                   current_setting('full_page_writes'), current_setting('synchronous_commit'),
                   current_setting('autovacuum')";
    let row = db.row(sql, params![]).await?.ok_or(Failed::Unreadable)?;
    found.version = Some(format!("PostgreSQL {}", value::<String>(&row, 0)?).into());
    found.major_version = u32::try_from(value::<i64>(&row, 1)? / 10_000).ok();
    found.waits_for = Some(value::<String>(&row, 2)?).filter(|names| !names.is_empty()).map(Into::into);
    for (column, name) in
        [(3, "fsync"), (4, "full_page_writes"), (5, "synchronous_commit"), (6, "autovacuum")]
    {
        let set: String = value(&row, column)?;
        if set == "off" {
            found.unsafe_settings.push(format!("{name} = {set}").into());
        }
    }
    Ok(())
}

async fn connections(db: &Connection, per_node: u32) -> Result<Option<ConnectionBudget>, Failed> {
    let sql = "SELECT current_setting('max_connections')::bigint
                       - current_setting('superuser_reserved_connections')::bigint,
                   (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'),
                   (SELECT count(DISTINCT coalesce(client_addr::text, '')) FROM pg_stat_activity
                    WHERE application_name = current_setting('application_name') AND datname = current_database())";
    let row = db.row(sql, params![]).await?.ok_or(Failed::Unreadable)?;
    let number = |column| Ok::<_, Failed>(u32::try_from(value::<i64>(&row, column)?).unwrap_or(u32::MAX));
    Ok(Some(ConnectionBudget { permitted: number(0)?, used: number(1)?, per_node, nodes_seen: number(2)? }))
}

async fn oldest_transaction(db: &Connection) -> Result<Duration, Failed> {
    let sql = "SELECT coalesce(max(extract(epoch FROM clock_timestamp() - xact_start)), 0)::bigint FROM pg_stat_activity
               WHERE datname = current_database() AND pid <> pg_backend_pid()";
    let row = db.row(sql, params![]).await?.ok_or(Failed::Unreadable)?;
    Ok(Duration::from_secs(value::<i64>(&row, 0)?.max(0).unsigned_abs()))
}

async fn transaction_ids(db: &Connection) -> Result<Option<TransactionIds>, Failed> {
    let sql = "SELECT age(datfrozenxid)::bigint, current_setting('autovacuum_freeze_max_age')::bigint
               FROM pg_database WHERE datname = current_database()";
    let Some(row) = db.row(sql, params![]).await? else { return Ok(None) };
    let number = |column| Ok::<_, Failed>(value::<i64>(&row, column)?.max(0).unsigned_abs());
    Ok(Some(TransactionIds { age: number(0)?, frozen_at: number(1)? }))
}

/// A role that may see no more of other users' connections may see that they are there.
async fn standbys_connected(db: &Connection) -> Result<u32, Failed> {
    let row =
        db.row("SELECT count(*) FROM pg_stat_replication", params![]).await?.ok_or(Failed::Unreadable)?;
    Ok(u32::try_from(value::<i64>(&row, 0)?).unwrap_or(u32::MAX))
}

async fn waiting_commits(db: &Connection) -> Result<Option<WaitingCommits>, Failed> {
    let sql = "SELECT count(*), coalesce(max(extract(epoch FROM clock_timestamp() - query_start)), 0)::bigint
               FROM pg_stat_activity
               WHERE datname = current_database() AND usename = current_user AND wait_event = 'SyncRep'";
    let row = db.row(sql, params![]).await?.ok_or(Failed::Unreadable)?;
    let count = u32::try_from(value::<i64>(&row, 0)?).unwrap_or(u32::MAX);
    let longest = Duration::from_secs(value::<i64>(&row, 1)?.max(0).unsigned_abs());
    Ok((count > 0).then_some(WaitingCommits { count, longest }))
}

async fn standbys(db: &Connection) -> Result<Vec<Standby>, Failed> {
    let sql = "SELECT application_name, coalesce(extract(epoch FROM replay_lag), -1)::bigint FROM pg_stat_replication
               WHERE state IS NOT NULL ORDER BY application_name";
    let rows = db.rows(sql, params![]).await?;
    rows.iter()
        .map(|row| {
            let lag = u64::try_from(value::<i64>(row, 1)?).ok().map(Duration::from_secs);
            Ok(Standby { name: value::<String>(row, 0)?.into(), lag })
        })
        .collect()
}

async fn inactive_slots(db: &Connection) -> Result<Vec<InactiveSlot>, Failed> {
    let sql =
        "SELECT slot_name::text, coalesce(pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn), 0)::bigint
               FROM pg_replication_slots WHERE NOT active ORDER BY slot_name";
    let rows = db.rows(sql, params![]).await?;
    rows.iter()
        .map(|row| {
            let kept_bytes = value::<i64>(row, 1)?.max(0).unsigned_abs();
            Ok(InactiveSlot { name: value::<String>(row, 0)?.into(), kept_bytes })
        })
        .collect()
}
