//! The reference from a token to its status.

use serde::{Deserialize, Serialize};

/// The claim `status` of a token (draft §6.2), for the caller's own claims type: `status: StatusClaim`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusClaim {
    /// Its place in a status list.
    pub status_list: StatusReference,
}

/// Which place in which list.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct StatusReference {
    /// The place, counted from 0.
    pub idx: u64,
    /// The URI of the list, which is also its `sub`.
    pub uri: String,
}

impl StatusReference {
    /// The place `idx` of the list at `uri`.
    #[must_use]
    pub fn new(uri: impl Into<String>, idx: u64) -> Self {
        Self { idx, uri: uri.into() }
    }
}

impl From<StatusReference> for StatusClaim {
    fn from(status_list: StatusReference) -> Self {
        Self { status_list }
    }
}
