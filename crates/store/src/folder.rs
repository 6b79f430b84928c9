//! The data folder with the database, the master key and the control socket, and the lock of the server that uses it.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use crate::cause::cause;
use crate::database_url::DatabaseUrl;

/// Why a data folder cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FolderError {
    /// Another server uses the folder.
    #[error("another jeton serves this folder{}", process.map(|id| format!(" (process {id})")).unwrap_or_default())]
    Served {
        /// Its process identifier, if it could be read.
        process: Option<u32>,
    },
    /// The operating system refused.
    #[error("cannot use {}: {}", path.display(), cause(path, source))]
    Io {
        /// The file or folder concerned.
        path: PathBuf,
        /// The error of the operating system.
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

/// A folder with everything that an authority with an embedded database stores.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataFolder {
    path: PathBuf,
}

impl DataFolder {
    /// The file name of the database.
    pub const DATABASE: &str = "jeton.db";
    /// The file name of the master key.
    pub const MASTER_KEY: &str = "master.key";

    /// Opens a folder. If it is missing, it is created with access for its owner only (mode 0700).
    ///
    /// # Errors
    /// [`FolderError::Io`] if the folder can be neither opened nor created.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, FolderError> {
        let path = path.as_ref();
        let refused = |source| FolderError::Io { path: path.to_path_buf(), source };
        // A relative path would mean another folder once the process changes its own.
        let path = std::path::absolute(path).map_err(refused)?;
        private_builder().create(&path).map_err(refused)?;
        Ok(Self { path })
    }

    /// The path of the folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The path of the database file.
    pub fn database(&self) -> PathBuf {
        self.path.join(Self::DATABASE)
    }

    /// The URL of the database in the folder, for [`open`](crate::open).
    pub fn database_url(&self) -> DatabaseUrl {
        DatabaseUrl::sqlite(self.database())
    }

    /// The path of the master key, which encrypts private keys.
    pub fn master_key(&self) -> PathBuf {
        self.path.join(Self::MASTER_KEY)
    }

    /// The path of the socket on which a running server accepts commands.
    pub fn socket(&self) -> PathBuf {
        self.path.join("jeton.sock")
    }

    /// Locks the folder for a server, until the lock is dropped. Commands need no lock.
    ///
    /// The operating system releases the lock when the process ends, however it ends.
    ///
    /// # Errors
    /// [`FolderError::Served`] if another server uses the folder.
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

/// A server's lock on its data folder. Dropping it releases the folder.
#[derive(Debug)]
pub struct ServerLock {
    _file: File,
}

/// Opens a file. If it is missing, it is created with access for its owner only. Access of others to an existing file
/// is removed.
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
