//! What there is to be said of the file, for whoever checks a deployment.

use std::fs;
use std::path::Path;

use jeton_authority::store::Examination;

/// Examines the database in this file.
pub(super) fn examine(file: &Path) -> Examination {
    let mut log = file.as_os_str().to_owned();
    log.push("-wal");
    Examination {
        version: Some(format!("SQLite {}", rusqlite::version()).into()),
        log_bytes: fs::metadata(log).ok().map(|metadata| metadata.len()),
        ..Examination::default()
    }
}
