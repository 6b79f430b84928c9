//! What the token authority remembers.
//!
//! [`open`] leads from a [`DatabaseUrl`] to the store. [`SqliteStore`] keeps all in one file of a [`DataFolder`]; a
//! PostgreSQL database is shared by any number of nodes. Every backend passes
//! the same suite, which the feature `conformance` brings along for its tests.

mod cause;
#[cfg(feature = "conformance")]
#[doc(hidden)]
pub mod conformance;
mod database;
mod database_url;
mod folder;
mod migration;
mod mode;
mod open_error;
mod postgres;
mod postgres_url;
mod sqlite;

pub use cause::cause;
pub use database::{open, open_watched};
pub use database_url::{DatabaseUrl, DatabaseUrlError};
pub use folder::{DataFolder, FolderError, ServerLock};
pub use migration::{MigratedBy, MigrationStep, WatchMigration};
pub use mode::{Access, OpenMode};
pub use open_error::OpenError;
pub use sqlite::SqliteStore;
