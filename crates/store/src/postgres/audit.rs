//! The audit trail in PostgreSQL.

use async_trait::async_trait;
use jeton_authority::UserId;
use jeton_authority::audit::{
    AuditEnd, AuditFilter, AuditNumber, AuditRecord, AuditSegment, AuditSubject, Decided, LinkedRecord,
    StoredActor, StoredRecord,
};
use jeton_authority::store::{AuditStore, StoreError};
use jeton_jose::Timestamp;
use tokio_postgres::Row;

use super::columns::{bytes, count, optional_id, optional_text, params, text, timestamp, uuid, value};
use super::connection::Connection;
use super::error::Failed;
use super::{PostgresStore, audit_segments, mails};

#[async_trait]
impl AuditStore for PostgresStore {
    async fn record_audit(&self, record: AuditRecord) -> Result<(), StoreError> {
        self.write(record, |db, record| Box::pin(append(db, record))).await
    }

    async fn list_audit(&self, limit: u32) -> Result<Vec<AuditRecord>, StoreError> {
        self.list(limit, |db, limit| Box::pin(list(db, *limit))).await
    }

    async fn read_audit(
        &self,
        filter: AuditFilter,
        limit: u32,
    ) -> Result<Vec<(AuditNumber, AuditRecord)>, StoreError> {
        self.list((filter, limit), |db, (filter, limit)| Box::pin(read(db, *filter, *limit))).await
    }

    async fn list_audit_of(&self, user: UserId, limit: u32) -> Result<Vec<AuditRecord>, StoreError> {
        self.list((user, limit), |db, (user, limit)| Box::pin(list_of(db, *user, *limit))).await
    }

    async fn audit_segments(&self) -> Result<Vec<AuditSegment>, StoreError> {
        self.read((), |db, ()| Box::pin(audit_segments::all(db))).await
    }

    async fn read_audit_chain(
        &self,
        after: Option<AuditNumber>,
        limit: u32,
    ) -> Result<Vec<LinkedRecord>, StoreError> {
        self.read((after, limit), |db, (after, limit)| Box::pin(read_chain(db, *after, *limit))).await
    }
}

/// Appends a record to a segment. Records are numbered by the server's clock: a sequence would be a place where all nodes meet. Where the
/// clock was set back, a segment goes on from its last number.
const APPEND: &str = "WITH appended AS (
        INSERT INTO audit (number, at, event, user_id, grant_id, network, key_id, actor, actor_id, client, session_id,
                           segment, position, hash, changes)
        SELECT greatest((extract(epoch FROM clock_timestamp()) * 1000000)::bigint, $14 + 1),
               $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $15
        FROM audit_segments s WHERE s.id = $11 AND s.next = $12
        ON CONFLICT (number) DO NOTHING RETURNING number),
    shown AS (INSERT INTO audit_of_users (user_id, number) SELECT $3, number FROM appended WHERE $16)
    UPDATE audit_segments s SET next = $12 + 1, head = $13 FROM appended WHERE s.id = $11 RETURNING appended.number";

/// Appends a record, within the transaction of what it tells of, and queues the mail that it calls for.
pub(super) async fn append(db: &Connection, record: &AuditRecord) -> Result<(), Failed> {
    let stored = StoredRecord::of(record);
    let mut segment = audit_segments::own(db, record.at).await?;
    let link = segment.append(&stored);
    let StoredRecord { at, event, actor, subject, network, changes } = &stored;
    let AuditSubject { user, grant, session, client, key } = subject;
    // Another record may have the same microsecond.
    for _ in 0..100 {
        let added = db
            .row(
                APPEND,
                params![
                    at.unix(),
                    &**event,
                    user.map(uuid),
                    grant.map(uuid),
                    network.as_deref(),
                    key.as_deref(),
                    actor.as_ref().map(|actor| i16::from(actor.kind)),
                    actor.as_ref().and_then(|actor| actor.id.as_deref()),
                    client.as_deref(),
                    session.map(uuid),
                    uuid(link.segment),
                    count(link.position)?,
                    bytes(link.hash.as_bytes()),
                    db.last_audit_number(),
                    changes.as_deref(),
                    user.is_some() && record.event.is_shown(),
                ],
            )
            .await?;
        if let Some(row) = added {
            db.set_last_audit_number(value(&row, 0)?);
            return mails::note(db, record).await;
        }
    }
    Err(Failed::Overtaken)
}

/// Writes the record of what a rule decided, and gives back the answer.
pub(super) async fn write<T>(db: &Connection, decided: Decided<T>) -> Result<T, Failed> {
    if let Some(record) = &decided.record {
        append(db, record).await?;
    }
    Ok(decided.outcome)
}

async fn list(db: &Connection, limit: u32) -> Result<Vec<AuditRecord>, Failed> {
    let rows = db.rows(
        "SELECT at, event, user_id, grant_id, network, key_id, actor, actor_id, client, session_id, changes FROM audit
         ORDER BY at DESC, number DESC LIMIT $1",
        params![i64::from(limit)],
    ).await?;
    rows.iter().map(record).collect()
}

async fn list_of(db: &Connection, user: UserId, limit: u32) -> Result<Vec<AuditRecord>, Failed> {
    let rows = db
        .rows(
            "SELECT at, event, a.user_id, grant_id, network, key_id, actor, actor_id, client, session_id, changes
         FROM audit_of_users o JOIN audit a ON a.number = o.number
         WHERE o.user_id = $1 ORDER BY o.number DESC LIMIT $2",
            params![uuid(user), i64::from(limit)],
        )
        .await?;
    rows.iter().map(record).collect()
}

const OLDEST: &str = "SELECT at, event, user_id, grant_id, network, key_id, actor, actor_id, client, session_id, changes, number FROM audit
    WHERE ($1 IS NULL OR user_id = $1) AND ($2 IS NULL OR at >= $2) AND ($3 IS NULL OR number > $3)
    ORDER BY number LIMIT $4";
const NEWEST: &str = "SELECT at, event, user_id, grant_id, network, key_id, actor, actor_id, client, session_id, changes, number FROM audit
    WHERE ($1 IS NULL OR user_id = $1) AND ($2 IS NULL OR at >= $2) AND ($3 IS NULL OR number > $3)
    ORDER BY number DESC LIMIT $4";

async fn read(
    db: &Connection,
    filter: AuditFilter,
    limit: u32,
) -> Result<Vec<(AuditNumber, AuditRecord)>, Failed> {
    let sql = match filter.end {
        AuditEnd::Oldest => OLDEST,
        AuditEnd::Newest => NEWEST,
    };
    let since = filter.since.map(Timestamp::unix);
    let after = filter.after.map(|AuditNumber(number)| number);
    let rows = db.rows(sql, params![filter.user.map(uuid), since, after, i64::from(limit)]).await?;
    let records = rows.iter().map(|row| Ok((AuditNumber(value(row, 11)?), record(row)?)));
    let mut records = records.collect::<Result<Vec<_>, Failed>>()?;
    records.sort_by_key(|(number, _)| *number);
    Ok(records)
}

async fn read_chain(
    db: &Connection,
    after: Option<AuditNumber>,
    limit: u32,
) -> Result<Vec<LinkedRecord>, Failed> {
    let after = after.map_or(i64::MIN, |AuditNumber(number)| number);
    let rows = db.rows(
        "SELECT at, event, user_id, grant_id, network, key_id, actor, actor_id, client, session_id, changes, number, segment, position, hash
         FROM audit WHERE number > $1 ORDER BY number LIMIT $2",
        params![after, i64::from(limit)],
    ).await?;
    let record = |row: &Row| {
        let number = AuditNumber(value(row, 11)?);
        Ok(LinkedRecord { number, link: audit_segments::link(row, 12)?, record: stored(row)? })
    };
    rows.iter().map(record).collect()
}

pub(super) fn record(row: &Row) -> Result<AuditRecord, Failed> {
    stored(row)?.parse().ok_or(Failed::Unreadable)
}

fn stored(row: &Row) -> Result<StoredRecord, Failed> {
    let actor = match value::<Option<i16>>(row, 6)? {
        Some(kind) => {
            let kind = u8::try_from(kind).map_err(|_| Failed::Unreadable)?;
            Some(StoredActor { kind, id: row.try_get::<_, Option<&[u8]>>(7)?.map(Into::into) })
        }
        None => None,
    };
    Ok(StoredRecord {
        at: timestamp(row, 0)?,
        event: text(row, 1)?,
        actor,
        subject: AuditSubject {
            user: optional_id(row, 2)?,
            grant: optional_id(row, 3)?,
            session: optional_id(row, 9)?,
            client: optional_text(row, 8)?,
            key: optional_text(row, 5)?,
        },
        network: row.try_get::<_, Option<&[u8]>>(4)?.map(Into::into),
        changes: optional_text(row, 10)?,
    })
}
