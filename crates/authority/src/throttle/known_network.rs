//! Networks from which an account signed in before. The throttle does not slow them down because of failures
//! elsewhere.

use std::time::Duration;

use jeton_jose::Timestamp;

use crate::Network;

/// How many networks are remembered per account: the last ones.
pub const KNOWN_NETWORKS: u32 = 32;

/// How long a network is remembered after the last sign-in from it.
pub const KNOWN_NETWORK_KEPT: Duration = Duration::from_secs(180 * 24 * 3600);

/// A sign-in is recorded again only after this time, so that most sign-ins write nothing for it.
const NOTED_EVERY: Duration = Duration::from_secs(24 * 3600);

/// Whether a network is known, if a sign-in was recorded at `noted_at`.
pub(crate) fn is_known(noted_at: Option<Timestamp>, now: Timestamp) -> bool {
    noted_at.is_some_and(|noted_at| noted_at.saturating_add(KNOWN_NETWORK_KEPT) > now)
}

/// Whether to record a sign-in. Unknown networks are never recorded, because they belong to nobody.
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
