//! The events of the revocation feed in SQLite.

use std::cell::Cell;

use async_trait::async_trait;
use jeton_authority::client::mapped_attributes;
use jeton_authority::revocation::{Carried, ClaimsChange, HistoryName, Recent, RevocationEvent, Revoked};
use jeton_authority::store::{RevocationStore, StoreError};
use jeton_authority::user::User;
use jeton_jose::Timestamp;
use rusqlite::{Connection, Row};

use super::SqliteStore;
use super::clients::scope;
use super::columns::{grant_id, named, timestamp};

#[async_trait]
impl RevocationStore for SqliteStore {
    async fn revocations_since(&self, since: Timestamp) -> Result<Recent, StoreError> {
        self.list(move |db| list(db, since)).await
    }

    async fn revocation_written(&self) {
        self.writer.revocation_written().await;
    }
}

/// Writes an event.
pub(super) fn note(db: &Connection, event: &RevocationEvent) -> rusqlite::Result<()> {
    db.prepare_cached(
        "INSERT INTO revocations (at, kind, subject) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
    )?
    .execute((event.at.unix(), event.what.kind(), &*event.what.subject()))?;
    WRITTEN.set(true);
    Ok(())
}

thread_local! {
    /// Whether the open transaction of this thread's connection has an event.
    static WRITTEN: Cell<bool> = const { Cell::new(false) };
}

/// Whether the transaction that just ended had an event.
pub(super) fn take_written() -> bool {
    WRITTEN.take()
}

/// Writes which grants' tokens are stale after a change of their user.
pub(super) fn note_change(
    db: &Connection,
    before: &User,
    after: &User,
    now: Timestamp,
) -> rusqlite::Result<()> {
    let change = ClaimsChange::between(before, after);
    if change.is_empty() {
        return Ok(());
    }
    let mut select = db.prepare_cached(
        "SELECT g.id_high, g.id_low, g.scope, g.detail IS NULL, c.document
         FROM grants g LEFT JOIN clients c ON c.id = g.client
         WHERE g.user = (SELECT number FROM users WHERE id = ?1) AND g.revoked_at IS NULL",
    )?;
    let stale = |row: &Row<'_>| {
        let (scope, is_token_apis) = (scope(row, 2)?, row.get(3)?);
        let document = row.get_ref(4)?.as_str_or_null()?;
        let mapped = document.and_then(mapped_attributes);
        let carried = match &mapped {
            _ if is_token_apis => Carried::TokenApi,
            Some(mapped) => Carried::Client { scope: &scope, mapped },
            None => Carried::Unknown,
        };
        Ok(change.concerns(carried).then_some(grant_id(row.get(0)?, row.get(1)?)))
    };
    let grants: Vec<_> = select.query_map([after.id.as_bytes()], stale)?.collect::<Result<_, _>>()?;
    for grant in grants.into_iter().flatten() {
        note(db, &RevocationEvent { at: now, what: Revoked::Claims(grant) })?;
    }
    Ok(())
}

fn list(db: &Connection, since: Timestamp) -> rusqlite::Result<Recent> {
    let history = db
        .prepare_cached("SELECT name FROM history")?
        .query_row([], |row| named(row, 0, HistoryName::parse))?;
    let mut select = db.prepare_cached(
        "SELECT at, kind, subject FROM revocations WHERE at >= ?1 ORDER BY at, kind, subject",
    )?;
    let event = |row: &Row<'_>| {
        let what = Revoked::from_stored(row.get_ref(1)?.as_str()?, row.get_ref(2)?.as_blob()?);
        let at = timestamp(row, 0)?;
        Ok(what.map(|what| RevocationEvent { at, what }))
    };
    let events: Vec<_> = select.query_map([since.unix()], event)?.collect::<Result<_, _>>()?;
    Ok(Recent { history, events: events.into_iter().flatten().collect() })
}

pub(super) const SWEEP: &str = "DELETE FROM revocations WHERE (at, kind, subject) IN
    (SELECT at, kind, subject FROM revocations WHERE at < ?1 ORDER BY at, kind, subject LIMIT ?2)";

pub(super) fn sweep(db: &Connection, before: Timestamp, limit: u32) -> rusqlite::Result<u64> {
    db.prepare_cached(SWEEP)?.execute((before.unix(), limit)).map(|removed| removed as u64)
}
