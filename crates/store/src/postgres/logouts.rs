//! Clients that are still to be told of a sign-out, in PostgreSQL.

use async_trait::async_trait;
use jeton_authority::grant::SessionClient;
use jeton_authority::store::{LogoutDelivery, LogoutStore, StoreError};
use jeton_authority::user::Subject;
use jeton_jose::Timestamp;
use tokio_postgres::Row;

use super::PostgresStore;
use super::columns::{id, optional_str, params, parsed, uuid, value};
use super::connection::Connection;
use super::error::Failed;

#[async_trait]
impl LogoutStore for PostgresStore {
    async fn due_logouts(
        &self,
        now: Timestamp,
        per_client: u32,
        limit: u32,
    ) -> Result<Vec<LogoutDelivery>, StoreError> {
        self.read((now, per_client, limit), |db, (now, per_client, limit)| {
            Box::pin(due(db, *now, *per_client, *limit))
        })
        .await
    }

    async fn claim_logouts(
        &self,
        numbers: Vec<i64>,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<Vec<i64>, StoreError> {
        self.write((numbers, until, now), |db, (numbers, until, now)| {
            Box::pin(claim(db, numbers, *until, *now))
        })
        .await
    }

    async fn finish_logout(&self, number: i64) -> Result<(), StoreError> {
        self.write(number, |db, number| Box::pin(finish(db, *number))).await
    }

    async fn postpone_logout(
        &self,
        number: i64,
        due_at: Timestamp,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.write((number, due_at, now), |db, (number, due_at, now)| {
            Box::pin(postpone(db, *number, *due_at, *now))
        })
        .await
    }
}

/// Numbered as the audit trail is: in the order in which they were noted.
const NOTE: &str = "INSERT INTO logouts (number, client, sid, user_id, due_at)
    VALUES ((extract(epoch FROM clock_timestamp()) * 1000000)::bigint, $1, $2, $3, $4)
    ON CONFLICT (number) DO NOTHING";

/// Notes a client that is to be told of an end.
pub(super) async fn note(db: &Connection, client: &SessionClient, now: Timestamp) -> Result<(), Failed> {
    for _ in 0..100 {
        let noted = db
            .execute(NOTE, params![&*client.client, uuid(client.sid), uuid(client.user), now.unix()])
            .await?;
        if noted == 1 {
            return Ok(());
        }
    }
    Err(Failed::Overtaken)
}

async fn due(
    db: &Connection,
    now: Timestamp,
    per_client: u32,
    limit: u32,
) -> Result<Vec<LogoutDelivery>, Failed> {
    let rows = db
        .rows(
            "SELECT l.number, l.client, l.sid, l.user_id, coalesce(u.imported_key, u.removed_key), l.attempts
         FROM (SELECT d.number, d.client, d.sid, d.user_id, d.attempts, d.due_at, d.claimed, row_number() OVER
                   (PARTITION BY d.client ORDER BY d.claimed DESC, d.attempts, d.due_at, d.number) AS place
               FROM (SELECT number, client, sid, user_id, attempts, due_at,
                         coalesce(claimed_until > $1, false) AS claimed FROM logouts WHERE due_at <= $1) d) l
         JOIN users u ON u.id = l.user_id
         WHERE l.place <= $2 AND (l.attempts = 0 OR l.place = 1) AND NOT l.claimed
         ORDER BY l.place, l.attempts, l.due_at, l.number LIMIT $3",
            params![now.unix(), i64::from(per_client), i64::from(limit)],
        )
        .await?;
    rows.iter().map(delivery).collect()
}

pub(super) fn delivery(row: &Row) -> Result<LogoutDelivery, Failed> {
    Ok(LogoutDelivery {
        number: value(row, 0)?,
        client: parsed(row, 1)?,
        sid: id(row, 2)?,
        subject: Subject::of(id(row, 3)?, optional_str(row, 4)?),
        attempts: value::<i64>(row, 5)?.try_into().map_err(|_| Failed::Unreadable)?,
    })
}

async fn claim(
    db: &Connection,
    numbers: &[i64],
    until: Timestamp,
    now: Timestamp,
) -> Result<Vec<i64>, Failed> {
    let rows = db.rows(
        "WITH free AS (SELECT number FROM logouts
             WHERE number = ANY($1) AND due_at <= $3 AND coalesce(claimed_until <= $3, true)
             ORDER BY number FOR UPDATE SKIP LOCKED)
         UPDATE logouts SET claimed_until = $2 FROM free WHERE logouts.number = free.number RETURNING logouts.number",
        params![numbers.to_vec(), until.unix(), now.unix()],
    ).await?;
    let claimed = rows.iter().map(|row| value(row, 0)).collect::<Result<Vec<i64>, _>>()?;
    Ok(numbers.iter().copied().filter(|number| claimed.contains(number)).collect())
}

async fn finish(db: &Connection, number: i64) -> Result<(), Failed> {
    db.execute("DELETE FROM logouts WHERE number = $1", params![number]).await.map(drop)
}

async fn postpone(db: &Connection, number: i64, due_at: Timestamp, now: Timestamp) -> Result<(), Failed> {
    db.execute("UPDATE logouts SET claimed_until = NULL WHERE number = $1", params![number]).await?;
    let sql = "WITH later AS (SELECT number FROM logouts
             WHERE client = (SELECT client FROM logouts WHERE number = $1 AND due_at <= $3) AND due_at <= $3
             ORDER BY number FOR UPDATE)
         UPDATE logouts SET due_at = $2, attempts = attempts + 1 FROM later WHERE logouts.number = later.number";
    db.execute(sql, params![number, due_at.unix(), now.unix()]).await.map(drop)
}
