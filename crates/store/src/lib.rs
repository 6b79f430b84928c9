//! What the token authority remembers.
//!
//! [`SqliteStore`] keeps it in one file of a [`DataFolder`]. Every backend passes the same suite, which the feature
//! `conformance` brings along for its tests.

mod cause;
#[cfg(feature = "conformance")]
#[doc(hidden)]
pub mod conformance;
mod folder;
mod sqlite;

pub use cause::cause;
pub use folder::{DataFolder, FolderError, ServerLock};
pub use sqlite::{Access, OpenError, OpenMode, SqliteStore};
