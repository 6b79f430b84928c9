//! The refresh rules: one pure function from (grant, presented token, network, time) to what shall happen.
//!
//! A refresh token names its grant's *generation*. The grant stores only the current one, so a spent token is known by
//! its number and nothing has to be remembered about it. The rules tell a retry (two tabs at once, a lost response)
//! from a replay (a copy in other hands): the first is answered with the same successor, the second ends the grant.

use std::time::Duration;

use jeton_jose::Timestamp;

use crate::Network;

/// Advances in a row without an excuse after which the grant's excuses are forgotten.
///
/// A thief and a user who take turns never reach it: one of the two is always a generation behind.
pub const CLEAN_ADVANCES_TO_FORGIVE: u8 = 2;

/// How lenient refreshing is. The settings `refresh.grace` and `refresh.excuses`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefreshPolicy {
    /// For how long after an advance or an excuse the grant stands still. Zero turns it off.
    pub grace: Duration,
    /// How many lost responses in a row are excused.
    pub excuses: u8,
}

impl Default for RefreshPolicy {
    fn default() -> Self {
        Self { grace: Duration::from_secs(30), excuses: 3 }
    }
}

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
    /// Advances in a row without an excuse, counted up to [`CLEAN_ADVANCES_TO_FORGIVE`].
    pub clean: u8,
}

impl RefreshState {
    /// The state of a grant that was just opened.
    pub fn opened(now: Timestamp, network: Network) -> Self {
        Self { generation: 0, minted_at: now, grace_from: None, network, excuses: 0, clean: 0 }
    }
}

/// What a genuine refresh token says, and where it came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Presented {
    /// The generation it names.
    pub generation: u64,
    /// When it was minted.
    pub minted_at: Timestamp,
    /// The network of the request.
    pub network: Network,
}

/// What a refresh does to its grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Decision {
    /// What to answer.
    pub verdict: Verdict,
    /// The grant's state from now on. It differs from the state before only where something has to be written.
    pub state: RefreshState,
    /// The presented token was ahead of the store, which must have gone back in time (a failover, a restored backup).
    pub caught_up: bool,
}

/// The answer to a refresh.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// Within the grace: the current token again.
    StandStill,
    /// The normal refresh: the next generation.
    Advance,
    /// The response before was lost: the current token again, and one excuse fewer.
    Excuse,
    /// A spent token was replayed: the grant ends.
    Revoke,
}

/// Decides what the presentation of a genuine, unexpired refresh token of an unrevoked grant does.
///
/// Generations are compared, never timestamps; time only bounds the grace. A clock that jumped back by less than the
/// grace is still within it, and one that jumped further is not, so no jump lengthens it without bound.
pub fn decide(
    grant: &RefreshState,
    presented: &Presented,
    now: Timestamp,
    policy: &RefreshPolicy,
) -> Decision {
    let mut state = *grant;
    let caught_up = presented.generation > state.generation;
    if caught_up {
        state.generation = presented.generation;
        state.minted_at = presented.minted_at;
        state.grace_from = Some(presented.minted_at);
        // The network went with the lost write too. Whoever holds the newest token is the best witness of it: else the
        // client's other tabs, which still hold the token before, would be taken for strangers within the grace.
        state.network = presented.network;
    }
    let behind = state.generation - presented.generation;
    let at_home = presented.network.is_same_place_as(&state.network);
    let verdict = match behind {
        0 if in_grace(&state, now, policy) => Verdict::StandStill,
        1 if at_home && in_grace(&state, now, policy) => Verdict::StandStill,
        0 => Verdict::Advance,
        1 if state.excuses < policy.excuses => Verdict::Excuse,
        _ => Verdict::Revoke,
    };
    match verdict {
        Verdict::Advance => {
            state.generation += 1;
            state.minted_at = now;
            state.grace_from = Some(now);
            state.network = presented.network;
            state.clean = (state.clean + 1).min(CLEAN_ADVANCES_TO_FORGIVE);
            if state.clean == CLEAN_ADVANCES_TO_FORGIVE {
                state.excuses = 0;
            }
        }
        Verdict::Excuse => {
            state.excuses += 1;
            state.clean = 0;
            state.grace_from = Some(now);
            state.network = presented.network;
        }
        Verdict::StandStill | Verdict::Revoke => {}
    }
    Decision { verdict, state, caught_up }
}

fn in_grace(state: &RefreshState, now: Timestamp, policy: &RefreshPolicy) -> bool {
    state.grace_from.is_some_and(|from| now.unix().abs_diff(from.unix()) < policy.grace.as_secs())
}

#[cfg(test)]
mod tests;
