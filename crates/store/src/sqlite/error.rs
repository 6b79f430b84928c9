//! What SQLite's errors mean to whoever asked.

use std::io;
use std::path::PathBuf;

use jeton_authority::store::StoreError;
use rusqlite::ErrorCode;

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
    #[error("{} is not a database of jeton", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// A newer program has written it. Nothing was touched.
    #[error("the data folder is of a newer version (schema {found}, this program knows {known})")]
    Newer {
        /// The number of its schema.
        found: u32,
        /// The newest schema that this program knows.
        known: u32,
    },
    /// It would have to be migrated first, and that was not to be done.
    #[error("the data folder is of an older version (schema {found}, this program wants {known})")]
    Older {
        /// The number of its schema.
        found: u32,
        /// The schema that this program works with.
        known: u32,
    },
    /// The operating system refused.
    #[error("cannot use {}: {source}", path.display())]
    Io {
        /// The file concerned.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
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
            Self::Io { .. } => "database_unusable",
            Self::Store(_) => "database_failed",
        }
    }
}

impl From<rusqlite::Error> for OpenError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Store(store_error(&error))
    }
}

/// Tells what may pass (no space, no permission, somebody else is writing) from what will not.
pub(super) fn store_error(error: &rusqlite::Error) -> StoreError {
    match error.sqlite_error_code() {
        Some(
            ErrorCode::DiskFull
            | ErrorCode::ReadOnly
            | ErrorCode::SystemIoFailure
            | ErrorCode::CannotOpen
            | ErrorCode::PermissionDenied
            | ErrorCode::DatabaseBusy
            | ErrorCode::DatabaseLocked
            | ErrorCode::OutOfMemory,
        ) => StoreError::Unavailable(error.to_string()),
        _ => StoreError::Failed(error.to_string()),
    }
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
