//! The audit trail in PostgreSQL.

use async_trait::async_trait;
use jeton_authority::audit::{
    Actor, AuditEnd, AuditEvent, AuditFilter, AuditNumber, AuditRecord, AuditSubject, Decided,
};
use jeton_authority::store::{AuditStore, StoreError};
use jeton_jose::Timestamp;
use tokio_postgres::Row;

use super::PostgresStore;
use super::columns::{named, optional_id, optional_network, optional_text, params, timestamp, uuid, value};
use super::connection::Connection;
use super::error::Failed;

#[async_trait]
impl AuditStore for PostgresStore {
    async fn record_audit(&self, record: AuditRecord) -> Result<(), StoreError> {
        self.write(record, |db, record| Box::pin(append(db, record))).await
    }

    async fn list_audit(&self, limit: u32) -> Result<Vec<AuditRecord>, StoreError> {
        self.read(limit, |db, limit| Box::pin(list(db, *limit))).await
    }

    async fn read_audit(
        &self,
        filter: AuditFilter,
        limit: u32,
    ) -> Result<Vec<(AuditNumber, AuditRecord)>, StoreError> {
        self.read((filter, limit), |db, (filter, limit)| Box::pin(read(db, *filter, *limit))).await
    }
}

/// Records are numbered by the server's clock: a sequence would be a place where all nodes meet.
const APPEND: &str = "INSERT INTO audit
        (number, at, event, user_id, grant_id, network, key_id, actor, actor_id, client, session_id)
    VALUES ((extract(epoch FROM clock_timestamp()) * 1000000)::bigint, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
    ON CONFLICT (number) DO NOTHING";

/// Appends a record, within the transaction of what it tells of.
pub(super) async fn append(db: &Connection, record: &AuditRecord) -> Result<(), Failed> {
    let AuditSubject { user, grant, session, client, key } = &record.subject;
    let actor = record.actor.as_ref().map(|actor| actor.to_stored(&record.subject));
    // Another record may have the same microsecond.
    for _ in 0..100 {
        let added = db
            .execute(
                APPEND,
                params![
                    record.at.unix(),
                    record.event.as_str(),
                    user.map(uuid),
                    grant.map(uuid),
                    record.network.as_ref().map(|network| network.as_bytes()),
                    key.as_deref(),
                    actor.as_ref().map(|actor| i16::from(actor.kind)),
                    actor.as_ref().and_then(|actor| actor.id.as_deref()),
                    client.as_deref(),
                    session.map(uuid),
                ],
            )
            .await?;
        if added == 1 {
            return Ok(());
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
        "SELECT at, event, user_id, grant_id, network, key_id, actor, actor_id, client, session_id FROM audit
         ORDER BY at DESC, number DESC LIMIT $1",
        params![i64::from(limit)],
    ).await?;
    rows.iter().map(record).collect()
}

const OLDEST: &str = "SELECT at, event, user_id, grant_id, network, key_id, actor, actor_id, client, session_id, number FROM audit
    WHERE ($1 IS NULL OR user_id = $1) AND ($2 IS NULL OR at >= $2) AND ($3 IS NULL OR number > $3)
    ORDER BY number LIMIT $4";
const NEWEST: &str = "SELECT at, event, user_id, grant_id, network, key_id, actor, actor_id, client, session_id, number FROM audit
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
    let records = rows.iter().map(|row| Ok((AuditNumber(value(row, 10)?), record(row)?)));
    let mut records = records.collect::<Result<Vec<_>, Failed>>()?;
    records.sort_by_key(|(number, _)| *number);
    Ok(records)
}

pub(super) fn record(row: &Row) -> Result<AuditRecord, Failed> {
    let (at, event) = (timestamp(row, 0)?, named(row, 1, AuditEvent::parse)?);
    let (key, client, actor_kind) =
        (optional_text(row, 5)?, optional_text(row, 8)?, value::<Option<i16>>(row, 6)?);
    let (key, client) = match (actor_kind, event) {
        (None, event) if !matches!(event, AuditEvent::KeyAdded | AuditEvent::KeyWithdrawn) => {
            // A record from before there were actors, which came from SQLite: it has the client there.
            (None, key)
        }
        _ => (key, client),
    };
    let subject = AuditSubject {
        user: optional_id(row, 2)?,
        grant: optional_id(row, 3)?,
        session: optional_id(row, 9)?,
        client,
        key,
    };
    let actor = match actor_kind {
        Some(kind) => Some(actor(row, kind, &subject)?),
        None => None,
    };
    Ok(AuditRecord { at, event, actor, subject, network: optional_network(row, 4)? })
}

fn actor(row: &Row, kind: i16, subject: &AuditSubject) -> Result<Actor, Failed> {
    let id: Option<&[u8]> = row.try_get(7)?;
    let kind = u8::try_from(kind).map_err(|_| Failed::Unreadable)?;
    Actor::from_stored(kind, id, subject).ok_or(Failed::Unreadable)
}
