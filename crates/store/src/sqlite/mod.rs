//! The embedded store: one SQLite file.
//!
//! Writes go through one thread that commits what has queued up as one transaction (`writer`); reads have their own
//! connections (`readers`). The files named after what is stored hold its SQL, as functions of a connection, and implement the trait of that name.

mod accounts;
mod audit;
mod audit_segments;
mod authenticators;
mod clients;
mod columns;
mod connection;
mod devices;
mod ending;
mod error;
mod examination;
mod grants;
mod header;
mod inspection;
mod keys;
mod leaving;
mod logouts;
mod mails;
mod master_key;
mod nodes;
mod one_time;
mod place;
mod readers;
mod refresh;
mod removal;
mod resets;
mod revocations;
mod schema;
mod session_clients;
mod sessions;
mod sign_ins;
mod source;
mod status;
mod sweep;
mod target;
mod users;
mod writer;

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use jeton_authority::NodeId;
use jeton_authority::keys::MasterKey;
use jeton_authority::revocation::HistoryName;
use jeton_authority::store::{Examination, Marks, Store, StoreError, StoreFigures};
use jeton_jose::Timestamp;
use rusqlite::Connection;

use crate::migration::WatchMigration;
use crate::mode::{Access, OpenMode};
use crate::open_error::OpenError;
use columns::{counted, named};
use place::Place;
use readers::Readers;
use writer::Writer;

pub(crate) use inspection::inspect;
pub(crate) use schema::KNOWN;
pub(crate) use source::SqliteSource;
pub(crate) use target::SqliteTarget;

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
    access: Access,
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
        Self::open_watched(path, mode, access, key, &|_| {})
    }

    /// As [`SqliteStore::open_as`], and tells `watch` about each step of a migration.
    ///
    /// # Errors
    /// As [`SqliteStore::open_as`].
    pub fn open_watched(
        path: impl AsRef<Path>,
        mode: OpenMode,
        access: Access,
        key: Option<&MasterKey>,
        watch: WatchMigration<'_>,
    ) -> Result<Self, OpenError> {
        let path = std::path::absolute(path.as_ref())
            .map_err(|source| OpenError::Io { path: path.as_ref().to_path_buf(), source })?;
        let (connection, place) = schema::open(&path, mode, access, key, watch)?;
        let place = place.map(Arc::new);
        let writer = Writer::start(path.clone(), connection, place.clone())?;
        Ok(Self { readers: Arc::new(Readers::new(path, place.clone())), writer, place, access })
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
    async fn changes(&self) -> Result<Marks, StoreError> {
        self.readers.read(|db| {
            let sql = "SELECT keys, clients, hash_kinds, name FROM marks, history";
            db.prepare_cached(sql)?.query_row([], |row| {
                let (keys, clients) = (counted(row, 0)?, counted(row, 1)?);
                let history = named(row, 3, HistoryName::parse)?;
                Ok(Marks { history, keys, clients, hash_kinds: counted(row, 2)? })
            })
        })
    }

    async fn count_nodes(&self, node: NodeId, now: Timestamp) -> Result<u32, StoreError> {
        match self.access {
            // No other server can open the database, so an idle one writes nothing.
            Access::Server => Ok(1),
            Access::Command => self.writer.submit(move |db| nodes::count(db, node, now)).await,
        }
    }

    fn in_place(&self) -> Result<(), StoreError> {
        let check = self.place.as_ref().map_or(Ok(()), |place| place.check());
        check.map_err(|displaced| StoreError::Unavailable(displaced.to_string()))
    }

    async fn examine(&self) -> Result<Examination, StoreError> {
        Ok(examination::examine(self.readers.path()))
    }

    fn figures(&self) -> StoreFigures {
        self.writer.figures()
    }

    async fn probe(&self) -> Result<(), StoreError> {
        self.readers.read(|db| db.query_row("SELECT 1 FROM probe", [], |_| Ok(())))?;
        self.writer.submit(|db| db.execute("UPDATE probe SET count = count + 1", []).map(drop)).await
    }
}
