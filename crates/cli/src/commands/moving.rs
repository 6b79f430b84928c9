//! What backing up, restoring, migrating and checking have in common: progress, errors with a way on, and the problems of rows.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use jeton_store::{DataFolder, DatabaseUrl, MoveError, OnProgress, OpenError, TableFindings};
use serde::Serialize;

use crate::failure::Failure;
use crate::output;
use crate::words::grouped;

/// Shows on a terminal how far a command is.
pub(super) fn progress() -> OnProgress {
    let shown = Mutex::new(String::new());
    let last = AtomicU64::new(u64::MAX);
    Arc::new(move |progress| {
        let thousandths = (progress.rows * 1_000).checked_div(progress.total).unwrap_or(1_000);
        let mut shown = shown.lock().unwrap_or_else(PoisonError::into_inner);
        if last.swap(thousandths, Ordering::Relaxed) == thousandths && *shown == progress.step {
            return;
        }
        *shown = progress.step.to_owned();
        let (done, total) = (grouped(progress.rows), grouped(progress.total));
        let percent = thousandths / 10;
        output::status(&format!(
            "{}: {done} of {total} rows ({percent} %), {}",
            progress.step, progress.table
        ));
    })
}

/// Ends what [`progress`] shows.
pub(super) fn done() {
    output::status("");
}

/// The same with where to go from here.
pub(super) fn failure(error: MoveError) -> Failure {
    done();
    let advice = match &error {
        MoveError::Exists { .. } => "choose another name, or add --replace",
        MoveError::NotEmpty { .. } => "move that database away, or name another one; nothing was changed",
        MoveError::NewerFormat { .. } | MoveError::NewerBackup { .. } => "restore it with that version",
        MoveError::Damaged { .. } => "use another backup; nothing was changed",
        MoveError::InUse { .. } => "stop the servers and commands that use it; nothing was changed",
        MoveError::OtherMasterKey { .. } => {
            "put that key in its place, or name it by keys.master_key_file; nothing was changed"
        }
        MoveError::NoMasterKey { .. } => {
            "copy it to master.key in the data folder, or set keys.master_key; nothing was changed"
        }
        MoveError::SourceChanged | MoveError::OtherUnfinished { .. } => {
            "remove what is unfinished (a file that ends in .unfinished, or the new database), and begin again"
        }
        MoveError::Open(OpenError::Older { .. }) => {
            "start `jeton serve` once, or use the version that wrote it"
        }
        MoveError::Open(OpenError::Served { .. }) => "stop it; nothing was changed",
        _ => return Failure::coded(error.code(), error.to_string()),
    };
    Failure::coded(error.code(), format!("{error}: {advice}"))
}

/// Where a database is, as `--from` and `--to` name it: a data folder or a URL.
#[derive(Debug, Clone)]
pub(super) enum Place {
    /// A data folder.
    Folder(std::path::PathBuf),
    /// A URL.
    Url(DatabaseUrl),
}

impl Place {
    /// Parses what was given.
    pub(super) fn parse(text: &str) -> Result<Self, Failure> {
        let is_url = text.contains("://") || text.starts_with("sqlite:");
        match is_url {
            true => {
                DatabaseUrl::parse(text).map(Self::Url).map_err(|error| Failure::usage(error.to_string()))
            }
            false => Ok(Self::Folder(text.into())),
        }
    }

    /// Its database. A folder is not made.
    pub(super) fn database(&self) -> DatabaseUrl {
        match self {
            Self::Url(url) => url.clone(),
            Self::Folder(folder) => {
                let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.clone());
                DatabaseUrl::sqlite(folder.join(DataFolder::DATABASE))
            }
        }
    }

    /// The folder, where it is one.
    pub(super) fn folder(&self) -> Option<&Path> {
        match self {
            Self::Folder(folder) => Some(folder),
            Self::Url(_) => None,
        }
    }
}

/// The rows of each table, for programs.
pub(super) fn rows(tables: &[(Box<str>, u64)]) -> BTreeMap<&str, u64> {
    tables.iter().map(|(table, rows)| (&**table, *rows)).collect()
}

/// How many rows there are in all.
pub(super) fn total(tables: &[(Box<str>, u64)]) -> u64 {
    tables.iter().map(|(_, rows)| rows).sum()
}

/// A problem as it is shown.
#[derive(Serialize)]
pub(super) struct Shown<'a> {
    table: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    row: &'a str,
    reason: &'a str,
}

/// The first problems of each table.
pub(super) fn problems(findings: &[TableFindings]) -> Vec<Shown<'_>> {
    let mut shown = Vec::new();
    for found in findings {
        for problem in &found.problems {
            shown.push(Shown { table: &found.table, row: &problem.row, reason: &problem.reason });
        }
    }
    shown
}

impl Shown<'_> {
    /// In one line.
    pub(super) fn line(&self) -> String {
        let Self { table, row, reason } = self;
        match *row {
            "" => format!("{table}: {}", output::printable(reason)),
            row => format!("{table} {}: {}", output::printable(row), output::printable(reason)),
        }
    }
}
