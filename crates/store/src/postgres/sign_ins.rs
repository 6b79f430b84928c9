//! Where users signed in from, and the kinds of their password hashes, in PostgreSQL.

use async_trait::async_trait;
use jeton_authority::password::PasswordHash;
use jeton_authority::store::{SignInStore, StoreError};
use jeton_authority::{Network, UserId};
use jeton_jose::Timestamp;

use super::PostgresStore;
use super::columns::{params, text, timestamp, uuid};
use super::connection::Connection;
use super::error::Failed;
use super::users;

#[async_trait]
impl SignInStore for PostgresStore {
    async fn find_known_network(
        &self,
        user: UserId,
        network: Network,
    ) -> Result<Option<Timestamp>, StoreError> {
        self.read((user, network), |db, (user, network)| Box::pin(find_network(db, *user, *network))).await
    }

    async fn note_known_network(
        &self,
        user: UserId,
        network: Network,
        keep: u32,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.write((user, network, keep, now), |db, (user, network, keep, now)| {
            Box::pin(note_network(db, *user, *network, *keep, *now))
        })
        .await
    }

    async fn sample_password_hashes(&self, limit: u32) -> Result<Vec<PasswordHash>, StoreError> {
        self.read(limit, |db, limit| Box::pin(sample_hashes(db, *limit))).await
    }
}

async fn find_network(db: &Connection, user: UserId, network: Network) -> Result<Option<Timestamp>, Failed> {
    let sql = "SELECT seen_at FROM known_networks WHERE user_id = $1 AND network = $2";
    db.row(sql, params![uuid(user), network.as_bytes()]).await?.map(|row| timestamp(&row, 0)).transpose()
}

async fn note_network(
    db: &Connection,
    user: UserId,
    network: Network,
    keep: u32,
    now: Timestamp,
) -> Result<(), Failed> {
    users::lock(db, user).await?;
    let sql =
        "INSERT INTO known_networks (user_id, network, seen_at) SELECT id, $2, $3 FROM users WHERE id = $1
         ON CONFLICT (user_id, network) DO UPDATE SET seen_at = excluded.seen_at
         WHERE known_networks.seen_at < excluded.seen_at";
    db.execute(sql, params![uuid(user), network.as_bytes(), now.unix()]).await?;
    let sql = "DELETE FROM known_networks WHERE user_id = $1 AND network NOT IN
         (SELECT network FROM known_networks WHERE user_id = $1 ORDER BY seen_at DESC, network LIMIT $2)";
    db.execute(sql, params![uuid(user), i64::from(keep)]).await.map(drop)
}

pub(super) async fn sweep_networks(db: &Connection, before: Timestamp, limit: u32) -> Result<u64, Failed> {
    let sql = "DELETE FROM known_networks WHERE (user_id, network) IN
         (SELECT user_id, network FROM known_networks WHERE seen_at < $1
          ORDER BY seen_at LIMIT $2 FOR UPDATE SKIP LOCKED)";
    db.execute(sql, params![before.unix(), i64::from(limit)]).await
}

/// Goes from the first hash of a kind to the first of the next, by way of an index that leaves out the default kind: a
/// look-up for each kind, however many users there are.
async fn sample_hashes(db: &Connection, limit: u32) -> Result<Vec<PasswordHash>, Failed> {
    // The index has the beginning of each hash, which is more than its kind.
    let sql = "SELECT password FROM users
         WHERE password NOT LIKE '$argon2id$v=19$m=19456,t=2,p=1$%' AND left(password, 200) >= $1
         ORDER BY left(password, 200) LIMIT 1";
    let mut samples: Vec<PasswordHash> = Vec::new();
    let mut from = String::new();
    for _ in 0..limit {
        let Some(row) = db.row(sql, params![from.as_str()]).await? else { break };
        let sample = PasswordHash::from_stored(text(&row, 0)?);
        // No text that begins with the kind comes after this.
        from = format!("{}\u{10FFFF}", sample.kind());
        samples.push(sample);
    }
    Ok(samples)
}
