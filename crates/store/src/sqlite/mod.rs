//! The embedded store: one SQLite file.
//!
//! Writes go through one thread that commits what has queued up as one transaction (`writer`); reads have their own
//! connections (`readers`). The files named after what is stored hold its SQL, as functions of a connection.

mod accounts;
mod audit;
mod clients;
mod columns;
mod connection;
mod devices;
mod ending;
mod error;
mod grants;
mod header;
mod keys;
mod logouts;
mod master_key;
mod one_time;
mod place;
mod readers;
mod refresh;
mod removal;
mod schema;
mod session_clients;
mod sessions;
mod sign_ins;
mod single_sign_on;
mod sweep;
mod users;
mod writer;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jeton_authority::audit::{AuditEvent, AuditFilter, AuditNumber, AuditRecord};
use jeton_authority::grant::{GrantStanding, GrantSummary, LiveGrant, NewGrant};
use jeton_authority::keys::{KeyId, MasterKey, SealedThings, StoredKey};
use jeton_authority::password::PasswordHash;
use jeton_authority::refresh_token::{Presented, RefreshPolicy};
use jeton_authority::store::{
    GrantFilter, GrantOpening, GrantsEnded, KeyAddition, KeyWithdrawal, NewUser, Refresh, Revocation, Store,
    StoreError, UserAddition, UserChange,
};
use jeton_authority::user::{Attributes, User, UserStatus, Username};
use jeton_authority::{GrantId, UserId};
use jeton_jose::Timestamp;
use rusqlite::Connection;

pub use error::OpenError;
use place::Place;
use readers::Readers;
use writer::Writer;

/// What opening does where the database is not as this program wants it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpenMode {
    /// Makes a missing database and brings an older one up to date.
    CreateOrMigrate,
    /// Takes the database as it is: a missing or an older one is refused.
    AsIs,
}

/// Who opens a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// A command, beside whichever server uses the database.
    Command,
    /// The one server that uses the database. It writes for as long as the file stays where it is.
    Server,
}

/// The store in one SQLite file.
///
/// Any number of processes may have the same file open. Its lists run on tokio's blocking threads, so they want to be
/// called within a tokio runtime.
#[derive(Debug)]
pub struct SqliteStore {
    // In this order: the last connection to close tidies up the folder, and that has to be the writer's.
    readers: Arc<Readers>,
    writer: Writer,
    // After both.
    place: Option<Arc<Place>>,
}

impl SqliteStore {
    /// Opens the database at `path`.
    ///
    /// # Errors
    /// A database of a newer version or of another program is refused, and nothing of it is touched.
    pub fn open(path: impl AsRef<Path>, mode: OpenMode) -> Result<Self, OpenError> {
        Self::open_as(path, mode, Access::Command, None)
    }

    /// Opens the database at `path` for a command or a server, under a master key where there is one at hand: a database that is bound to
    /// another is refused, and one that is bound to none though the key opens what is sealed in it is bound to it.
    ///
    /// # Errors
    /// As [`SqliteStore::open`]. [`OpenError::Served`] where another server uses it, [`OpenError::OtherMasterKey`] where the key does not fit.
    pub fn open_as(
        path: impl AsRef<Path>,
        mode: OpenMode,
        access: Access,
        key: Option<&MasterKey>,
    ) -> Result<Self, OpenError> {
        let path = std::path::absolute(path.as_ref())
            .map_err(|source| OpenError::Io { path: path.as_ref().to_path_buf(), source })?;
        let (connection, place) = schema::open(&path, mode, access, key)?;
        let place = place.map(Arc::new);
        let writer = Writer::start(path.clone(), connection, place.clone())?;
        Ok(Self { readers: Arc::new(Readers::new(path, place.clone())), writer, place })
    }

    /// Whether anything in it can be opened with one master key alone: it must not get another one then.
    pub async fn is_sealed(&self) -> Result<bool, StoreError> {
        Ok(!self.sealed_things().await?.is_empty())
    }

    /// What in it can be opened with one master key alone.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn sealed_things(&self) -> Result<SealedThings, StoreError> {
        self.list(master_key::things).await
    }

    /// Finishes what was accepted, moves everything into the one file and closes it. Dropping does the same, but cannot
    /// tell how it went.
    ///
    /// # Errors
    /// If the last step failed. Nothing is lost then: the next opening makes up for it.
    pub fn close(mut self) -> Result<(), StoreError> {
        self.readers.close();
        self.writer.close()
    }

    /// How many transactions were committed.
    pub fn commits(&self) -> u64 {
        self.writer.commits()
    }

    /// How many operations were answered; divided by [`SqliteStore::commits`] it says how well commits are shared.
    pub fn operations(&self) -> u64 {
        self.writer.operations()
    }

    /// Reads a list on a thread that may wait for the disk.
    async fn list<T: Send + 'static>(
        &self,
        read: impl Fn(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let readers = Arc::clone(&self.readers);
        match tokio::task::spawn_blocking(move || readers.read(read)).await {
            Ok(outcome) => outcome,
            Err(stopped) => Err(StoreError::Failed(stopped.to_string())),
        }
    }
}

impl Drop for SqliteStore {
    fn drop(&mut self) {
        self.readers.close();
        // Whoever wants to know how the last checkpoint went calls `close`.
        let _ = self.writer.close();
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn add_user(&self, user: NewUser) -> Result<UserAddition, StoreError> {
        self.writer.submit(move |db| users::add_unlike_others(db, &user)).await
    }

    async fn find_user(&self, username: &Username) -> Result<Option<User>, StoreError> {
        self.readers.read(|db| users::find(db, username))
    }

    async fn find_users_alike(&self, username: &Username) -> Result<Vec<User>, StoreError> {
        self.readers.read(|db| users::find_alike(db, username))
    }

    async fn find_user_by_id(&self, user: UserId) -> Result<Option<User>, StoreError> {
        self.readers.read(|db| users::find_by_id(db, user))
    }

    async fn list_users(&self, after: Option<&Username>, limit: u32) -> Result<Vec<User>, StoreError> {
        let after = after.cloned();
        self.list(move |db| users::list(db, after.as_ref(), limit)).await
    }

    async fn disable_user(&self, user: UserId, now: Timestamp) -> Result<UserChange, StoreError> {
        self.writer.submit(move |db| users::disable(db, user, now)).await
    }

    async fn enable_user(&self, user: UserId, now: Timestamp) -> Result<UserChange, StoreError> {
        self.writer.submit(move |db| users::enable(db, user, now)).await
    }

    async fn change_password(
        &self,
        user: UserId,
        password: PasswordHash,
        keep: Option<GrantId>,
        now: Timestamp,
    ) -> Result<UserChange, StoreError> {
        self.writer.submit(move |db| users::change_password(db, user, &password, keep, now)).await
    }

    async fn change_attributes(
        &self,
        user: UserId,
        attributes: Attributes,
        now: Timestamp,
    ) -> Result<UserChange, StoreError> {
        self.writer.submit(move |db| users::change_attributes(db, user, &attributes, now)).await
    }

    async fn rehash_password(
        &self,
        user: UserId,
        from: &PasswordHash,
        to: PasswordHash,
    ) -> Result<(), StoreError> {
        let from = from.clone();
        self.writer.submit(move |db| users::rehash_password(db, user, &from, &to)).await
    }

    async fn open_grant(&self, grant: NewGrant) -> Result<GrantOpening, StoreError> {
        self.writer.submit(move |db| grants::open_at_sign_in(db, &grant)).await
    }

    async fn refresh_grant(
        &self,
        grant: GrantId,
        presented: Presented,
        policy: RefreshPolicy,
        now: Timestamp,
    ) -> Result<Refresh, StoreError> {
        self.writer.submit(move |db| refresh::refresh(db, grant, &presented, &policy, now)).await
    }

    async fn find_grant(&self, grant: GrantId) -> Result<Option<(LiveGrant, UserStatus)>, StoreError> {
        let found = self.readers.read(|db| grants::find(db, grant))?;
        Ok(found.map(|(live, status)| (*live, status)))
    }

    fn grant_standing(&self, grant: GrantId) -> Result<Option<GrantStanding>, StoreError> {
        self.readers.read(|db| grants::standing(db, grant))
    }

    async fn revoke_grant(&self, grant: GrantId, now: Timestamp) -> Result<Revocation, StoreError> {
        self.writer.submit(move |db| grants::revoke(db, grant, AuditEvent::GrantRevoked, now)).await
    }

    async fn end_grant(&self, grant: GrantId, now: Timestamp) -> Result<Revocation, StoreError> {
        self.writer.submit(move |db| grants::end(db, grant, now)).await
    }

    async fn revoke_user_grants(
        &self,
        user: UserId,
        now: Timestamp,
    ) -> Result<Option<GrantsEnded>, StoreError> {
        self.writer.submit(move |db| users::revoke_grants(db, user, now)).await
    }

    async fn list_grants(
        &self,
        filter: GrantFilter,
        after: Option<GrantId>,
        limit: u32,
        idle_lifetime: Duration,
        now: Timestamp,
    ) -> Result<Vec<GrantSummary>, StoreError> {
        self.list(move |db| grants::list(db, filter, after, limit, idle_lifetime, now)).await
    }

    async fn record_audit(&self, record: AuditRecord) -> Result<(), StoreError> {
        self.writer.submit(move |db| audit::append(db, &record)).await
    }

    async fn list_audit(&self, limit: u32) -> Result<Vec<AuditRecord>, StoreError> {
        self.list(move |db| audit::list(db, limit)).await
    }

    async fn read_audit(
        &self,
        filter: AuditFilter,
        limit: u32,
    ) -> Result<Vec<(AuditNumber, AuditRecord)>, StoreError> {
        self.list(move |db| audit::read(db, filter, limit)).await
    }

    async fn list_keys(&self) -> Result<Vec<StoredKey>, StoreError> {
        self.list(keys::list).await
    }

    async fn add_keys(&self, keys: Vec<StoredKey>, newest: Option<KeyId>) -> Result<KeyAddition, StoreError> {
        self.writer.submit(move |db| keys::add(db, &keys, newest.as_ref())).await
    }

    async fn withdraw_key(&self, key: &KeyId, now: Timestamp) -> Result<KeyWithdrawal, StoreError> {
        let key = key.clone();
        self.writer.submit(move |db| keys::withdraw(db, &key, now)).await
    }

    fn external_changes(&self) -> Result<u64, StoreError> {
        self.writer.external_changes()
    }

    fn in_place(&self) -> Result<(), StoreError> {
        let check = self.place.as_ref().map_or(Ok(()), |place| place.check());
        check.map_err(|displaced| StoreError::Unavailable(displaced.to_string()))
    }

    async fn probe(&self) -> Result<(), StoreError> {
        self.readers.read(|db| db.query_row("SELECT 1 FROM probe", [], |_| Ok(())))?;
        self.writer.submit(|db| db.execute("UPDATE probe SET count = count + 1", []).map(drop)).await
    }
}
