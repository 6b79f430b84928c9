//! The data folder and the store in it, as commands and servers open them.

use std::path::Path;
use std::sync::Arc;

use jeton_authority::keys::{KeyFit, MasterKey, SealedThings};
use jeton_authority::store::Store;
use jeton_server::control;
use jeton_store::{Access, DataFolder, DatabaseUrl, OpenError, OpenMode, WatchMigration};

use crate::config::Config;
use crate::failure::Failure;
use crate::{master_key, output};

/// The data folder with its store open.
pub(crate) struct Data {
    /// The folder.
    pub(crate) folder: DataFolder,
    /// What is in it.
    pub(crate) store: Arc<dyn Store>,
    /// The master key, where there is one. It fits the store.
    master: Option<MasterKey>,
}

/// Opens the folder of a configuration, and makes it where it is missing.
pub(crate) fn folder(config: &Config) -> Result<DataFolder, Failure> {
    let folder =
        DataFolder::open(&config.data).map_err(|error| Failure::coded(error.code(), error.to_string()))?;
    warn_if_writable_by_others(folder.path());
    Ok(folder)
}

impl Data {
    /// Opens both for a command.
    pub(crate) async fn open(config: &Config) -> Result<Self, Failure> {
        Self::open_as(config, folder(config)?, Access::Command, &|_| {}).await
    }

    /// Opens the store of a folder, and makes it where it is missing. Where the master key at hand is not the store's, it is refused before
    /// anything is written, whether the command needs the key or not. `watch` is told about each step of a migration.
    pub(crate) async fn open_as(
        config: &Config,
        folder: DataFolder,
        access: Access,
        watch: WatchMigration<'_>,
    ) -> Result<Self, Failure> {
        let master = master_key::at_hand(config, &folder)?;
        let database = database(config, &folder);
        let opened =
            jeton_store::open_watched(&database, OpenMode::CreateOrMigrate, access, master.as_ref(), watch);
        let store = opened.await.map_err(|error| match error {
            OpenError::OtherMasterKey { .. } => master_key::mismatch(config, &folder, &database),
            error => Failure::coded(error.code(), error.to_string()),
        })?;
        if let Some(file) = database.file() {
            warn_if_writable_by_others(file);
            if let Some(beside) = file.parent().filter(|beside| *beside != folder.path()) {
                warn_if_writable_by_others(beside);
            }
        }
        Ok(Self { folder, store, master })
    }

    /// The master key, or a new one where nothing has been sealed yet.
    pub(crate) async fn master(&mut self, config: &Config) -> Result<MasterKey, Failure> {
        match self.master.take() {
            Some(key) => Ok(key),
            None => master_key::make_for(config, &self.folder, &*self.store).await,
        }
    }

    /// Has a server that runs on the folder follow at once. What was changed stays changed where that fails: the server
    /// looks by itself every second.
    pub(crate) fn follow(&self) {
        if let Err(error) = control::reload(self.folder.path()) {
            output::note(&format!("warning: the change is made, but {error}"));
        }
    }
}

/// What would keep a server from starting with the data that is there, and the key of the configuration that is concerned. Writes
/// nothing; a folder or database that is not there yet is no problem.
pub(crate) fn problem(config: &Config) -> Option<(&'static str, String)> {
    let of_key = if config.keys_master_key.is_some() { "keys.master_key" } else { "keys.master_key_file" };
    let key = match master_key::read(config, &config.data) {
        Ok(key) => key,
        Err(failure) => return Some((of_key, failure.to_string())),
    };
    if !config.data.exists() {
        return None;
    }
    let folder = match DataFolder::open(&config.data) {
        Ok(folder) => folder,
        Err(error) => return Some(("data", error.to_string())),
    };
    let database = database(config, &folder);
    let sealed = run(async {
        let store = match jeton_store::open(&database, OpenMode::AsIs, Access::Command, None).await {
            Ok(store) => store,
            // The server makes it, or brings it up to date.
            Err(OpenError::Missing { .. } | OpenError::Older { .. }) => return Ok(SealedThings::default()),
            Err(error) => return Err(Failure::coded(error.code(), error.to_string())),
        };
        store.sealed_things().await.map_err(|error| Failure::coded("store_failed", error.to_string()))
    });
    match (sealed, key) {
        (Err(failure), _) => Some(("database", failure.to_string())),
        (Ok(sealed), None) if !sealed.is_empty() => {
            Some((of_key, master_key::missing(config, &folder).to_string()))
        }
        (Ok(sealed), Some(key)) if sealed.fit(&key) == KeyFit::Other => {
            Some((of_key, master_key::mismatch(config, &folder, &database).to_string()))
        }
        _ => None,
    }
}

/// Who may write here may put another database in the place of this one.
fn warn_if_writable_by_others(path: &Path) {
    #[cfg(unix)]
    if let Ok(metadata) = std::fs::metadata(path) {
        let mode = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o7777;
        // In a folder such as /tmp only the owner of a file may replace it.
        let is_shared_safely = metadata.is_dir() && mode & 0o1000 != 0;
        if mode & 0o022 != 0 && !is_shared_safely {
            let path = path.display();
            output::note(&format!(
                "warning: others on this machine may write {path} (mode {mode:04o}): chmod go-w {path}"
            ));
        }
    }
}

/// Where the database is, of a folder that is there.
pub(crate) fn database(config: &Config, folder: &DataFolder) -> DatabaseUrl {
    config.database.0.clone().unwrap_or_else(|| folder.database_url())
}

/// Where the database is, of a folder that is not made where it is missing.
pub(crate) fn existing_database(config: &Config) -> DatabaseUrl {
    let in_folder = || {
        let folder = std::path::absolute(&config.data).unwrap_or_else(|_| config.data.clone());
        DatabaseUrl::sqlite(folder.join(DataFolder::DATABASE))
    };
    config.database.0.clone().unwrap_or_else(in_folder)
}

/// Runs the work of a command that ends soon: one thread is enough for it.
pub(crate) fn run<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::coded("start_failed", format!("cannot start: {error}")))?;
    let outcome = runtime.block_on(work);
    // A look-up of a name cannot be broken off. Nobody waits for its answer any more.
    runtime.shutdown_background();
    outcome
}
