//! The audit trail in SQLite.

use async_trait::async_trait;
use jeton_authority::audit::{AuditEnd, AuditEvent, AuditFilter, AuditNumber, AuditRecord, Decided};
use jeton_authority::store::{AuditStore, StoreError};
use jeton_authority::{GrantId, UserId};
use jeton_jose::Timestamp;
use rusqlite::{Connection, Row};

use super::SqliteStore;
use super::columns::{named, optional_network, optional_text, timestamp};

#[async_trait]
impl AuditStore for SqliteStore {
    async fn record_audit(&self, record: AuditRecord) -> Result<(), StoreError> {
        self.writer.submit(move |db| append(db, &record)).await
    }

    async fn list_audit(&self, limit: u32) -> Result<Vec<AuditRecord>, StoreError> {
        self.list(move |db| list(db, limit)).await
    }

    async fn read_audit(
        &self,
        filter: AuditFilter,
        limit: u32,
    ) -> Result<Vec<(AuditNumber, AuditRecord)>, StoreError> {
        self.list(move |db| read(db, filter, limit)).await
    }
}

/// Appends a record, within the transaction of what it tells of.
pub(super) fn append(db: &Connection, record: &AuditRecord) -> rusqlite::Result<()> {
    let mut insert = db.prepare_cached(
        "INSERT INTO audit (at, event, user_id, grant_id, network, key_id) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    insert.execute((
        record.at.unix(),
        record.event.as_str(),
        record.user.as_ref().map(UserId::as_bytes),
        record.grant.as_ref().map(GrantId::as_bytes),
        record.network.as_ref().map(|network| network.as_bytes()),
        record.key.as_deref(),
    ))?;
    Ok(())
}

/// Writes the record of what a rule decided, and gives back the answer.
pub(super) fn write<T>(db: &Connection, decided: Decided<T>) -> rusqlite::Result<T> {
    if let Some(record) = &decided.record {
        append(db, record)?;
    }
    Ok(decided.outcome)
}

fn list(db: &Connection, limit: u32) -> rusqlite::Result<Vec<AuditRecord>> {
    let mut select = db.prepare_cached(
        "SELECT at, event, user_id, grant_id, network, key_id FROM audit ORDER BY at DESC, number DESC LIMIT ?1",
    )?;
    select.query_map([limit], record)?.collect()
}

fn read(
    db: &Connection,
    filter: AuditFilter,
    limit: u32,
) -> rusqlite::Result<Vec<(AuditNumber, AuditRecord)>> {
    let order = match filter.end {
        AuditEnd::Oldest => "ASC",
        AuditEnd::Newest => "DESC",
    };
    let mut select = db.prepare_cached(&format!(
        "SELECT at, event, user_id, grant_id, network, key_id, number FROM audit
         WHERE (?1 IS NULL OR user_id = ?1) AND (?2 IS NULL OR at >= ?2) AND (?3 IS NULL OR number > ?3)
         ORDER BY number {order} LIMIT ?4",
    ))?;
    let user = filter.user.as_ref().map(UserId::as_bytes);
    let since = filter.since.map(Timestamp::unix);
    let after = filter.after.map(|AuditNumber(number)| number);
    let rows =
        select.query_map((user, since, after, limit), |row| Ok((AuditNumber(row.get(6)?), record(row)?)))?;
    let mut records = rows.collect::<rusqlite::Result<Vec<_>>>()?;
    records.sort_by_key(|(number, _)| *number);
    Ok(records)
}

fn record(row: &Row<'_>) -> rusqlite::Result<AuditRecord> {
    Ok(AuditRecord {
        at: timestamp(row, 0)?,
        event: named(row, 1, AuditEvent::parse)?,
        user: row.get::<_, Option<_>>(2)?.map(UserId::from_bytes),
        grant: row.get::<_, Option<_>>(3)?.map(GrantId::from_bytes),
        network: optional_network(row, 4)?,
        key: optional_text(row, 5)?,
    })
}
