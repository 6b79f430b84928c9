//! Clients that must still be notified of a sign-out, in SQLite.

use async_trait::async_trait;
use jeton_authority::GrantId;
use jeton_authority::grant::SessionClient;
use jeton_authority::store::{LogoutDelivery, LogoutStore, StoreError};
use jeton_authority::user::Subject;
use jeton_jose::Timestamp;
use rusqlite::{Connection, Row};

use super::SqliteStore;
use super::columns::{parsed, user_id};

#[async_trait]
impl LogoutStore for SqliteStore {
    async fn due_logouts(
        &self,
        now: Timestamp,
        per_client: u32,
        limit: u32,
    ) -> Result<Vec<LogoutDelivery>, StoreError> {
        self.readers.read(|db| due(db, now, per_client, limit))
    }

    async fn claim_logouts(
        &self,
        numbers: Vec<i64>,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<Vec<i64>, StoreError> {
        self.writer.submit(move |db| claim(db, &numbers, until, now)).await
    }

    async fn finish_logout(&self, number: i64) -> Result<(), StoreError> {
        self.writer.submit(move |db| finish(db, number)).await
    }

    async fn postpone_logout(
        &self,
        number: i64,
        due_at: Timestamp,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.writer.submit(move |db| postpone(db, number, due_at, now)).await
    }
}

/// Stores that a client must be notified of the end of a session.
pub(super) fn note(db: &Connection, client: &SessionClient, now: Timestamp) -> rusqlite::Result<()> {
    db.prepare_cached(
        "INSERT INTO logouts (client, sid, user, due_at) SELECT ?1, ?2, number, ?4 FROM users WHERE id = ?3",
    )?
    .execute((&client.client, client.sid.as_bytes(), client.user.as_bytes(), now.unix()))
    .map(drop)
}

fn due(
    db: &Connection,
    now: Timestamp,
    per_client: u32,
    limit: u32,
) -> rusqlite::Result<Vec<LogoutDelivery>> {
    db.prepare_cached(
        "SELECT l.number, l.client, l.sid, u.id, coalesce(u.imported_key, u.removed_key), l.attempts
         FROM (SELECT *, row_number() OVER (PARTITION BY client ORDER BY claimed DESC, attempts, due_at, number) AS place
               FROM (SELECT *, coalesce(claimed_until > ?1, 0) AS claimed FROM logouts WHERE due_at <= ?1)) l
         JOIN users u ON u.number = l.user
         WHERE l.place <= ?2 AND (l.attempts = 0 OR l.place = 1) AND NOT l.claimed
         ORDER BY l.place, l.attempts, l.due_at, l.number LIMIT ?3",
    )?
    .query_map((now.unix(), per_client, limit), delivery)?
    .collect()
}

pub(super) fn delivery(row: &Row<'_>) -> rusqlite::Result<LogoutDelivery> {
    Ok(LogoutDelivery {
        number: row.get(0)?,
        client: parsed(row, 1)?,
        sid: row.get(2).map(GrantId::from_bytes)?,
        subject: Subject::of(user_id(row, 3)?, row.get_ref(4)?.as_str_or_null()?),
        attempts: row.get(5)?,
    })
}

fn claim(db: &Connection, numbers: &[i64], until: Timestamp, now: Timestamp) -> rusqlite::Result<Vec<i64>> {
    let mut update = db.prepare_cached(
        "UPDATE logouts SET claimed_until = ?2
         WHERE number = ?1 AND due_at <= ?3 AND coalesce(claimed_until <= ?3, 1)",
    )?;
    let mut claimed = Vec::new();
    for number in numbers {
        if update.execute((number, until.unix(), now.unix()))? == 1 {
            claimed.push(*number);
        }
    }
    Ok(claimed)
}

fn finish(db: &Connection, number: i64) -> rusqlite::Result<()> {
    db.prepare_cached("DELETE FROM logouts WHERE number = ?1")?.execute([number]).map(drop)
}

fn postpone(db: &Connection, number: i64, due_at: Timestamp, now: Timestamp) -> rusqlite::Result<()> {
    db.prepare_cached("UPDATE logouts SET claimed_until = NULL WHERE number = ?1")?.execute([number])?;
    db.prepare_cached(
        "UPDATE logouts SET due_at = ?2, attempts = attempts + 1
         WHERE client = (SELECT client FROM logouts WHERE number = ?1 AND due_at <= ?3) AND due_at <= ?3",
    )?
    .execute((number, due_at.unix(), now.unix()))
    .map(drop)
}
