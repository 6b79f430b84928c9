//! Which master key a database is bound to.
//!
//! The first thing that is sealed writes the key's check value in its own transaction, and everything that is sealed later is compared
//! with it there, so that no two keys seal in one database, whichever nodes write at once.

use jeton_authority::keys::{KeyId, MasterKeyCheck, SealedKey, SealedThings};

use super::columns::{params, text};
use super::connection::Connection;
use super::error::Failed;

/// Binds the database to the key that sealed this, or makes sure that it is bound to that one.
pub(super) async fn bind(db: &Connection, sealed: &SealedKey) -> Result<(), Failed> {
    match sealed.check() {
        Some(check) => bind_to(db, check).await,
        None => Ok(()),
    }
}

/// The same for a key that is known by its check value.
pub(super) async fn bind_to(db: &Connection, check: &MasterKeyCheck) -> Result<(), Failed> {
    match bound(db).await? {
        Some(known) if known == *check => Ok(()),
        Some(_) => Err(Failed::OtherMasterKey),
        None => {
            let sql = "INSERT INTO master_key_check (one, value) VALUES (0, $1) ON CONFLICT DO NOTHING";
            // Where another node has bound it meanwhile, it is to be seen to which key.
            if db.execute(sql, params![check.as_str()]).await? == 0 { Err(Failed::Overtaken) } else { Ok(()) }
        }
    }
}

async fn bound(db: &Connection) -> Result<Option<MasterKeyCheck>, Failed> {
    let row = db.row("SELECT value FROM master_key_check", params![]).await?;
    row.map(|row| Ok(MasterKeyCheck::from_stored(text(&row, 0)?))).transpose()
}

/// What here can be opened with one master key alone.
pub(super) async fn things(db: &Connection) -> Result<SealedThings, Failed> {
    let bound = bound(db).await?;
    // What is bound needs no proof.
    if bound.is_some() {
        return Ok(SealedThings { bound, ..SealedThings::default() });
    }
    let mut found = SealedThings::default();
    for row in db.rows("SELECT id, sealed FROM keys", params![]).await? {
        found.keys.push((KeyId::new(text(&row, 0)?), SealedKey::new(text(&row, 1)?)));
    }
    for row in db.rows("SELECT id, secret FROM clients WHERE secret IS NOT NULL", params![]).await? {
        found.secrets.push((text(&row, 0)?, SealedKey::new(text(&row, 1)?)));
    }
    Ok(found)
}
