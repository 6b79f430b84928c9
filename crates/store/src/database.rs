//! The one place that knows the backends: the store that the URL of a database leads to.

use std::sync::Arc;

use jeton_authority::keys::MasterKey;
use jeton_authority::store::Store;

use crate::database_url::{Backend, DatabaseUrl};
use crate::migration::WatchMigration;
use crate::mode::{Access, OpenMode};
use crate::open_error::OpenError;
use crate::postgres::PostgresStore;
use crate::sqlite::SqliteStore;

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
