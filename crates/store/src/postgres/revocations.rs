//! The events of the revocation feed in PostgreSQL.

use async_trait::async_trait;
use jeton_authority::client::mapped_attributes;
use jeton_authority::revocation::{Carried, ClaimsChange, Recent, RevocationEvent, Revoked};
use jeton_authority::store::{RevocationStore, StoreError};
use jeton_authority::user::User;
use jeton_jose::Timestamp;
use tokio_postgres::Row;

use super::PostgresStore;
use super::clients::scope;
use super::columns::{id, optional_str, params, str, timestamp, uuid, value};
use super::connection::Connection;
use super::engine::{self, Engine};
use super::error::Failed;

#[async_trait]
impl RevocationStore for PostgresStore {
    async fn revocations_since(&self, since: Timestamp) -> Result<Recent, StoreError> {
        self.read((since, self.database.engine()), |db, (since, engine)| Box::pin(list(db, *since, *engine)))
            .await
    }

    fn take_written_revocations(&self) -> Vec<RevocationEvent> {
        self.database.take_revocations()
    }

    async fn revocation_written(&self) {
        self.database.revocation_written().await;
    }
}

/// Writes events.
pub(super) async fn note(db: &Connection, events: Vec<RevocationEvent>) -> Result<(), Failed> {
    if events.is_empty() {
        return Ok(());
    }
    let at: Vec<i64> = events.iter().map(|event| event.at.unix()).collect();
    let kinds: Vec<&str> = events.iter().map(|event| event.what.kind()).collect();
    let subjects: Vec<_> = events.iter().map(|event| event.what.subject()).collect();
    let subjects: Vec<&[u8]> = subjects.iter().map(|subject| &**subject).collect();
    let sql = "INSERT INTO revocations (at, kind, subject)
        SELECT n.at, n.kind, n.subject FROM unnest($1, $2, $3) AS n (at, kind, subject) ORDER BY 1, 2, 3
        ON CONFLICT DO NOTHING";
    db.execute(sql, params![at, kinds, subjects]).await?;
    db.note_revocations(events);
    Ok(())
}

/// Writes which grants' tokens are stale after a change of their user, who is locked.
pub(super) async fn note_change(
    db: &Connection,
    before: &User,
    after: &User,
    now: Timestamp,
) -> Result<(), Failed> {
    let change = ClaimsChange::between(before, after);
    if change.is_empty() {
        return Ok(());
    }
    let sql = "SELECT g.id, g.scope, g.detail IS NULL, c.document FROM grants g LEFT JOIN clients c ON c.id = g.client
               WHERE g.user_id = $1 AND g.revoked_at IS NULL";
    let mut stale = Vec::new();
    for row in db.rows(sql, params![uuid(after.id)]).await? {
        if concerns(&change, &row)? {
            stale.push(RevocationEvent { at: now, what: Revoked::Claims(id(&row, 0)?) });
        }
    }
    note(db, stale).await
}

fn concerns(change: &ClaimsChange, row: &Row) -> Result<bool, Failed> {
    let (scope, is_token_apis) = (scope(row, 1)?, value(row, 2)?);
    let mapped = optional_str(row, 3)?.and_then(mapped_attributes);
    Ok(change.concerns(match &mapped {
        _ if is_token_apis => Carried::TokenApi,
        Some(mapped) => Carried::Client { scope: &scope, mapped },
        None => Carried::Unknown,
    }))
}

async fn list(db: &Connection, since: Timestamp, engine: Engine) -> Result<Recent, Failed> {
    let history = engine::history(db, engine).await?;
    let sql = "SELECT at, kind, subject FROM revocations WHERE at >= $1 ORDER BY at, kind, subject";
    let mut events = Vec::new();
    for row in db.rows(sql, params![since.unix()]).await? {
        if let Some(what) = Revoked::from_stored(str(&row, 1)?, row.try_get(2)?) {
            events.push(RevocationEvent { at: timestamp(&row, 0)?, what });
        }
    }
    Ok(Recent { history, events })
}

pub(super) async fn sweep(db: &Connection, before: Timestamp, limit: u32) -> Result<u64, Failed> {
    let sql = "DELETE FROM revocations WHERE (at, kind, subject) IN
        (SELECT at, kind, subject FROM revocations WHERE at < $1 ORDER BY at, kind, subject LIMIT $2
         FOR UPDATE SKIP LOCKED)";
    db.execute(sql, params![before.unix(), i64::from(limit)]).await
}
