//! What the token authority remembers.
//!
//! [`open`] leads from a [`DatabaseUrl`] to the store. [`SqliteStore`] keeps all in one file of a [`DataFolder`]; a
//! PostgreSQL database is shared by any number of nodes. Every backend passes
//! the same suite, which the feature `conformance` brings along for its tests.
//!
//! [`backup`], [`restore`] and [`migrate`] carry all rows between databases and files, and [`check`] reads them all: `rows` says which
//! there are, and each backend reads and writes them (`source`, `target`, `inspection`).

mod backup;
mod cause;
mod check;
#[cfg(feature = "conformance")]
#[doc(hidden)]
pub mod conformance;
mod database;
mod database_url;
mod filling;
mod folder;
mod inspection;
mod migration;
mod mode;
mod move_error;
mod open_error;
mod postgres;
mod postgres_url;
mod progress;
mod restore;
mod rows;
mod sqlite;
mod transfer;

pub use backup::{Backup, Existing, backup};
pub use cause::cause;
pub use check::{Checked, KeyAtHand, check};
pub use database::{open, open_watched};
pub use database_url::{DatabaseUrl, DatabaseUrlError};
pub use folder::{DataFolder, FolderError, ServerLock};
pub use inspection::{RowProblem, TableFindings};
pub use migration::{MigratedBy, MigrationStep, WatchMigration};
pub use mode::{Access, OpenMode};
pub use move_error::MoveError;
pub use open_error::OpenError;
pub use progress::{OnProgress, Progress};
pub use restore::{Restored, Risen, restore};
pub use sqlite::SqliteStore;
pub use transfer::{Migrated, migrate};
