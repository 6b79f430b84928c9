//! The audit trail in SQLite.

use async_trait::async_trait;
use jeton_authority::audit::{
    AuditEnd, AuditFilter, AuditNumber, AuditRecord, AuditSegment, AuditSubject, Decided, LinkedRecord,
    StoredActor, StoredRecord,
};
use jeton_authority::store::{AuditStore, StoreError};
use jeton_authority::{GrantId, SessionId, UserId};
use jeton_jose::Timestamp;
use rusqlite::types::Type;
use rusqlite::{Connection, Row, params};

use super::columns::{count, optional_text, text, timestamp, unreadable};
use super::{SqliteStore, audit_segments, mails};

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

    async fn list_audit_of(&self, user: UserId, limit: u32) -> Result<Vec<AuditRecord>, StoreError> {
        self.list(move |db| list_of(db, user, limit)).await
    }

    async fn audit_segments(&self) -> Result<Vec<AuditSegment>, StoreError> {
        self.list(audit_segments::all).await
    }

    async fn read_audit_chain(
        &self,
        after: Option<AuditNumber>,
        limit: u32,
    ) -> Result<Vec<LinkedRecord>, StoreError> {
        self.list(move |db| read_chain(db, after, limit)).await
    }
}

/// Appends a record, within the transaction of what it tells of, and queues the mail that it calls for.
pub(super) fn append(db: &Connection, record: &AuditRecord) -> rusqlite::Result<()> {
    let stored = StoredRecord::of(record);
    let link = audit_segments::append(db, &stored)?;
    let mut insert = db.prepare_cached(
        "INSERT INTO audit (at, event, user_id, grant_id, network, key_id, actor, actor_id, client, session_id,
                            segment, position, hash, changes)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
    )?;
    let AuditSubject { user, grant, session, client, key } = &stored.subject;
    insert.execute(params![
        stored.at.unix(),
        stored.event,
        user.as_ref().map(UserId::as_bytes),
        grant.as_ref().map(GrantId::as_bytes),
        stored.network,
        key.as_deref(),
        stored.actor.as_ref().map(|actor| actor.kind),
        stored.actor.as_ref().and_then(|actor| actor.id.as_deref()),
        client.as_deref(),
        session.as_ref().map(SessionId::as_bytes),
        link.segment.as_bytes(),
        count(link.position)?,
        link.hash.as_bytes(),
        stored.changes.as_deref(),
    ])?;
    if let (Some(user), true) = (user, record.event.is_shown()) {
        db.prepare_cached("INSERT INTO audit_of_users (user_id, number) VALUES (?1, ?2)")?
            .execute((user.as_bytes(), db.last_insert_rowid()))?;
    }
    mails::note(db, record)
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

fn list_of(db: &Connection, user: UserId, limit: u32) -> rusqlite::Result<Vec<AuditRecord>> {
    let mut select = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM audit WHERE number IN
             (SELECT number FROM audit_of_users WHERE user_id = ?1 ORDER BY number DESC LIMIT ?2)
         ORDER BY number DESC",
    ))?;
    select.query_map((user.as_bytes(), limit), record)?.collect()
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

fn read_chain(
    db: &Connection,
    after: Option<AuditNumber>,
    limit: u32,
) -> rusqlite::Result<Vec<LinkedRecord>> {
    let mut select = db.prepare_cached(&format!(
        "SELECT {COLUMNS}, number, segment, position, hash FROM audit
         WHERE number > ?1 ORDER BY number LIMIT ?2",
    ))?;
    let after = after.map_or(i64::MIN, |AuditNumber(number)| number);
    let rows = select.query_map((after, limit), |row| {
        Ok(LinkedRecord {
            number: AuditNumber(row.get(COLUMN_COUNT)?),
            link: audit_segments::link(row, COLUMN_COUNT + 1)?,
            record: stored(row)?,
        })
    })?;
    rows.collect()
}

/// The columns that [`stored`] reads.
pub(super) const COLUMNS: &str =
    "at, event, user_id, grant_id, network, key_id, actor, actor_id, client, session_id, changes";
const COLUMN_COUNT: usize = 11;

pub(super) fn record(row: &Row<'_>) -> rusqlite::Result<AuditRecord> {
    stored(row)?.parse().ok_or_else(|| unreadable(1, Type::Text))
}

fn stored(row: &Row<'_>) -> rusqlite::Result<StoredRecord> {
    let actor = match row.get(6)? {
        Some(kind) => Some(StoredActor { kind, id: row.get_ref(7)?.as_blob_or_null()?.map(Into::into) }),
        None => None,
    };
    Ok(StoredRecord {
        at: timestamp(row, 0)?,
        event: text(row, 1)?,
        actor,
        subject: AuditSubject {
            user: row.get::<_, Option<_>>(2)?.map(UserId::from_bytes),
            grant: row.get::<_, Option<_>>(3)?.map(GrantId::from_bytes),
            session: row.get::<_, Option<_>>(9)?.map(SessionId::from_bytes),
            client: optional_text(row, 8)?,
            key: optional_text(row, 5)?,
        },
        network: row.get_ref(4)?.as_blob_or_null()?.map(Into::into),
        changes: optional_text(row, 10)?,
    })
}
