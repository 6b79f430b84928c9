//! Which master key a database is bound to.
//!
//! The first thing that is sealed writes the key's check value in its own transaction, and everything that is sealed later is compared
//! with it there, so that no two keys seal in one database, whichever processes write at once.

use jeton_authority::keys::{KeyFit, KeyId, MasterKey, MasterKeyCheck, SealedKey, SealedThings};
use rusqlite::{Connection, OptionalExtension};

use super::columns::text;

/// Something was sealed under another master key than the database's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("encrypted with another master key")]
pub(super) struct OtherMasterKey;

/// Binds the database to the key that sealed this, or makes sure that it is bound to that one.
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

/// Whether a master key is the database's, as far as that is known: of an older database by what it holds that is sealed.
pub(super) fn fit(db: &Connection, key: &MasterKey) -> rusqlite::Result<KeyFit> {
    Ok(things(db)?.fit(key))
}

/// Binds an older database to the key that was found to be its own.
pub(super) fn adopt(db: &Connection, key: &MasterKey) -> rusqlite::Result<()> {
    bind_to(db, key.check())
}

/// What here can be opened with one master key alone.
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
