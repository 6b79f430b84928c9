//! Why a status list was refused.

use super::Bits;
use crate::error::VerifyError;

/// Why a status list, or a look into one, was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StatusListError {
    /// The token that carries the list is malformed, of another type, badly signed, or expired.
    #[error("status list refused: {0}")]
    Token(#[from] VerifyError),
    /// `sub` of the list is not the `uri` under which it was looked for (draft §8.3).
    #[error("the status list is not the one that the token names")]
    UriMismatch,
    /// `bits` is not 1, 2, 4 or 8, `lst` is not the base64url of one zlib stream, or `ttl` is not a positive number.
    #[error("the status list is malformed")]
    Malformed,
    /// The list is longer than allowed when it is inflated.
    #[error("the status list has more than {limit} bytes")]
    TooLarge {
        /// What is allowed.
        limit: usize,
    },
    /// The list is shorter than the token says.
    #[error("index {index} is outside the list, which has {len} entries")]
    IndexOutOfRange {
        /// The index that was looked up.
        index: u64,
        /// How many statuses the list has.
        len: u64,
    },
    /// The status does not fit into the bits that the list has for each.
    #[error("status {status} does not fit into {bits} bits")]
    StatusTooWide {
        /// The status.
        status: u8,
        /// The width of the list.
        bits: Bits,
    },
}

impl StatusListError {
    /// The stable name of this error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Token(error) => error.code(),
            Self::UriMismatch => "status_list_uri_mismatch",
            Self::Malformed => "status_list_malformed",
            Self::TooLarge { .. } => "status_list_too_large",
            Self::IndexOutOfRange { .. } => "status_index_out_of_range",
            Self::StatusTooWide { .. } => "status_too_wide",
        }
    }
}
