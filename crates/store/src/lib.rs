//! What the token authority remembers.
//!
//! [`open`] leads from a [`DatabaseUrl`] to the store. [`SqliteStore`] keeps all in one file of a [`DataFolder`]. Every backend passes
//! the same suite, which the feature `conformance` brings along for its tests.

mod cause;
#[cfg(feature = "conformance")]
#[doc(hidden)]
pub mod conformance;
mod database;
mod database_url;
mod folder;
mod sqlite;

pub use cause::cause;
pub use database::open;
pub use database_url::{DatabaseUrl, DatabaseUrlError};
pub use folder::{DataFolder, FolderError, ServerLock};
pub use sqlite::{Access, OpenError, OpenMode, SqliteStore};
