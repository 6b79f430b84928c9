//! Signing keys in SQLite.

use async_trait::async_trait;
use jeton_authority::audit::Actor;
use jeton_authority::keys::{
    self, KeyAddition, KeyId, KeyPurpose, KeyWithdrawal, SealedKey, SealedThings, StoredKey,
};
use jeton_authority::revocation::{RevocationEvent, Revoked};
use jeton_authority::store::{KeyStore, StoreError};
use jeton_jose::{Algorithm, Timestamp};
use rusqlite::{Connection, Row};

use super::SqliteStore;
use super::columns::{named, optional_timestamp, parsed, text, timestamp};
use super::{audit, master_key, revocations};

#[async_trait]
impl KeyStore for SqliteStore {
    async fn list_keys(&self) -> Result<Vec<StoredKey>, StoreError> {
        self.list(list).await
    }

    async fn sealed_things(&self) -> Result<SealedThings, StoreError> {
        self.list(master_key::things).await
    }

    async fn add_keys(
        &self,
        keys: Vec<StoredKey>,
        newest: Option<KeyId>,
        by: Actor,
    ) -> Result<KeyAddition, StoreError> {
        self.writer.submit(move |db| add(db, &keys, newest.as_ref(), &by)).await
    }

    async fn withdraw_key(
        &self,
        key: &KeyId,
        by: Actor,
        now: Timestamp,
    ) -> Result<KeyWithdrawal, StoreError> {
        let key = key.clone();
        self.writer.submit(move |db| withdraw(db, &key, &by, now)).await
    }
}

fn list(db: &Connection) -> rusqlite::Result<Vec<StoredKey>> {
    let mut select = db.prepare_cached(
        "SELECT id, purpose, algorithm, sealed, created_at, signs_from, withdrawn_at FROM keys ORDER BY position",
    )?;
    let known =
        select.query_and_then([], |row| if is_known(row)? { key(row).map(Some) } else { Ok(None) })?;
    known.filter_map(Result::transpose).collect()
}

/// Whether this version knows what the key is for. A newer one on the same database may have others.
fn is_known(row: &Row<'_>) -> rusqlite::Result<bool> {
    let (purpose, algorithm) = (row.get_ref(1)?.as_str()?, row.get_ref(2)?.as_str()?);
    Ok(KeyPurpose::parse(purpose).is_some() && algorithm.parse::<Algorithm>().is_ok())
}

fn add(
    db: &Connection,
    added: &[StoredKey],
    newest: Option<&KeyId>,
    by: &Actor,
) -> rusqlite::Result<KeyAddition> {
    let Some(records) = keys::add(&list(db)?, added, newest, by) else { return Ok(KeyAddition::Superseded) };
    let mut insert = db.prepare_cached(
        "INSERT INTO keys (position, id, purpose, algorithm, sealed, created_at, signs_from, withdrawn_at)
         SELECT coalesce(max(position), 0) + 1, ?1, ?2, ?3, ?4, ?5, ?6, ?7 FROM keys",
    )?;
    for key in added {
        master_key::bind(db, &key.sealed)?;
        insert.execute((
            key.id.as_str(),
            key.purpose.as_str(),
            key.algorithm.as_str(),
            key.sealed.as_str(),
            key.created_at.unix(),
            key.signs_from.unix(),
            key.withdrawn_at.map(Timestamp::unix),
        ))?;
    }
    for record in &records {
        audit::append(db, record)?;
    }
    Ok(KeyAddition::Added)
}

fn withdraw(db: &Connection, key: &KeyId, by: &Actor, now: Timestamp) -> rusqlite::Result<KeyWithdrawal> {
    let stored = list(db)?;
    let withdrawal = audit::write(db, keys::withdraw(&stored, key, by, now))?;
    if withdrawal == KeyWithdrawal::Withdrawn {
        db.prepare_cached("UPDATE keys SET withdrawn_at = ?2 WHERE id = ?1")?
            .execute((key.as_str(), now.unix()))?;
        let withdrawn = stored.iter().find(|stored| stored.id == *key);
        if let Some(what) = withdrawn.and_then(Revoked::by_withdrawal_of) {
            revocations::note(db, &RevocationEvent { at: now, what })?;
        }
    }
    Ok(withdrawal)
}

pub(super) fn key(row: &Row<'_>) -> rusqlite::Result<StoredKey> {
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
