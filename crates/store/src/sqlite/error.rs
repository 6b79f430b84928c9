//! What SQLite's errors mean to whoever asked.

use std::path::Path;

use jeton_authority::store::StoreError;
use rusqlite::ErrorCode;

use super::master_key::OtherMasterKey;
use super::place::Displaced;
use crate::cause::cause;
use crate::open_error::OpenError;

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
