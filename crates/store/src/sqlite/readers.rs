//! The connections for reading.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};

use jeton_authority::store::StoreError;
use rusqlite::{Connection, ErrorCode};

use super::connection::open_reader;
use super::error::store_error;
use super::place::Place;

/// The largest number of connections that read at once.
const READERS: usize = 4;

/// A small pool of connections, each opened when it is first needed.
#[derive(Debug)]
pub(super) struct Readers {
    path: PathBuf,
    connections: [Mutex<Option<Connection>>; READERS],
    turn: AtomicUsize,
    /// Closed after the connections: see [`Place`].
    place: Option<Arc<Place>>,
}

impl Readers {
    pub(super) fn new(path: PathBuf, place: Option<Arc<Place>>) -> Self {
        Self { path, connections: Default::default(), turn: AtomicUsize::new(0), place }
    }

    /// The file.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Reads on one of the connections.
    pub(super) fn read<T>(&self, read: impl Fn(&Connection) -> rusqlite::Result<T>) -> Result<T, StoreError> {
        let mut slot = self.free_slot();
        let connection = match &mut *slot {
            Some(connection) => connection,
            empty => empty.insert(self.open()?),
        };
        read(connection).map_err(|error| {
            if broken(&error) {
                // The next reading opens the file anew, which is what lets it recover.
                *slot = None;
            }
            store_error(&error, &self.path)
        })
    }

    /// Opens a connection to the database that this server uses, and never to another one that now has its path.
    fn open(&self) -> Result<Connection, StoreError> {
        let check = || match &self.place {
            Some(place) => place.check().map_err(|displaced| StoreError::Unavailable(displaced.to_string())),
            None => Ok(()),
        };
        check()?;
        let connection = open_reader(&self.path).map_err(|error| store_error(&error, &self.path))?;
        check()?;
        Ok(connection)
    }

    /// Closes all connections. Reading afterwards opens them again.
    pub(super) fn close(&self) {
        for slot in &self.connections {
            *slot.lock().unwrap_or_else(PoisonError::into_inner) = None;
        }
    }

    /// Takes a connection that nobody uses, or waits for one.
    fn free_slot(&self) -> MutexGuard<'_, Option<Connection>> {
        for slot in &self.connections {
            match slot.try_lock() {
                Ok(slot) => return slot,
                Err(TryLockError::Poisoned(poisoned)) => return poisoned.into_inner(),
                Err(TryLockError::WouldBlock) => {}
            }
        }
        let turn = self.turn.fetch_add(1, Ordering::Relaxed) % READERS;
        self.connections[turn].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn broken(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(
            ErrorCode::SystemIoFailure
                | ErrorCode::CannotOpen
                | ErrorCode::DatabaseCorrupt
                | ErrorCode::NotADatabase
        )
    )
}
