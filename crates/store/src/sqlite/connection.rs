//! Setting up connections.

use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::audit_segments;

/// How long a connection waits while another process writes.
pub(super) const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// The page size of a database, in bytes.
///
/// A refresh changes one row somewhere in the file, and a commit writes and checksums each changed page as a whole.
/// Small pages therefore make a refresh cheap, and nearly as cheap in a large file as in a small one.
pub(super) const PAGE_SIZE: u32 = 1024;

/// How many prepared statements a connection caches: more than there are.
const STATEMENTS: usize = 128;

/// The connection that writes. The file must exist.
pub(super) fn open_writer(path: &Path) -> rusqlite::Result<Connection> {
    let connection = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    // FULL: each commit is on the disk before it is answered. `fullfsync` says the same on macOS, where a plain fsync
    // stops at the drive's cache. The cache is filled as it is used, up to 8 MiB: the inner pages of a million grants.
    // The log is moved into the database at 16 MiB rather than SQLite's 1,000 pages: pages that changed often meanwhile
    // are moved once, and those that lie side by side in one go, which saves a refresh in a large file 4 us.
    connection.execute_batch(
        "PRAGMA synchronous = FULL;
         PRAGMA fullfsync = ON;
         PRAGMA checkpoint_fullfsync = ON;
         PRAGMA foreign_keys = ON;
         PRAGMA cache_size = -8192;
         PRAGMA wal_autocheckpoint = 16000;
         PRAGMA journal_size_limit = 33554432;
         PRAGMA temp_store = MEMORY;",
    )?;
    connection.execute_batch(audit_segments::OWN_SEGMENT)?;
    Ok(connection)
}

/// A connection that only reads.
pub(super) fn open_reader(path: &Path) -> rusqlite::Result<Connection> {
    let connection = open(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    connection.execute_batch("PRAGMA cache_size = -1024;")?;
    Ok(connection)
}

fn open(path: &Path, access: OpenFlags) -> rusqlite::Result<Connection> {
    // Each connection is behind a lock of ours, so SQLite needs none of its own.
    let connection = Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    // Otherwise SQLite compiles a prepared statement anew for each set of parameters, in case another plan suits them
    // better, which costs far more than running it.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(connection)
}
