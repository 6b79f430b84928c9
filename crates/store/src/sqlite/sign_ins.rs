//! Where users signed in from, and the kinds of their password hashes, in SQLite.

use async_trait::async_trait;
use jeton_authority::password::PasswordHash;
use jeton_authority::store::{SignInStore, StoreError};
use jeton_authority::{Network, UserId};
use jeton_jose::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row};

use super::SqliteStore;
use super::columns::{text, timestamp};

#[async_trait]
impl SignInStore for SqliteStore {
    async fn find_known_network(
        &self,
        user: UserId,
        network: Network,
    ) -> Result<Option<Timestamp>, StoreError> {
        self.readers.read(|db| find_network(db, user, network))
    }

    async fn note_known_network(
        &self,
        user: UserId,
        network: Network,
        keep: u32,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.writer.submit(move |db| note_network(db, user, network, keep, now)).await
    }

    async fn sample_password_hashes(&self, limit: u32) -> Result<Vec<PasswordHash>, StoreError> {
        self.readers.read(|db| sample_hashes(db, limit))
    }
}

fn find_network(db: &Connection, user: UserId, network: Network) -> rusqlite::Result<Option<Timestamp>> {
    db.prepare_cached(
        "SELECT k.seen_at FROM users u JOIN known_networks k ON k.user = u.number WHERE u.id = ?1 AND k.network = ?2",
    )?
    .query_row((user.as_bytes(), network.as_bytes()), |row| timestamp(row, 0))
    .optional()
}

fn note_network(
    db: &Connection,
    user: UserId,
    network: Network,
    keep: u32,
    now: Timestamp,
) -> rusqlite::Result<()> {
    db.prepare_cached(
        "INSERT INTO known_networks (user, network, seen_at) SELECT number, ?2, ?3 FROM users WHERE id = ?1
         ON CONFLICT (user, network) DO UPDATE SET seen_at = excluded.seen_at WHERE seen_at < excluded.seen_at",
    )?
    .execute((user.as_bytes(), network.as_bytes(), now.unix()))?;
    db.prepare_cached(
        "DELETE FROM known_networks WHERE user = (SELECT number FROM users WHERE id = ?1) AND network NOT IN
         (SELECT k.network FROM users u JOIN known_networks k ON k.user = u.number WHERE u.id = ?1
          ORDER BY k.seen_at DESC, k.network LIMIT ?2)",
    )?
    .execute((user.as_bytes(), keep))
    .map(drop)
}

pub(super) fn sweep_networks(db: &Connection, before: Timestamp, limit: u32) -> rusqlite::Result<u64> {
    let removed = db
        .prepare_cached(
            "DELETE FROM known_networks WHERE (user, network) IN
             (SELECT user, network FROM known_networks WHERE seen_at < ?1 LIMIT ?2)",
        )?
        .execute((before.unix(), limit))?;
    Ok(removed as u64)
}

/// Goes from the first hash of a kind to the first hash of the next, with an index that omits the default kind: one
/// look-up per kind, however many users there are.
fn sample_hashes(db: &Connection, limit: u32) -> rusqlite::Result<Vec<PasswordHash>> {
    let mut select = db.prepare_cached(
        "SELECT password FROM users
         WHERE password NOT GLOB '$argon2id$v=19$m=19456,t=2,p=1$*' AND password >= ?1 ORDER BY password LIMIT 1",
    )?;
    let hash = |row: &Row<'_>| text(row, 0).map(PasswordHash::from_stored);
    let mut samples: Vec<PasswordHash> = Vec::new();
    let mut from = String::new();
    for _ in 0..limit {
        let Some(sample) = select.query_row([&from], hash).optional()? else { break };
        // No text that begins with the kind comes after this.
        from = format!("{}\u{10FFFF}", sample.kind());
        samples.push(sample);
    }
    Ok(samples)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{OpenMode, SqliteStore};

    #[test]
    fn the_kinds_of_hashes_are_found_without_a_look_at_every_user() {
        let folder = tempfile::tempdir().expect("a scratch folder");
        let path = folder.path().join("jeton.db");
        drop(SqliteStore::open(&path, OpenMode::CreateOrMigrate).expect("a database"));
        let db = Connection::open(&path).expect("a connection");
        let plan: String = db
            .query_row(
                "EXPLAIN QUERY PLAN SELECT password FROM users
                 WHERE password NOT GLOB '$argon2id$v=19$m=19456,t=2,p=1$*' AND password >= '' ORDER BY password LIMIT 1",
                [],
                |row| row.get(3),
            )
            .expect("a plan");
        assert!(plan.contains("SEARCH users USING COVERING INDEX passwords_of_other_kinds"), "{plan}");
    }
}
