//! Where the refresh tokens of a grant stand.

use jeton_jose::Timestamp;

use crate::Network;

/// The part of a grant that refreshing reads and changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RefreshState {
    /// The generation of the current refresh token, from 0.
    pub generation: u64,
    /// When the current refresh token was minted.
    pub minted_at: Timestamp,
    /// From when the grace counts; `None` before the first refresh, which therefore always advances.
    pub grace_from: Option<Timestamp>,
    /// From where the grant was last advanced or excused.
    pub network: Network,
    /// Excuses since they were last forgotten.
    pub excuses: u8,
    /// Whether the current generation has had its excuse: its parent may come again, uncounted.
    pub excused: bool,
    /// Advances in a row without an excuse, counted up to [`CLEAN_ADVANCES_TO_FORGIVE`](crate::refresh_token::CLEAN_ADVANCES_TO_FORGIVE).
    pub clean: u8,
}

impl RefreshState {
    /// The state of a grant that was just opened.
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
