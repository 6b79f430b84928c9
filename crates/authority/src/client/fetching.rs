//! What the authority fetches for clients that nobody in particular added. Fetching is not done here: whoever runs the
//! authority brings something that does, and says where there is no room for one more fetch.

use crate::Network;

/// For whom something is fetched, which decides how much of it may be under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FetchFor {
    /// A client that the operator added: its addresses are few, and the operator chose them.
    OperatorsClient,
    /// A client that anybody can be, at the request of somebody in this network, where that is known.
    Stranger(Option<Network>),
}

/// Nothing was fetched, because too many fetches are under way. It says nothing about what was to be fetched: the same request
/// may succeed a moment later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many fetches for clients are under way")]
pub struct TurnedAway;
