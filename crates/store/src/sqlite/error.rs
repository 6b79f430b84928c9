//! What SQLite's errors mean to whoever asked.

use std::io;
use std::path::{Path, PathBuf};

use jeton_authority::store::StoreError;
use rusqlite::ErrorCode;

use super::master_key::OtherMasterKey;
use super::place::Displaced;
use crate::cause::cause;

/// Why a database could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// There is none, and none was to be made.
    #[error("there is no database at {}", path.display())]
    Missing {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The file is something else.
    #[error("{} is not a Jeton database", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// A newer program has written it. Nothing was touched.
    #[error("the data folder has a newer version (schema {found}, this program supports {known})")]
    Newer {
        /// The number of its schema.
        found: u32,
        /// The newest schema that this program knows.
        known: u32,
    },
    /// It would have to be migrated first, and that was not to be done.
    #[error("the data folder has an older version (schema {found}, this program requires {known})")]
    Older {
        /// The number of its schema.
        found: u32,
        /// The schema that this program works with.
        known: u32,
    },
    /// The operating system refused.
    #[error("cannot use {}: {}", path.display(), cause(path, source))]
    Io {
        /// The file concerned.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// Another server uses it, perhaps from another folder.
    #[error("another jeton serves the database {}", path.display())]
    Served {
        /// The file.
        path: PathBuf,
    },
    /// It is bound to another master key. Nothing was touched.
    #[error("the master key does not match the database {}, which was encrypted with another key", path.display())]
    OtherMasterKey {
        /// The file.
        path: PathBuf,
    },
    /// SQLite refused.
    #[error("cannot open the database: {0}")]
    Store(#[from] StoreError),
}

impl OpenError {
    /// The stable name of this error.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Missing { .. } => "database_missing",
            Self::Foreign { .. } => "database_foreign",
            Self::Newer { .. } => "database_newer",
            Self::Older { .. } => "database_older",
            Self::Served { .. } => "database_served",
            Self::OtherMasterKey { .. } => "master_key_mismatch",
            Self::Io { .. } => "database_unusable",
            Self::Store(_) => "database_failed",
        }
    }
}

impl OpenError {
    /// What SQLite's refusal to open the database at `path` means.
    pub(super) fn of_sqlite(error: &rusqlite::Error, path: &Path) -> Self {
        Self::Store(store_error(error, path))
    }
}

/// Tells what may pass (no space, no permission, somebody else is writing) from what will not, and says what is to be mended.
pub(super) fn store_error(error: &rusqlite::Error, path: &Path) -> StoreError {
    if let rusqlite::Error::ToSqlConversionFailure(cause) = error {
        if cause.is::<OtherMasterKey>() {
            return StoreError::OtherMasterKey;
        }
        if let Some(displaced) = cause.downcast_ref::<Displaced>() {
            return StoreError::Unavailable(displaced.to_string());
        }
    }
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => {
            StoreError::Unavailable(format!("the disk is full ({})", path.display()))
        }
        Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
            StoreError::Unavailable(not_writable(path, error))
        }
        Some(
            ErrorCode::SystemIoFailure
            | ErrorCode::DatabaseBusy
            | ErrorCode::DatabaseLocked
            | ErrorCode::OutOfMemory,
        ) => StoreError::Unavailable(error.to_string()),
        _ => StoreError::Failed(error.to_string()),
    }
}

/// Why the database at `path` cannot be written. The file is not opened to find out, since closing it would cost this process SQLite's
/// locks on it.
fn not_writable(path: &Path, error: &rusqlite::Error) -> String {
    let folder = path.parent().unwrap_or(path);
    // SQLite writes files beside the database too.
    let refused = [path, folder].into_iter().find_map(|place| {
        let refused = rustix::fs::access(place, rustix::fs::Access::WRITE_OK).err()?;
        Some(cause(place, &refused.into()))
    });
    refused.unwrap_or_else(|| error.to_string())
}

/// Whether a connection opened anew may do what this one could not, since files are opened with the rights of the time.
pub(super) fn reopening_may_help(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(
            ErrorCode::ReadOnly
                | ErrorCode::SystemIoFailure
                | ErrorCode::CannotOpen
                | ErrorCode::PermissionDenied
        )
    )
}
