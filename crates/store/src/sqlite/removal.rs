//! Cleaning up after removed clients, in SQLite. It proceeds in steps, each in a separate transaction, so that other
//! writes come in between. A reader finds the grants, because no index leads from a client to its grants.

use jeton_authority::GrantId;
use jeton_authority::grant::{Audience, Ending};
use jeton_authority::store::StoreError;
use jeton_jose::Timestamp;
use jeton_oauth::client::ClientId;
use rusqlite::{Connection, OptionalExtension};

use super::SqliteStore;
use super::columns::{grant_id, halves, parsed, timestamp};
use super::ending::end_grants;

/// How many grants a step reads.
const LOOKS: u32 = 4096;
/// The largest number of rows that a step changes.
const STEP: u32 = 1024;

/// Records that a removed client needs cleaning up, in the transaction that removes it.
pub(super) fn note(db: &Connection, client: &ClientId, now: Timestamp) -> rusqlite::Result<()> {
    db.prepare_cached("INSERT INTO removed_clients (id, removed_at) VALUES (?1, ?2) ON CONFLICT DO NOTHING")?
        .execute((client.as_str(), now.unix()))
        .map(drop)
}

/// When a client that still needs cleaning up was removed.
pub(super) fn removed_at(db: &Connection, client: &ClientId) -> rusqlite::Result<Option<Timestamp>> {
    db.prepare_cached("SELECT removed_at FROM removed_clients WHERE id = ?1")?
        .query_row([client.as_str()], |row| timestamp(row, 0))
        .optional()
}

/// A removed client that still needs cleaning up.
pub(super) fn first_pending(db: &Connection) -> rusqlite::Result<Option<ClientId>> {
    db.prepare_cached("SELECT id FROM removed_clients LIMIT 1")?
        .query_row([], |row| parsed(row, 0))
        .optional()
}

impl SqliteStore {
    /// Ends and removes what is left of a client. Returns how many live grants ended.
    pub(super) async fn end_what_is_left_of(&self, client: &ClientId) -> Result<u64, StoreError> {
        let Some(at) = self.readers.read(|db| removed_at(db, client))? else { return Ok(0) };
        let grants_ended = self.end_grants_of(client, at).await?;
        for sql in [REMOVE_CONSENTS, REMOVE_DEVICES, REMOVE_LOGOUTS, REMOVE_SESSIONS] {
            loop {
                let of = client.clone();
                if self.writer.submit(move |db| remove(db, sql, &of)).await? < STEP as usize {
                    break;
                }
            }
        }
        let client = client.clone();
        self.writer.submit(move |db| forget(db, &client)).await?;
        Ok(grants_ended)
    }

    async fn end_grants_of(&self, client: &ClientId, at: Timestamp) -> Result<u64, StoreError> {
        let (mut from, mut ended) = (None, 0);
        loop {
            let of = client.clone();
            let (found, next) = self.list(move |db| grants_of(db, &of, from)).await?;
            if !found.is_empty() {
                ended += self.writer.submit(move |db| end_all(db, &found, at)).await?;
            }
            match next {
                Some(next) => from = Some(next),
                None => return Ok(ended),
            }
        }
    }
}

/// The client's grants that are not revoked, from `from` on, and where to continue. If the token API's own client has
/// or had this name, the grants without a detail belong to the token API.
fn grants_of(
    db: &Connection,
    client: &ClientId,
    from: Option<GrantId>,
) -> rusqlite::Result<(Vec<GrantId>, Option<GrantId>)> {
    let mut select = db.prepare_cached(
        "SELECT id_high, id_low, client = ?2 AND revoked_at IS NULL
             AND (detail IS NOT NULL OR NOT EXISTS (SELECT 1 FROM token_api_clients WHERE id = ?2))
         FROM grants WHERE id_high >= ?1 ORDER BY id_high LIMIT ?3",
    )?;
    let from = from.map_or(i64::MIN, |grant| halves(grant).0);
    let mut rows = select.query((from, client.as_str(), LOOKS + 1))?;
    let (mut found, mut looked_at) = (Vec::new(), 0);
    while let Some(row) = rows.next()? {
        let id = grant_id(row.get(0)?, row.get(1)?);
        if looked_at == LOOKS || found.len() == STEP as usize {
            return Ok((found, Some(id)));
        }
        looked_at += 1;
        if row.get(2)? {
            found.push(id);
        }
    }
    Ok((found, None))
}

/// Ends grants. Returns how many were alive.
fn end_all(db: &Connection, grants: &[GrantId], at: Timestamp) -> rusqlite::Result<u64> {
    let end = |grant: &GrantId| end_grants(db, Ending::One(*grant), Audience::Nobody, at);
    grants.iter().map(|grant| Ok(end(grant)?.alive)).sum()
}

const REMOVE_CONSENTS: &str = "DELETE FROM consents WHERE client = ?1
    AND user IN (SELECT user FROM consents WHERE client = ?1 LIMIT ?2)";
const REMOVE_DEVICES: &str =
    "DELETE FROM devices WHERE device_code IN (SELECT device_code FROM devices WHERE client = ?1 LIMIT ?2)";
const REMOVE_LOGOUTS: &str =
    "DELETE FROM logouts WHERE number IN (SELECT number FROM logouts WHERE client = ?1 LIMIT ?2)";
const REMOVE_SESSIONS: &str =
    "DELETE FROM session_clients WHERE sid IN (SELECT sid FROM session_clients WHERE client = ?1 LIMIT ?2)";

fn remove(db: &Connection, sql: &str, client: &ClientId) -> rusqlite::Result<usize> {
    db.prepare_cached(sql)?.execute((client.as_str(), STEP))
}

fn forget(db: &Connection, client: &ClientId) -> rusqlite::Result<()> {
    db.prepare_cached("DELETE FROM removed_clients WHERE id = ?1")?.execute([client.as_str()]).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sqlite::sweep::tests::{opened, plan};

    #[test]
    fn removing_a_client_scans_no_table_in_the_writer() {
        let (_folder, db) = opened();
        let forget_logouts = crate::sqlite::clients::FORGET_LOGOUTS;
        for sql in [REMOVE_CONSENTS, REMOVE_DEVICES, REMOVE_LOGOUTS, REMOVE_SESSIONS, forget_logouts] {
            let plan = plan(&db, sql);
            assert!(!plan.contains("SCAN"), "{sql}\n{plan}");
        }
    }
}
