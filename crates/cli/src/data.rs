//! The data folder and the store in it, as commands and servers open them.

use std::path::PathBuf;
use std::sync::Arc;

use jeton_server::control;
use jeton_store::{DataFolder, OpenMode, SqliteStore};

use crate::config::{Config, Database};
use crate::failure::Failure;
use crate::output;

/// The data folder with its store open.
pub(crate) struct Data {
    /// The folder.
    pub(crate) folder: DataFolder,
    /// What is in it.
    pub(crate) store: Arc<SqliteStore>,
}

/// Opens the folder of a configuration, and makes it where it is missing.
pub(crate) fn folder(config: &Config) -> Result<DataFolder, Failure> {
    DataFolder::open(&config.data).map_err(|error| Failure::refused(error.to_string()))
}

/// Opens the store of a folder, and makes it where it is missing.
pub(crate) fn store(config: &Config, folder: &DataFolder) -> Result<Arc<SqliteStore>, Failure> {
    SqliteStore::open(database_file(config, folder), OpenMode::CreateOrMigrate)
        .map(Arc::new)
        .map_err(|error| Failure::refused(error.to_string()))
}

impl Data {
    /// Opens both.
    pub(crate) fn open(config: &Config) -> Result<Self, Failure> {
        let folder = folder(config)?;
        let store = store(config, &folder)?;
        Ok(Self { folder, store })
    }

    /// Has a server that runs on the folder follow at once. What was changed stays changed where that fails: the server
    /// looks by itself every second.
    pub(crate) fn follow(&self) {
        if let Err(error) = control::reload(self.folder.path()) {
            output::note(&format!("warning: the change is made, but {error}"));
        }
    }
}

/// Where the database is.
fn database_file(config: &Config, folder: &DataFolder) -> PathBuf {
    let Database::Sqlite(file) = &config.database;
    file.clone().unwrap_or_else(|| folder.database())
}

/// Runs the work of a command that ends soon: one thread is enough for it.
pub(crate) fn run<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::refused(format!("cannot start: {error}")))?;
    let outcome = runtime.block_on(work);
    // A look-up of a name cannot be broken off. Nobody waits for its answer any more.
    runtime.shutdown_background();
    outcome
}
