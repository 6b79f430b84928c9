//! What is left of clients that were removed, in PostgreSQL: it goes in steps, each a transaction, so that nothing is locked for long.
//! Several nodes may be about it at once. A step makes sure that something is left still, since the name may belong to a new client
//! as soon as nothing is.

use jeton_authority::GrantId;
use jeton_authority::grant::{Audience, Ending};
use jeton_authority::store::StoreError;
use jeton_jose::Timestamp;
use jeton_oauth::client::ClientId;

use super::PostgresStore;
use super::columns::{id, params, parsed, timestamp, uuid, value};
use super::connection::Connection;
use super::ending::end_grants;
use super::error::Failed;

/// How many grants a step looks at.
const LOOKS: u32 = 4096;
/// How many rows a step changes at most.
const STEP: u32 = 1024;

/// Notes that something is left of a client, within the transaction that removes it.
pub(super) async fn note(db: &Connection, client: &ClientId, now: Timestamp) -> Result<(), Failed> {
    let sql = "INSERT INTO removed_clients (id, removed_at) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    db.execute(sql, params![client.as_str(), now.unix()]).await.map(drop)
}

/// When a client was removed of which something is left.
pub(super) async fn removed_at(db: &Connection, client: &ClientId) -> Result<Option<Timestamp>, Failed> {
    let sql = "SELECT removed_at FROM removed_clients WHERE id = $1";
    db.row(sql, params![client.as_str()]).await?.map(|row| timestamp(&row, 0)).transpose()
}

/// A client that was removed and of which something is left.
pub(super) async fn first_pending(db: &Connection) -> Result<Option<ClientId>, Failed> {
    let row = db.row("SELECT id FROM removed_clients ORDER BY id LIMIT 1", params![]).await?;
    row.map(|row| parsed(&row, 0)).transpose()
}

impl PostgresStore {
    /// Ends and removes what is left of a client; answers how many grants that were alive ended.
    pub(super) async fn end_what_is_left_of(&self, client: &ClientId) -> Result<u64, StoreError> {
        let removed_at = self.read(client.clone(), |db, client| Box::pin(removed_at(db, client)));
        let Some(at) = removed_at.await? else { return Ok(0) };
        let grants_ended = self.end_grants_of(client, at).await?;
        for sql in [REMOVE_CONSENTS, REMOVE_DEVICES, REMOVE_LOGOUTS, REMOVE_SESSIONS] {
            loop {
                let removed =
                    self.write((sql, client.clone()), |db, (sql, client)| Box::pin(remove(db, sql, client)));
                if removed.await? < u64::from(STEP) {
                    break;
                }
            }
        }
        self.write(client.clone(), |db, client| Box::pin(forget(db, client))).await?;
        Ok(grants_ended)
    }

    async fn end_grants_of(&self, client: &ClientId, at: Timestamp) -> Result<u64, StoreError> {
        let (mut from, mut ended) = (None, 0);
        loop {
            let found = self
                .read((client.clone(), from), |db, (client, from)| Box::pin(grants_of(db, client, *from)));
            let (found, next) = found.await?;
            if !found.is_empty() {
                let step = self.write((client.clone(), found, at), |db, (client, found, at)| {
                    Box::pin(end_all(db, client, found, *at))
                });
                ended += step.await?;
            }
            match next {
                Some(next) => from = Some(next),
                None => return Ok(ended),
            }
        }
    }
}

/// The grants of a client that are not revoked, among those from `from` on, and where to look next. Where the token API's own client has
/// or had its name, the grants without a detail are the token API's.
async fn grants_of(
    db: &Connection,
    client: &ClientId,
    from: Option<GrantId>,
) -> Result<(Vec<GrantId>, Option<GrantId>), Failed> {
    let sql = "SELECT id, client = $2 AND revoked_at IS NULL
             AND (detail IS NOT NULL OR NOT EXISTS (SELECT 1 FROM token_api_clients WHERE id = $2))
         FROM grants WHERE id >= $1 ORDER BY id LIMIT $3";
    let from = uuid(from.unwrap_or(GrantId::from_bytes([0; 16])));
    let rows = db.rows(sql, params![from, client.as_str(), i64::from(LOOKS) + 1]).await?;
    let mut found = Vec::new();
    for (looked_at, row) in rows.iter().enumerate() {
        let grant = id(row, 0)?;
        if looked_at == LOOKS as usize || found.len() == STEP as usize {
            return Ok((found, Some(grant)));
        }
        if value(row, 1)? {
            found.push(grant);
        }
    }
    Ok((found, None))
}

/// Whether something is left of a client still. It stays so until the transaction ends.
async fn is_pending(db: &Connection, client: &ClientId) -> Result<bool, Failed> {
    db.exists("SELECT 1 FROM removed_clients WHERE id = $1 FOR SHARE", params![client.as_str()]).await
}

/// Ends grants, which are in order; answers how many were alive.
async fn end_all(
    db: &Connection,
    client: &ClientId,
    grants: &[GrantId],
    at: Timestamp,
) -> Result<u64, Failed> {
    let mut alive = 0;
    if is_pending(db, client).await? {
        for grant in grants {
            alive += end_grants(db, Ending::One(*grant), Audience::Nobody, at).await?.alive;
        }
    }
    Ok(alive)
}

// Each row belongs to one client, and whoever else locks several locks them in the same order.
const REMOVE_CONSENTS: &str = "DELETE FROM consents WHERE client = $1 AND user_id IN
    (SELECT user_id FROM consents WHERE client = $1 ORDER BY user_id LIMIT $2 FOR UPDATE)";
const REMOVE_DEVICES: &str = "DELETE FROM devices WHERE device_code IN
    (SELECT device_code FROM devices WHERE client = $1 ORDER BY device_code LIMIT $2 FOR UPDATE)";
const REMOVE_LOGOUTS: &str = "DELETE FROM logouts WHERE number IN
    (SELECT number FROM logouts WHERE client = $1 ORDER BY number LIMIT $2 FOR UPDATE)";
const REMOVE_SESSIONS: &str = "DELETE FROM session_clients WHERE sid IN
    (SELECT sid FROM session_clients WHERE client = $1 ORDER BY sid LIMIT $2 FOR UPDATE)";

async fn remove(db: &Connection, sql: &'static str, client: &ClientId) -> Result<u64, Failed> {
    if !is_pending(db, client).await? {
        return Ok(0);
    }
    db.execute(sql, params![client.as_str(), i64::from(STEP)]).await
}

async fn forget(db: &Connection, client: &ClientId) -> Result<(), Failed> {
    db.execute("DELETE FROM removed_clients WHERE id = $1", params![client.as_str()]).await.map(drop)
}
