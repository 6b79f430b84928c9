//! Why data could not be backed up, restored, migrated or checked.

use std::io;
use std::path::PathBuf;

use jeton_authority::keys::MasterKeyId;
use jeton_authority::store::StoreError;

use crate::cause::cause;
use crate::database_url::DatabaseUrl;
use crate::open_error::OpenError;

/// Why data could not be backed up, restored, migrated or checked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MoveError {
    /// A database could not be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A database failed.
    #[error("{0}")]
    Store(#[from] StoreError),
    /// The operating system refused.
    #[error("cannot use {}: {}", path.display(), cause(path, source))]
    Io {
        /// The file concerned.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// A file is there already.
    #[error("{} already exists", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// A file is no backup.
    #[error("{} is not a Jeton backup", path.display())]
    NotABackup {
        /// The file.
        path: PathBuf,
    },
    /// A backup has a format that this program does not know.
    #[error("the backup {} has format {found}, and this program knows format {known}", path.display())]
    NewerFormat {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: u32,
        /// The newest format that this program knows.
        known: u32,
    },
    /// A backup comes from a newer schema than this program's.
    #[error("the backup {} was made by a newer version (schema {found}, this program supports {known})", path.display())]
    NewerBackup {
        /// The file.
        path: PathBuf,
        /// The number of its schema.
        found: u32,
        /// The newest schema that this program knows.
        known: u32,
    },
    /// A backup is not as it was written.
    #[error("the backup {} is damaged: {reason}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// There is data already where data is to be written.
    #[error("the database {database} is not empty: the table {table} has rows")]
    NotEmpty {
        /// The database.
        database: DatabaseUrl,
        /// A table with rows.
        table: String,
    },
    /// There is data of another run, which did not finish.
    #[error("{place} has an unfinished copy of other data")]
    OtherUnfinished {
        /// Where it is.
        place: String,
    },
    /// Servers use the database.
    #[error("{nodes} connections of Jeton use the database {database}")]
    InUse {
        /// The database.
        database: DatabaseUrl,
        /// How many connections there are.
        nodes: u64,
    },
    /// A backup or database was encrypted with another master key.
    #[error(
        "the data was encrypted with the master key {}, and this one is {given}",
        wanted.as_ref().map_or_else(|| "of another authority".to_owned(), ToString::to_string)
    )]
    OtherMasterKey {
        /// The key that encrypted it, where that is known.
        wanted: Option<MasterKeyId>,
        /// The key that was given.
        given: MasterKeyId,
    },
    /// There is no master key, and the data needs one.
    #[error(
        "the data was encrypted with the master key {}, which is missing",
        wanted.as_ref().map_or_else(|| "of its authority".to_owned(), ToString::to_string)
    )]
    NoMasterKey {
        /// The key that encrypted it, where that is known.
        wanted: Option<MasterKeyId>,
    },
    /// Rows changed since an earlier run copied them.
    #[error("the data has changed since the unfinished run that this one continues")]
    SourceChanged,
    /// A row does not have the form of rows.
    #[error("a row is malformed")]
    Malformed,
    /// The backend cannot store a value.
    #[error("a row of the table {table} cannot be written: {reason}")]
    Unwritable {
        /// The table.
        table: String,
        /// What the backend said.
        reason: String,
    },
    /// What was written is not what was read.
    #[error(
        "the table {table} differs after it was copied: {copied} rows instead of {expected}, or other contents"
    )]
    Differs {
        /// The table.
        table: String,
        /// How many rows there were.
        expected: u64,
        /// How many rows there are.
        copied: u64,
    },
    /// Rows were written that this program cannot read.
    #[error("the table {table} has rows that cannot be read: {problem}")]
    Unreadable {
        /// The table.
        table: String,
        /// The first problem.
        problem: String,
    },
}

impl MoveError {
    /// The stable name of this error.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Open(error) => error.code(),
            Self::Store(_) => "store_failed",
            Self::Io { .. } => "backup_unusable",
            Self::Exists { .. } => "backup_exists",
            Self::NotABackup { .. } => "backup_unknown",
            Self::NewerFormat { .. } | Self::NewerBackup { .. } => "backup_newer",
            Self::Damaged { .. } => "backup_damaged",
            Self::NotEmpty { .. } => "database_not_empty",
            Self::OtherUnfinished { .. } => "database_unfinished",
            Self::InUse { .. } => "database_in_use",
            Self::OtherMasterKey { .. } => "master_key_mismatch",
            Self::NoMasterKey { .. } => "master_key_missing",
            Self::SourceChanged => "source_changed",
            Self::Malformed | Self::Unreadable { .. } => "rows_unreadable",
            Self::Unwritable { .. } => "rows_unwritable",
            Self::Differs { .. } => "rows_differ",
        }
    }
}
