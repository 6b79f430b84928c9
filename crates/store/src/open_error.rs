//! Why a database could not be opened.

use std::io;
use std::path::PathBuf;

use jeton_authority::store::StoreError;

use crate::cause::cause;
use crate::database_url::DatabaseUrl;

/// Why a database could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// There is none, and none was to be made.
    #[error("there is no database at {database}")]
    Missing {
        /// Where it was looked for.
        database: DatabaseUrl,
    },
    /// It is something else.
    #[error("{database} is not a Jeton database")]
    Foreign {
        /// What it is not.
        database: DatabaseUrl,
    },
    /// A newer program has written it. Nothing was touched.
    #[error("the database has a newer version (schema {found}, this program supports {known})")]
    Newer {
        /// The number of its schema.
        found: u32,
        /// The newest schema that this program knows.
        known: u32,
    },
    /// It would have to be migrated first, and that was not to be done.
    #[error("the database has an older version (schema {found}, this program requires {known})")]
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
    /// Something that its URL names cannot be used.
    #[error("cannot use the database {database}: {reason}")]
    Unusable {
        /// Where it is.
        database: DatabaseUrl,
        /// What is wrong.
        reason: String,
    },
    /// Another server uses it, perhaps from another folder.
    #[error("another jeton serves the database {database}")]
    Served {
        /// What is served.
        database: DatabaseUrl,
    },
    /// A restore or a migration into it has not finished.
    #[error("a restore or migration into the database {database} has not finished")]
    Unfinished {
        /// What is incomplete.
        database: DatabaseUrl,
    },
    /// It is bound to another master key. Nothing was touched.
    #[error("the master key does not match the database {database}, which was encrypted with another key")]
    OtherMasterKey {
        /// What the key does not match.
        database: DatabaseUrl,
    },
    /// The database refused.
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
            Self::Unfinished { .. } => "database_unfinished",
            Self::OtherMasterKey { .. } => "master_key_mismatch",
            Self::Io { .. } | Self::Unusable { .. } => "database_unusable",
            Self::Store(_) => "database_failed",
        }
    }
}
