//! The audit trail in SQLite.

use async_trait::async_trait;
use jeton_authority::audit::{
    Actor, AuditEnd, AuditEvent, AuditFilter, AuditNumber, AuditRecord, AuditSubject, Decided,
};
use jeton_authority::store::{AuditStore, StoreError};
use jeton_authority::{GrantId, SessionId, UserId};
use jeton_jose::Timestamp;
use rusqlite::types::Type;
use rusqlite::{Connection, Row};

use super::SqliteStore;
use super::columns::{named, optional_network, optional_text, timestamp, unreadable};

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
        "INSERT INTO audit (at, event, user_id, grant_id, network, key_id, actor, actor_id, client, session_id)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    )?;
    let AuditSubject { user, grant, session, client, key } = &record.subject;
    let actor = record.actor.as_ref().map(|actor| actor.to_stored(&record.subject));
    insert.execute((
        record.at.unix(),
        record.event.as_str(),
        user.as_ref().map(UserId::as_bytes),
        grant.as_ref().map(GrantId::as_bytes),
        record.network.as_ref().map(|network| network.as_bytes()),
        key.as_deref(),
        actor.as_ref().map(|actor| actor.kind),
        actor.as_ref().and_then(|actor| actor.id.as_deref()),
        client.as_deref(),
        session.as_ref().map(SessionId::as_bytes),
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
    let mut select =
        db.prepare_cached(&format!("SELECT {COLUMNS} FROM audit ORDER BY at DESC, number DESC LIMIT ?1",))?;
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
        "SELECT {COLUMNS}, number FROM audit
         WHERE (?1 IS NULL OR user_id = ?1) AND (?2 IS NULL OR at >= ?2) AND (?3 IS NULL OR number > ?3)
         ORDER BY number {order} LIMIT ?4",
    ))?;
    let user = filter.user.as_ref().map(UserId::as_bytes);
    let since = filter.since.map(Timestamp::unix);
    let after = filter.after.map(|AuditNumber(number)| number);
    let rows = select.query_map((user, since, after, limit), |row| {
        Ok((AuditNumber(row.get(COLUMN_COUNT)?), record(row)?))
    })?;
    let mut records = rows.collect::<rusqlite::Result<Vec<_>>>()?;
    records.sort_by_key(|(number, _)| *number);
    Ok(records)
}

/// The columns that [`record`] reads.
pub(super) const COLUMNS: &str =
    "at, event, user_id, grant_id, network, key_id, actor, actor_id, client, session_id";
const COLUMN_COUNT: usize = 10;

pub(super) fn record(row: &Row<'_>) -> rusqlite::Result<AuditRecord> {
    let event = named(row, 1, AuditEvent::parse)?;
    let (key, client, actor_kind) = (optional_text(row, 5)?, optional_text(row, 8)?, row.get(6)?);
    let (key, client) = match (actor_kind, event) {
        (None, event) if !matches!(event, AuditEvent::KeyAdded | AuditEvent::KeyWithdrawn) => {
            // A program from before there were actors writes the client there.
            (None, key)
        }
        _ => (key, client),
    };
    let subject = AuditSubject {
        user: row.get::<_, Option<_>>(2)?.map(UserId::from_bytes),
        grant: row.get::<_, Option<_>>(3)?.map(GrantId::from_bytes),
        session: row.get::<_, Option<_>>(9)?.map(SessionId::from_bytes),
        client,
        key,
    };
    Ok(AuditRecord {
        at: timestamp(row, 0)?,
        event,
        actor: actor_kind.map(|kind| actor(row, kind, &subject)).transpose()?,
        subject,
        network: optional_network(row, 4)?,
    })
}

fn actor(row: &Row<'_>, kind: u8, subject: &AuditSubject) -> rusqlite::Result<Actor> {
    let id = row.get_ref(7)?.as_blob_or_null()?;
    Actor::from_stored(kind, id, subject).ok_or_else(|| unreadable(6, Type::Integer))
}
