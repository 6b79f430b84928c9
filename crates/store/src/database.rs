//! The one place that knows the backends: what the URL of a database leads to.

use std::sync::Arc;

use jeton_authority::keys::{MasterKey, SealedThings};
use jeton_authority::store::Store;

use crate::database_url::{Backend, DatabaseUrl};
use crate::inspection::{Inspector, TableFindings};
use crate::migration::WatchMigration;
use crate::mode::{Access, OpenMode};
use crate::move_error::MoveError;
use crate::open_error::OpenError;
use crate::postgres::{self, PostgresSource, PostgresStore, PostgresTarget, Unfinished};
use crate::rows::{Source, Table, Target};
use crate::sqlite::{self, SqliteSource, SqliteStore, SqliteTarget};

/// Opens a database for a command or a server, under a master key where there is one at hand: a database that is bound to another is
/// refused, and one that is bound to none though the key opens what is sealed in it is bound to it.
///
/// # Errors
/// A database of a newer version or of another program is refused, and nothing of it is touched. [`OpenError::Served`] where another
/// server uses it, [`OpenError::OtherMasterKey`] where the key does not fit.
pub async fn open(
    database: &DatabaseUrl,
    mode: OpenMode,
    access: Access,
    key: Option<&MasterKey>,
) -> Result<Arc<dyn Store>, OpenError> {
    open_watched(database, mode, access, key, &|_| {}).await
}

/// As [`open`], and tells `watch` about each step of a migration.
///
/// # Errors
/// As [`open`].
pub async fn open_watched(
    database: &DatabaseUrl,
    mode: OpenMode,
    access: Access,
    key: Option<&MasterKey>,
    watch: WatchMigration<'_>,
) -> Result<Arc<dyn Store>, OpenError> {
    match &database.0 {
        Backend::Sqlite(file) => Ok(Arc::new(SqliteStore::open_watched(file, mode, access, key, watch)?)),
        // Any number of nodes may serve it.
        Backend::Postgres(url) => Ok(Arc::new(PostgresStore::open(url, mode, key, watch).await?)),
    }
}

/// Begins to read the rows of a database. With [`Access::Server`], a database that servers use is refused.
pub(crate) async fn source(
    database: &DatabaseUrl,
    tables: Vec<Table>,
    access: Access,
) -> Result<Box<dyn Source>, MoveError> {
    Ok(match &database.0 {
        Backend::Sqlite(file) => Box::new(SqliteSource::open(file, tables, access).await?),
        Backend::Postgres(url) => Box::new(PostgresSource::open(url, tables, access).await?),
    })
}

/// Begins to fill a new database with rows of a schema, or goes on where an earlier run of the same origin did not finish.
pub(crate) async fn target(
    database: &DatabaseUrl,
    schema: u32,
    tables: &[Table],
    origin: &str,
) -> Result<Box<dyn Target>, MoveError> {
    Ok(match &database.0 {
        Backend::Sqlite(file) => Box::new(SqliteTarget::begin(file, schema, tables, origin)?),
        Backend::Postgres(url) => Box::new(PostgresTarget::begin(url, schema, tables, origin).await?),
    })
}

/// Reads all rows of a database through the code that servers read them with. Answers what belongs to a master key, too.
pub(crate) async fn inspect(
    database: &DatabaseUrl,
    inspector: Inspector,
) -> Result<(Vec<TableFindings>, SealedThings), MoveError> {
    match &database.0 {
        Backend::Sqlite(file) => sqlite::inspect(file, inspector).await,
        Backend::Postgres(url) => postgres::inspect(url, Unfinished::Refuse, inspector).await,
    }
}

/// The schema that this program works with, which is the same for every backend.
pub(crate) const SCHEMA: u32 = sqlite::KNOWN;
