//! Signing keys in SQLite.

use async_trait::async_trait;
use jeton_authority::audit::{AuditEvent, AuditRecord};
use jeton_authority::keys::{KeyId, KeyPurpose, SealedKey, StoredKey};
use jeton_authority::store::{KeyAddition, KeyStore, KeyWithdrawal, StoreError};
use jeton_jose::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row};

use super::SqliteStore;
use super::columns::{named, optional_timestamp, parsed, text, timestamp};
use super::{audit, master_key};

#[async_trait]
impl KeyStore for SqliteStore {
    async fn list_keys(&self) -> Result<Vec<StoredKey>, StoreError> {
        self.list(list).await
    }

    async fn add_keys(&self, keys: Vec<StoredKey>, newest: Option<KeyId>) -> Result<KeyAddition, StoreError> {
        self.writer.submit(move |db| add(db, &keys, newest.as_ref())).await
    }

    async fn withdraw_key(&self, key: &KeyId, now: Timestamp) -> Result<KeyWithdrawal, StoreError> {
        let key = key.clone();
        self.writer.submit(move |db| withdraw(db, &key, now)).await
    }
}

pub(super) fn list(db: &Connection) -> rusqlite::Result<Vec<StoredKey>> {
    let mut select = db.prepare_cached(
        "SELECT id, purpose, algorithm, sealed, created_at, signs_from, withdrawn_at FROM keys ORDER BY position",
    )?;
    select.query_map([], key)?.collect()
}

pub(super) fn add(
    db: &Connection,
    keys: &[StoredKey],
    newest: Option<&KeyId>,
) -> rusqlite::Result<KeyAddition> {
    if newest_of(db, keys)?.as_deref() != newest.map(KeyId::as_str) {
        return Ok(KeyAddition::Superseded);
    }
    let mut known = db.prepare_cached("SELECT 1 FROM keys WHERE id = ?1")?;
    for key in keys {
        if known.exists([key.id.as_str()])? {
            return Ok(KeyAddition::Superseded);
        }
    }
    let mut insert = db.prepare_cached(
        "INSERT INTO keys (position, id, purpose, algorithm, sealed, created_at, signs_from, withdrawn_at)
         SELECT coalesce(max(position), 0) + 1, ?1, ?2, ?3, ?4, ?5, ?6, ?7 FROM keys",
    )?;
    for key in keys {
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
        audit::append(db, &about_key(AuditEvent::KeyAdded, &key.id, key.created_at))?;
    }
    Ok(KeyAddition::Added)
}

pub(super) fn withdraw(db: &Connection, key: &KeyId, now: Timestamp) -> rusqlite::Result<KeyWithdrawal> {
    let withdrawn: Option<bool> = db
        .prepare_cached("SELECT withdrawn_at IS NOT NULL FROM keys WHERE id = ?1")?
        .query_row([key.as_str()], |row| row.get(0))
        .optional()?;
    match withdrawn {
        None => Ok(KeyWithdrawal::Unknown),
        Some(true) => Ok(KeyWithdrawal::AlreadyWithdrawn),
        Some(false) => {
            db.prepare_cached("UPDATE keys SET withdrawn_at = ?2 WHERE id = ?1")?
                .execute((key.as_str(), now.unix()))?;
            audit::append(db, &about_key(AuditEvent::KeyWithdrawn, key, now))?;
            Ok(KeyWithdrawal::Withdrawn)
        }
    }
}

/// The newest key that has the purpose of one of `keys`.
fn newest_of(db: &Connection, keys: &[StoredKey]) -> rusqlite::Result<Option<String>> {
    let wanted = KeyPurpose::ALL
        .map(|purpose| keys.iter().any(|key| key.purpose == purpose).then_some(purpose.as_str()));
    db.prepare_cached("SELECT id FROM keys WHERE purpose IN (?1, ?2, ?3, ?4) ORDER BY position DESC LIMIT 1")?
        .query_row(wanted, |row| row.get(0))
        .optional()
}

fn about_key(event: AuditEvent, key: &KeyId, at: Timestamp) -> AuditRecord {
    AuditRecord { at, event, user: None, grant: None, network: None, key: Some(key.as_str().into()) }
}

fn key(row: &Row<'_>) -> rusqlite::Result<StoredKey> {
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
