//! The data folder: where the database, the master key and the control socket lie, and who serves from it.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use crate::cause::cause;
use crate::database_url::DatabaseUrl;

/// Why a data folder cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FolderError {
    /// Another server holds the folder.
    #[error("another jeton serves this folder{}", process.map(|id| format!(" (process {id})")).unwrap_or_default())]
    Served {
        /// Its process id, as far as it could be read.
        process: Option<u32>,
    },
    /// The operating system refused.
    #[error("cannot use {}: {}", path.display(), cause(path, source))]
    Io {
        /// The file or folder concerned.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
}

impl FolderError {
    /// The stable name of this error.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Served { .. } => "folder_served",
            Self::Io { .. } => "folder_unusable",
        }
    }
}

/// A folder that holds all that an authority with an embedded database keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataFolder {
    path: PathBuf,
}

impl DataFolder {
    /// What the database is called in the folder.
    pub const DATABASE: &str = "jeton.db";
    /// What the master key is called in the folder.
    pub const MASTER_KEY: &str = "master.key";

    /// Opens a folder, and makes it where it is missing, for nobody but its owner (mode 0700).
    ///
    /// # Errors
    /// [`FolderError::Io`] if it can be neither found nor made.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, FolderError> {
        let path = path.as_ref();
        let refused = |source| FolderError::Io { path: path.to_path_buf(), source };
        // A relative path would mean another folder once the process changes its own.
        let path = std::path::absolute(path).map_err(refused)?;
        private_builder().create(&path).map_err(refused)?;
        Ok(Self { path })
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The file of the database in it.
    pub fn database(&self) -> PathBuf {
        self.path.join(Self::DATABASE)
    }

    /// The database in it, for [`open`](crate::open).
    pub fn database_url(&self) -> DatabaseUrl {
        DatabaseUrl::sqlite(self.database())
    }

    /// The master key that private keys are sealed under.
    pub fn master_key(&self) -> PathBuf {
        self.path.join(Self::MASTER_KEY)
    }

    /// The socket that a running server listens on for commands.
    pub fn socket(&self) -> PathBuf {
        self.path.join("jeton.sock")
    }

    /// Claims the folder for a server, for as long as the lock lives. Commands need no lock.
    ///
    /// The operating system frees the lock when the process ends, however it ends.
    ///
    /// # Errors
    /// [`FolderError::Served`] if another server has it.
    pub fn lock_for_server(&self) -> Result<ServerLock, FolderError> {
        let path = self.path.join("jeton.lock");
        let refused = |source| FolderError::Io { path: path.clone(), source };
        let mut file = private_file(&path).map_err(refused)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(FolderError::Served { process: holder(&mut file) }),
            Err(TryLockError::Error(source)) => return Err(refused(source)),
        }
        // Only a courtesy to whoever is refused later, so a full disk does not keep the server from starting.
        let _ = file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id()));
        Ok(ServerLock { _file: file })
    }
}

/// A server's claim on its data folder; dropping it frees the folder.
#[derive(Debug)]
pub struct ServerLock {
    _file: File,
}

/// Opens a file, and makes it where it is missing, for its owner alone. One that was made for others to read is taken back from them.
pub(crate) fn private_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path)?;
    #[cfg(unix)]
    {
        // Only its owner may, and nobody else has to.
        let _ = file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600));
    }
    Ok(file)
}

fn holder(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.take(16).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

fn private_builder() -> DirBuilder {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
}
