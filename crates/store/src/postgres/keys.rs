//! Signing keys in PostgreSQL. Whoever changes them has the mark of the keys locked, so that of two nodes that rotate at once one comes
//! second and sees it.

use async_trait::async_trait;
use jeton_authority::audit::Actor;
use jeton_authority::keys::{
    self, KeyAddition, KeyId, KeyPurpose, KeyWithdrawal, SealedKey, SealedThings, StoredKey,
};
use jeton_authority::revocation::{RevocationEvent, Revoked};
use jeton_authority::store::{KeyStore, StoreError};
use jeton_jose::{Algorithm, Timestamp};
use tokio_postgres::Row;

use super::PostgresStore;
use super::columns::{named, optional_timestamp, params, parsed, str, text, timestamp};
use super::connection::Connection;
use super::error::Failed;
use super::{audit, master_key, revocations};

#[async_trait]
impl KeyStore for PostgresStore {
    async fn list_keys(&self) -> Result<Vec<StoredKey>, StoreError> {
        self.read((), |db, ()| Box::pin(list(db))).await
    }

    async fn sealed_things(&self) -> Result<SealedThings, StoreError> {
        self.read((), |db, ()| Box::pin(master_key::things(db))).await
    }

    async fn add_keys(
        &self,
        keys: Vec<StoredKey>,
        newest: Option<KeyId>,
        by: Actor,
    ) -> Result<KeyAddition, StoreError> {
        self.write((keys, newest, by), |db, (keys, newest, by)| Box::pin(add(db, keys, newest.as_ref(), by)))
            .await
    }

    async fn withdraw_key(
        &self,
        key: &KeyId,
        by: Actor,
        now: Timestamp,
    ) -> Result<KeyWithdrawal, StoreError> {
        self.write((key.clone(), by, now), |db, (key, by, now)| Box::pin(withdraw(db, key, by, *now))).await
    }
}

async fn list(db: &Connection) -> Result<Vec<StoredKey>, Failed> {
    let sql = "SELECT id, purpose, algorithm, sealed, created_at, signs_from, withdrawn_at FROM keys ORDER BY position";
    db.rows(sql, params![]).await?.iter().filter(is_known).map(key).collect()
}

/// Whether this version knows what the key is for. A newer one on the same database may have others.
fn is_known(row: &&Row) -> bool {
    let has = |column, known: fn(&str) -> bool| str(row, column).is_ok_and(known);
    has(1, |purpose| KeyPurpose::parse(purpose).is_some()) && has(2, |name| name.parse::<Algorithm>().is_ok())
}

async fn lock(db: &Connection) -> Result<(), Failed> {
    db.rows("SELECT 1 FROM marks WHERE subject = 'keys' FOR UPDATE", params![]).await.map(drop)
}

async fn add(
    db: &Connection,
    added: &[StoredKey],
    newest: Option<&KeyId>,
    by: &Actor,
) -> Result<KeyAddition, Failed> {
    lock(db).await?;
    let Some(records) = keys::add(&list(db).await?, added, newest, by) else {
        return Ok(KeyAddition::Superseded);
    };
    for key in added {
        master_key::bind(db, &key.sealed).await?;
        db.execute(
            "INSERT INTO keys (position, id, purpose, algorithm, sealed, created_at, signs_from, withdrawn_at)
             SELECT coalesce(max(position), 0) + 1, $1, $2, $3, $4, $5, $6, $7 FROM keys",
            params![
                key.id.as_str(),
                key.purpose.as_str(),
                key.algorithm.as_str(),
                key.sealed.as_str(),
                key.created_at.unix(),
                key.signs_from.unix(),
                key.withdrawn_at.map(Timestamp::unix),
            ],
        )
        .await?;
    }
    for record in &records {
        audit::append(db, record).await?;
    }
    Ok(KeyAddition::Added)
}

async fn withdraw(db: &Connection, key: &KeyId, by: &Actor, now: Timestamp) -> Result<KeyWithdrawal, Failed> {
    lock(db).await?;
    let stored = list(db).await?;
    let withdrawal = audit::write(db, keys::withdraw(&stored, key, by, now)).await?;
    if withdrawal == KeyWithdrawal::Withdrawn {
        let sql = "UPDATE keys SET withdrawn_at = $2 WHERE id = $1";
        db.execute(sql, params![key.as_str(), now.unix()]).await?;
        let withdrawn = stored.iter().find(|stored| stored.id == *key);
        if let Some(what) = withdrawn.and_then(Revoked::by_withdrawal_of) {
            revocations::note(db, vec![RevocationEvent { at: now, what }]).await?;
        }
    }
    Ok(withdrawal)
}

pub(super) fn key(row: &Row) -> Result<StoredKey, Failed> {
    Ok(StoredKey {
        id: KeyId::new(text(row, 0)?),
        purpose: named(row, 1, KeyPurpose::parse)?,
        algorithm: parsed(row, 2)?,
        sealed: SealedKey::new(text(row, 3)?),
        created_at: timestamp(row, 4)?,
        signs_from: timestamp(row, 5)?,
        withdrawn_at: optional_timestamp(row, 6)?,
    })
}
