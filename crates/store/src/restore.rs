//! Restoring a backup into a new database.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use jeton_authority::keyring::check_key;
use jeton_authority::keys::{
    KeyFit, KeyId, KeyPurpose, MasterKey, MasterKeyCheck, MasterKeyId, SealedKey, SealedThings, StoredKey,
};
use jeton_authority::one_time::OneTimeKind;
use jeton_jose::{Algorithm, Timestamp};

use crate::backup::Reader;
use crate::database;
use crate::database_url::DatabaseUrl;
use crate::filling::fill;
use crate::inspection::TableFindings;
use crate::move_error::MoveError;
use crate::progress::{OnProgress, Progress};
use crate::rows::{Block, Source, Table, TableSum, Value};

/// A backup that was restored.
#[derive(Debug, Clone)]
pub struct Restored {
    /// When the backup was made.
    pub created_at: Timestamp,
    /// The kind of the database that it was made from.
    pub made_from: Box<str>,
    /// The tables, and how many rows each has.
    pub tables: Vec<(Box<str>, u64)>,
    /// The master key that its secrets are encrypted with.
    pub master_key: Option<MasterKeyId>,
    /// What works again, although it may have ended since the backup was made.
    pub risen: Risen,
    /// What is wrong with rows, as it was when the backup was made.
    pub findings: Vec<TableFindings>,
}

/// How much works in a restored database that may have been ended, disabled, withdrawn or used since the backup was made. The backup
/// itself cannot tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Risen {
    /// Grants that have neither ended nor reached their absolute lifetime.
    pub grants: u64,
    /// Browsers' sessions of the same kind.
    pub sessions: u64,
    /// Users who may sign in, with the password that they had then.
    pub users: u64,
    /// Clients.
    pub clients: u64,
    /// Keys that were not withdrawn.
    pub keys: u64,
    /// Authorization codes, device codes and requests that were not used and have not expired.
    pub codes: u64,
}

/// Restores a backup.
///
/// The whole backup is read, and a secret of it is decrypted, before anything is written. Servers use the database only when all of it
/// was written and read again.
///
/// # Errors
/// [`MoveError::NotEmpty`] where the database has rows, [`MoveError::OtherMasterKey`] where the key does not fit. Nothing is written then.
pub async fn restore(
    file: &Path,
    database: &DatabaseUrl,
    key: Option<Arc<MasterKey>>,
    now: Timestamp,
    progress: &OnProgress,
) -> Result<Restored, MoveError> {
    let mut backup = Reader::open(file)?;
    let contents = Contents::read(&mut backup, now, progress).await?;
    refuse_other_key(&contents.sealed, backup.master_key(), key.as_deref())?;

    let mut backup = Reader::open(file)?;
    let tables = backup.tables().to_vec();
    let mut target = database::target(database, backup.schema(), &tables, backup.origin()).await?;
    let (sums, findings) = fill(&mut backup, &mut *target, key, progress).await?;
    // The file may have been changed since it was read the first time.
    backup.compare(&sums)?;
    target.publish().await?;
    Ok(Restored {
        created_at: backup.created_at(),
        made_from: backup.made_from().into(),
        tables: tables.iter().zip(&sums).map(|(table, sum)| (table.name.as_str().into(), sum.rows)).collect(),
        master_key: backup.master_key().cloned(),
        risen: contents.risen,
        findings,
    })
}

/// Refuses a master key that does not decrypt what is there.
fn refuse_other_key(
    sealed: &SealedThings,
    named: Option<&MasterKeyId>,
    key: Option<&MasterKey>,
) -> Result<(), MoveError> {
    let wanted = || sealed.bound.as_ref().map(MasterKeyCheck::id).or_else(|| named.cloned());
    if sealed.is_empty() {
        return Ok(());
    }
    let Some(key) = key else { return Err(MoveError::NoMasterKey { wanted: wanted() }) };
    let other = || MoveError::OtherMasterKey { wanted: wanted(), given: key.check().id() };
    if sealed.fit(key) == KeyFit::Other {
        return Err(other());
    }
    // The check value is only what the backup says. A key that it holds has to be decrypted with it, too.
    let stored = sealed.keys.first().map(|(id, sealed)| StoredKey {
        id: id.clone(),
        purpose: KeyPurpose::Access,
        algorithm: Algorithm::ES256,
        sealed: sealed.clone(),
        created_at: Timestamp::from_unix(0),
        signs_from: Timestamp::from_unix(0),
        withdrawn_at: None,
    });
    match stored.map(|stored| check_key(&stored, key)) {
        Some(Err(_)) => Err(other()),
        _ => Ok(()),
    }
}

/// What a backup contains.
struct Contents {
    sealed: SealedThings,
    risen: Risen,
}

impl Contents {
    /// Reads all of a backup, and compares it with what it says that it contains.
    async fn read(backup: &mut Reader, now: Timestamp, progress: &OnProgress) -> Result<Self, MoveError> {
        let mut this = Self { sealed: SealedThings::default(), risen: Risen::default() };
        let tables = backup.tables().to_vec();
        let total = backup.counts().iter().sum();
        let mut sums = vec![TableSum::default(); tables.len()];
        let mut rows = 0;
        while let Some(block) = backup.next().await? {
            let table = &tables[block.table];
            this.add(&block, table, now, &mut sums[block.table])?;
            rows += u64::from(block.rows);
            progress(Progress { step: "reading", table: &table.name, rows, total });
        }
        backup.compare(&sums)?;
        Ok(this)
    }

    fn add(
        &mut self,
        block: &Block,
        table: &Table,
        now: Timestamp,
        sum: &mut TableSum,
    ) -> Result<(), MoveError> {
        let places: HashMap<&str, usize> =
            table.columns.iter().enumerate().map(|(place, column)| (column.name.as_str(), place)).collect();
        let (mut rows, mut row) = (block.reader(table), Vec::new());
        while let Some(bytes) = rows.next(&mut row)? {
            sum.add(bytes);
            let fields = Fields { places: &places, row: &row };
            self.note(&table.name, &fields, now);
        }
        Ok(())
    }

    fn note(&mut self, table: &str, row: &Fields<'_>, now: Timestamp) {
        let risen = &mut self.risen;
        match table {
            "master_key_check" => self.sealed.bound = row.text("value").map(MasterKeyCheck::from_stored),
            "keys" => {
                if let (Some(id), Some(sealed)) = (row.text("id"), row.text("sealed")) {
                    self.sealed.keys.push((KeyId::new(id), SealedKey::new(sealed)));
                }
                risen.keys += u64::from(row.is_null("withdrawn_at"));
            }
            "clients" => {
                // One tells enough.
                if let (Some(id), Some(secret), true) =
                    (row.text("id"), row.text("secret"), self.sealed.secrets.is_empty())
                {
                    self.sealed.secrets.push((id.into(), SealedKey::new(secret)));
                }
                risen.clients += 1;
            }
            "users" => {
                let may_sign_in =
                    row.is_null("removed_at") && row.value("disabled") == Some(Value::Flag(false));
                risen.users += u64::from(may_sign_in);
            }
            "sessions" => {
                risen.sessions += u64::from(row.is_null("ended_at") && row.is_after("expires_at", now))
            }
            "grants" => {
                risen.grants += u64::from(row.is_null("revoked_at") && row.is_after("expires_at", now))
            }
            "one_time" => {
                let kinds = [OneTimeKind::AuthorizationCode, OneTimeKind::PushedRequest];
                let is_code = kinds.iter().any(|kind| row.text("kind") == Some(kind.as_str()));
                risen.codes += u64::from(is_code && row.is_unused(now));
            }
            "devices" => risen.codes += u64::from(row.is_unused(now)),
            _ => {}
        }
    }
}

/// A row whose values are found by the names of their columns.
struct Fields<'a> {
    places: &'a HashMap<&'a str, usize>,
    row: &'a [Value<'a>],
}

impl<'a> Fields<'a> {
    fn value(&self, name: &str) -> Option<Value<'a>> {
        self.row.get(*self.places.get(name)?).copied()
    }

    fn text(&self, name: &str) -> Option<&'a str> {
        match self.value(name)? {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    fn is_null(&self, name: &str) -> bool {
        self.value(name) == Some(Value::Null)
    }

    fn is_after(&self, name: &str, now: Timestamp) -> bool {
        matches!(self.value(name), Some(Value::Integer(at)) if at > now.unix())
    }

    fn is_unused(&self, now: Timestamp) -> bool {
        self.is_null("redeemed_at") && self.is_after("expires_at", now)
    }
}
