//! The state of a grant's refresh tokens.

use jeton_jose::Timestamp;

use crate::Network;

/// The part of a grant that refreshing reads and changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RefreshState {
    /// The generation of the current refresh token, from 0.
    pub generation: u64,
    /// When the current refresh token was minted.
    pub minted_at: Timestamp,
    /// When the grace period began; `None` before the first refresh, which therefore always advances.
    pub grace_from: Option<Timestamp>,
    /// The network that last advanced the grant or was excused.
    pub network: Network,
    /// Excuses since they were last reset.
    pub excuses: u8,
    /// Whether the current generation has used its excuse: its parent may be presented again without being counted.
    pub excused: bool,
    /// Advances in a row without an excuse, up to
    /// [`CLEAN_ADVANCES_TO_FORGIVE`](crate::refresh_token::CLEAN_ADVANCES_TO_FORGIVE).
    pub clean: u8,
}

impl RefreshState {
    /// The state of a new grant.
    pub fn opened(now: Timestamp, network: Network) -> Self {
        Self {
            generation: 0,
            minted_at: now,
            grace_from: None,
            network,
            excuses: 0,
            excused: false,
            clean: 0,
        }
    }
}
