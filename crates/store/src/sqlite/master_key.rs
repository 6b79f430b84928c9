//! The master key that a database is bound to.
//!
//! The first encrypted value writes the key's check value in its own transaction. Every later encryption is compared
//! with it, so two keys never encrypt in one database, whichever processes write at the same time.

use jeton_authority::keys::{KeyFit, KeyId, MasterKey, MasterKeyCheck, SealedKey, SealedThings};
use rusqlite::{Connection, OptionalExtension};

use super::columns::text;

/// A value was encrypted with another master key than the database's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("encrypted with another master key")]
pub(super) struct OtherMasterKey;

/// Binds the database to the key that encrypted this, or checks that it is bound to that key.
pub(super) fn bind(db: &Connection, sealed: &SealedKey) -> rusqlite::Result<()> {
    match sealed.check() {
        Some(check) => bind_to(db, check),
        None => Ok(()),
    }
}

fn bind_to(db: &Connection, check: &MasterKeyCheck) -> rusqlite::Result<()> {
    match bound(db)? {
        Some(known) if known == *check => Ok(()),
        Some(_) => Err(rusqlite::Error::ToSqlConversionFailure(Box::new(OtherMasterKey))),
        None => db
            .prepare_cached("INSERT INTO master_key_check (only, value) VALUES (0, ?1)")?
            .execute([check.as_str()])
            .map(drop),
    }
}

fn bound(db: &Connection) -> rusqlite::Result<Option<MasterKeyCheck>> {
    db.prepare_cached("SELECT value FROM master_key_check")?
        .query_row([], |row| Ok(MasterKeyCheck::from_stored(text(row, 0)?)))
        .optional()
}

/// Whether this is the database's master key, if that is known. For an older database, its encrypted values decide.
pub(super) fn fit(db: &Connection, key: &MasterKey) -> rusqlite::Result<KeyFit> {
    Ok(things(db)?.fit(key))
}

/// Binds an older database to the key that turned out to be its own.
pub(super) fn adopt(db: &Connection, key: &MasterKey) -> rusqlite::Result<()> {
    bind_to(db, key.check())
}

/// Values in the database that only one master key can decrypt.
pub(super) fn things(db: &Connection) -> rusqlite::Result<SealedThings> {
    let exists = |table: &str| -> rusqlite::Result<bool> {
        db.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?1")?.exists([table])
    };
    let mut found = SealedThings::default();
    if exists("master_key_check")? {
        found.bound = bound(db)?;
    }
    // What is bound needs no proof.
    if found.bound.is_some() {
        return Ok(found);
    }
    if exists("keys")? {
        let mut keys = db.prepare("SELECT id, sealed FROM keys")?;
        let keys =
            keys.query_map([], |row| Ok((KeyId::new(text(row, 0)?), SealedKey::new(text(row, 1)?))))?;
        found.keys = keys.collect::<rusqlite::Result<_>>()?;
    }
    if exists("clients")? {
        let mut secrets = db.prepare("SELECT id, secret FROM clients WHERE secret IS NOT NULL")?;
        let secrets = secrets.query_map([], |row| Ok((text(row, 0)?, SealedKey::new(text(row, 1)?))))?;
        found.secrets = secrets.collect::<rusqlite::Result<_>>()?;
    }
    Ok(found)
}
