//! Why the demo cannot be prepared.

use std::fmt::Display;

use jeton_authority::store::StoreError;

/// Why the demo cannot be prepared.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// The store of the authority failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A socket cannot be bound.
    #[error("cannot start {name}: {error}")]
    Start {
        /// The application.
        name: &'static str,
        /// Why not.
        error: std::io::Error,
    },
    /// Something does not fit together.
    #[error("{0}")]
    Internal(String),
}

impl DemoError {
    /// The stable name of this error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Store(error) => error.code(),
            Self::Start { .. } => "start_failed",
            Self::Internal(_) => "internal",
        }
    }

    pub(crate) fn internal(error: impl Display) -> Self {
        Self::Internal(error.to_string())
    }
}
