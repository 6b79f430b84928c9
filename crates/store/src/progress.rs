//! How far an operation on all rows is.

use std::sync::Arc;

/// How far an operation is.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Progress<'a> {
    /// What is done with the rows.
    pub step: &'static str,
    /// The table.
    pub table: &'a str,
    /// How many rows of all tables are done.
    pub rows: u64,
    /// How many there are.
    pub total: u64,
}

/// Who is told how far an operation is.
pub type OnProgress = Arc<dyn Fn(Progress<'_>) + Send + Sync>;
