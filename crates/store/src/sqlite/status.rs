//! The places in the status list, in SQLite.

use async_trait::async_trait;
use jeton_authority::GrantId;
use jeton_authority::revocation::{NewPlace, Place, Places, RevocationEvent, Revoked};
use jeton_authority::store::{StatusStore, StoreError};
use jeton_jose::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row};

use super::SqliteStore;
use super::columns::{counted, timestamp};

#[async_trait]
impl StatusStore for SqliteStore {
    async fn take_status_place(&self, place: NewPlace) -> Result<u64, StoreError> {
        self.writer.submit(move |db| take(db, &place)).await
    }

    async fn status_places(&self, since: Timestamp, now: Timestamp) -> Result<Places, StoreError> {
        self.list(move |db| places(db, since, now)).await
    }
}

fn take(db: &Connection, place: &NewPlace) -> rusqlite::Result<u64> {
    let NewPlace { grant, client, jti, issued_at, free_at } = place;
    let grant = grant.as_ref().map(GrantId::as_bytes);
    let values = (grant, client.as_bytes(), jti.as_bytes(), issued_at.unix(), free_at.unix());
    let number = |row: &Row<'_>| counted(row, 0);
    let taken = db
        .prepare_cached(
            "UPDATE status_indexes SET grant_id = ?1, client = ?2, jti = ?3, issued_at = ?4, free_at = ?5
             WHERE number = (SELECT number FROM status_indexes WHERE free_at <= ?4 ORDER BY free_at LIMIT 1)
             RETURNING number",
        )?
        .query_row(values, number)
        .optional()?;
    if let Some(taken) = taken {
        return Ok(taken);
    }
    db.prepare_cached(
        "INSERT INTO status_indexes (number, grant_id, client, jti, issued_at, free_at)
         VALUES ((SELECT coalesce(max(number) + 1, 0) FROM status_indexes), ?1, ?2, ?3, ?4, ?5) RETURNING number",
    )?
    .query_row(values, number)
}

fn places(db: &Connection, since: Timestamp, now: Timestamp) -> rusqlite::Result<Places> {
    let count = db
        .prepare_cached("SELECT coalesce(max(number) + 1, 0) FROM status_indexes")?
        .query_row([], |row| counted(row, 0))?;
    let mut concerned = Vec::new();
    for (kinds, column) in [("'grant', 'claims'", "grant_id"), ("'client'", "client"), ("'token'", "jti")] {
        let mut select = db.prepare_cached(&format!(
            "SELECT s.number, s.issued_at, r.at, r.kind, r.subject
             FROM revocations r CROSS JOIN status_indexes s ON s.{column} = r.subject
             WHERE r.at >= ?1 AND r.kind IN ({kinds}) AND s.free_at > ?2"
        ))?;
        let found = select.query_map((since.unix(), now.unix()), place)?.collect::<Result<Vec<_>, _>>()?;
        concerned.extend(found.into_iter().flatten());
    }
    Ok(Places { count, concerned })
}

fn place(row: &Row<'_>) -> rusqlite::Result<Option<Place>> {
    let what = Revoked::from_stored(row.get_ref(3)?.as_str()?, row.get_ref(4)?.as_blob()?);
    let (number, issued_at, at) = (counted(row, 0)?, timestamp(row, 1)?, timestamp(row, 2)?);
    Ok(what.map(|what| Place { number, issued_at, event: RevocationEvent { at, what } }))
}

/// Removes places at the end that are free. The others are taken again.
pub(super) fn sweep(db: &Connection, now: Timestamp, limit: u32) -> rusqlite::Result<u64> {
    db.prepare_cached(
        "WITH last AS (SELECT number, free_at FROM status_indexes ORDER BY number DESC LIMIT ?2)
         DELETE FROM status_indexes WHERE number IN (SELECT number FROM last
             WHERE number > coalesce((SELECT max(number) FROM last WHERE free_at > ?1), -1))",
    )?
    .execute((now.unix(), limit))
    .map(|removed| removed as u64)
}
