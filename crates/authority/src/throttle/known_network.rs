//! Networks that an account signed in from before. The throttle does not hold them up for what happens elsewhere.

use std::time::Duration;

use jeton_jose::Timestamp;

use crate::Network;

/// How many networks are remembered for an account: those that it signed in from last.
pub const KNOWN_NETWORKS: u32 = 32;

/// For how long a network is remembered from the last sign-in there.
pub const KNOWN_NETWORK_KEPT: Duration = Duration::from_secs(180 * 24 * 3600);

/// A sign-in is noted when the last one that was noted is this long ago, so that most sign-ins write nothing for it.
const NOTED_EVERY: Duration = Duration::from_secs(24 * 3600);

/// Whether a network is known, of which a sign-in was noted at `noted_at`.
pub(crate) fn is_known(noted_at: Option<Timestamp>, now: Timestamp) -> bool {
    noted_at.is_some_and(|noted_at| noted_at.saturating_add(KNOWN_NETWORK_KEPT) > now)
}

/// Whether a sign-in is to be noted. An unknown network never is: it is where nobody is at home.
pub(crate) fn is_worth_noting(network: Network, noted_at: Option<Timestamp>, now: Timestamp) -> bool {
    let is_fresh = noted_at.is_some_and(|noted_at| noted_at.saturating_add(NOTED_EVERY) > now);
    network != Network::Unknown && !is_fresh
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOME: Network = Network::V4([192, 0, 2]);

    fn day(day: i64) -> Timestamp {
        Timestamp::from_unix(1_800_000_000 + day * 24 * 3600)
    }

    #[test]
    fn a_network_is_known_for_half_a_year_and_noted_once_a_day() {
        assert!(!is_known(None, day(0)));
        assert!(is_known(Some(day(0)), day(179)) && !is_known(Some(day(0)), day(180)));
        assert!(is_worth_noting(HOME, None, day(0)));
        assert!(!is_worth_noting(HOME, Some(day(0)), day(0)) && is_worth_noting(HOME, Some(day(0)), day(1)));
    }

    #[test]
    fn an_unknown_network_is_never_noted() {
        assert!(!is_worth_noting(Network::Unknown, None, day(0)));
    }

    #[test]
    fn a_clock_that_went_back_makes_no_network_unknown() {
        assert!(is_known(Some(day(100)), day(0)) && !is_worth_noting(HOME, Some(day(100)), day(0)));
    }
}
