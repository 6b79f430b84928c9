//! The places in the status list, in PostgreSQL.

use async_trait::async_trait;
use jeton_authority::GrantId;
use jeton_authority::revocation::{NewPlace, Place, Places, RevocationEvent, Revoked};
use jeton_authority::store::{StatusStore, StoreError};
use jeton_jose::Timestamp;
use tokio_postgres::Row;

use super::PostgresStore;
use super::columns::{counted, params, str, timestamp};
use super::connection::Connection;
use super::error::Failed;

#[async_trait]
impl StatusStore for PostgresStore {
    async fn take_status_place(&self, place: NewPlace) -> Result<u64, StoreError> {
        self.write(place, |db, place| Box::pin(take(db, place))).await
    }

    async fn status_places(&self, since: Timestamp, now: Timestamp) -> Result<Places, StoreError> {
        self.read((since, now), |db, (since, now)| Box::pin(places(db, *since, *now))).await
    }
}

/// Takes a place that is free. Where there is none, many are added at once, so that those who come at the same time find them, too.
async fn take(db: &Connection, place: &NewPlace) -> Result<u64, Failed> {
    if let Some(taken) = take_free(db, place).await? {
        return Ok(taken);
    }
    let sql = "INSERT INTO status_indexes (number, client, jti, issued_at, free_at)
         SELECT coalesce((SELECT max(number) + 1 FROM status_indexes), 0) + n, '', '', $1, $1
         FROM generate_series(0, 63) AS n ON CONFLICT DO NOTHING";
    db.execute(sql, params![0_i64]).await?;
    take_free(db, place).await?.ok_or(Failed::Overtaken)
}

async fn take_free(db: &Connection, place: &NewPlace) -> Result<Option<u64>, Failed> {
    let NewPlace { grant, client, jti, issued_at, free_at } = place;
    let grant: Option<&[u8]> = grant.as_ref().map(|grant: &GrantId| grant.as_bytes().as_slice());
    let sql = "UPDATE status_indexes SET grant_id = $1, client = $2, jti = $3, issued_at = $4, free_at = $5
         WHERE number = (SELECT number FROM status_indexes WHERE free_at <= $4 ORDER BY free_at LIMIT 1
                         FOR UPDATE SKIP LOCKED)
         RETURNING number";
    let taken = db
        .row(sql, params![grant, client.as_bytes(), jti.as_bytes(), issued_at.unix(), free_at.unix()])
        .await?;
    taken.map(|row| counted(&row, 0)).transpose()
}

async fn places(db: &Connection, since: Timestamp, now: Timestamp) -> Result<Places, Failed> {
    let sql = "SELECT coalesce(max(number) + 1, 0) FROM status_indexes";
    let count = db.row(sql, &[]).await?.map(|row| counted(&row, 0)).transpose()?.unwrap_or(0);
    let mut concerned = Vec::new();
    for sql in [
        "SELECT s.number, s.issued_at, r.at, r.kind, r.subject
         FROM revocations r JOIN status_indexes s ON s.grant_id = r.subject
         WHERE r.at >= $1 AND r.kind IN ('grant', 'claims') AND s.free_at > $2",
        "SELECT s.number, s.issued_at, r.at, r.kind, r.subject
         FROM revocations r JOIN status_indexes s ON s.client = r.subject
         WHERE r.at >= $1 AND r.kind = 'client' AND s.free_at > $2",
        "SELECT s.number, s.issued_at, r.at, r.kind, r.subject
         FROM revocations r JOIN status_indexes s ON s.jti = r.subject
         WHERE r.at >= $1 AND r.kind = 'token' AND s.free_at > $2",
    ] {
        for row in db.rows(sql, params![since.unix(), now.unix()]).await? {
            concerned.extend(place(&row)?);
        }
    }
    Ok(Places { count, concerned })
}

fn place(row: &Row) -> Result<Option<Place>, Failed> {
    let what = Revoked::from_stored(str(row, 3)?, row.try_get(4)?);
    let (number, issued_at, at) = (counted(row, 0)?, timestamp(row, 1)?, timestamp(row, 2)?);
    Ok(what.map(|what| Place { number, issued_at, event: RevocationEvent { at, what } }))
}

/// Removes places at the end that are free. The others are taken again.
pub(super) async fn sweep(db: &Connection, now: Timestamp, limit: u32) -> Result<u64, Failed> {
    let sql = "WITH last AS MATERIALIZED
             (SELECT number, free_at FROM status_indexes ORDER BY number DESC LIMIT $2 FOR UPDATE SKIP LOCKED)
         DELETE FROM status_indexes WHERE number IN (SELECT number FROM last
             WHERE number > coalesce((SELECT max(number) FROM last WHERE free_at > $1), -1))";
    db.execute(sql, params![now.unix(), i64::from(limit)]).await
}
