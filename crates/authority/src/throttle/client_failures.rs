//! Limits wrong client secrets per network.
//!
//! They are counted per client and network: guessing the secret of one client, or of made-up clients, slows nobody
//! else. A network from which the client authenticated before is never throttled, so that nobody there can keep the
//! client out; the secret must be long enough for that (`ClientSecret::MIN_LEN`).

use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jeton_jose::Timestamp;

use super::Throttled;
use super::level::{Allowance, Level};
use super::memory::Memory;
use super::place::Area;
use super::rate::of_site;
use crate::Network;

/// How many wrong secrets of one client a network may present in a burst; then one every two seconds.
pub const WRONG_CLIENT_SECRETS: u32 = 30;

const NETWORK: Allowance = Allowance { most: WRONG_CLIENT_SECRETS, falls: 1, every: 2 };
const SITE: Allowance = of_site(NETWORK);

/// Counts wrong client secrets. The memory is bounded, and not kept after the process ends.
#[derive(Debug)]
pub(crate) struct ClientFailures {
    /// Clients are stored as keyed hashes, because anything can be sent as a client identifier.
    hasher: RandomState,
    places: Mutex<Memory<(u64, Area), Standing>>,
    /// How many nodes share what is allowed.
    nodes: AtomicU32,
}

impl Default for ClientFailures {
    fn default() -> Self {
        Self { hasher: RandomState::new(), places: Mutex::default(), nodes: AtomicU32::new(1) }
    }
}

/// Whether a success of a client is remembered already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub(crate) enum Known {
    /// It need not be noted again.
    Yes,
    /// It is to be noted: [`ClientFailures::succeeded`].
    No,
}

/// The record of a client in an area.
#[derive(Debug, Clone, Copy, Default)]
struct Standing {
    failures: Level,
    has_authenticated: bool,
}

impl ClientFailures {
    /// Shares what is allowed among this many nodes, this one included.
    pub(crate) fn share(&self, nodes: u32) {
        self.nodes.store(nodes.max(1), Ordering::Relaxed);
    }

    fn nodes(&self) -> u32 {
        self.nodes.load(Ordering::Relaxed)
    }

    /// Whether a secret of this client may be checked, and whether it authenticated from this network before.
    ///
    /// # Errors
    /// [`Throttled`] if too many from this network were wrong.
    pub(crate) fn check(&self, client: &str, network: Network, now: Timestamp) -> Result<Known, Throttled> {
        let client = self.hasher.hash_one(client);
        let places = self.places();
        let areas = Area::of(network);
        let important = areas[0].and_then(|area| places.important(&(client, area)));
        if important.is_some_and(|standing| standing.has_authenticated) {
            return Ok(Known::Yes);
        }
        if areas.into_iter().flatten().any(|area| places.peek(&(client, area)).has_authenticated) {
            return Ok(Known::No);
        }
        for area in areas.into_iter().flatten() {
            let failures = places.peek(&(client, area)).failures;
            let seconds = failures.seconds_to_room(now.unix(), &allowance(area, self.nodes()), 0);
            if seconds > 0 {
                return Err(Throttled { retry_after: Duration::from_secs(seconds.into()) });
            }
        }
        Ok(Known::No)
    }

    /// The secret was wrong.
    pub(crate) fn failed(&self, client: &str, network: Network, now: Timestamp) {
        let client = self.hasher.hash_one(client);
        let mut places = self.places();
        for area in Area::of(network).into_iter().flatten() {
            let (now, allowance) = (now.unix(), allowance(area, self.nodes()));
            places.change((client, area), now, weighs_at(now, self.nodes()), |standing| {
                standing.failures.raise(now, &allowance, allowance.most);
            });
        }
    }

    /// The client authenticated.
    pub(crate) fn succeeded(&self, client: &str, network: Network, now: Timestamp) {
        let client = self.hasher.hash_one(client);
        // The first area is the network itself: a whole site is not known by one of its networks. A network that nobody can
        // tell is shared with everybody.
        if let Some(area) = Area::of(network)[0].filter(|_| network.is_same_place_as(&network)) {
            let now = now.unix();
            self.places().change((client, area), now, weighs_at(now, self.nodes()), |standing| {
                standing.has_authenticated = true;
            });
        }
    }

    fn places(&self) -> MutexGuard<'_, Memory<(u64, Area), Standing>> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a record is kept when there are records of made-up clients.
fn weighs_at(now: i64, nodes: u32) -> impl Fn(&(u64, Area), &Standing) -> bool {
    move |(_, area), standing| {
        let allowance = allowance(*area, nodes);
        standing.has_authenticated || standing.failures.at(now, &allowance) >= allowance.most / 2
    }
}

const fn allowance(area: Area, nodes: u32) -> Allowance {
    match area {
        Area::Network(_) => NETWORK.shared_by(nodes),
        Area::Site(_) => SITE.shared_by(nodes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOME: Network = Network::V4([192, 0, 2]);
    const ELSEWHERE: Network = Network::V4([198, 51, 100]);

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_unix(1_795_377_600 + seconds)
    }

    fn exhausted() -> ClientFailures {
        let failures = ClientFailures::default();
        for _ in 0..WRONG_CLIENT_SECRETS {
            let _ = failures.check("web", ELSEWHERE, at(0)).expect("room");
            failures.failed("web", ELSEWHERE, at(0));
        }
        failures
    }

    #[test]
    fn a_network_that_guesses_at_a_client_has_to_wait() {
        let failures = exhausted();
        let refused = failures.check("web", ELSEWHERE, at(1)).expect_err("no room");
        assert_eq!(refused.retry_after, Duration::from_secs(1));
        assert_eq!(failures.check("web", ELSEWHERE, at(2)), Ok(Known::No), "room again");
    }

    #[test]
    fn guessing_at_one_client_slows_neither_another_client_nor_another_network() {
        let failures = exhausted();
        assert_eq!(failures.check("other", ELSEWHERE, at(0)), Ok(Known::No), "another client");
        assert_eq!(failures.check("web", HOME, at(0)), Ok(Known::No), "another network");
    }

    #[test]
    fn a_client_is_not_held_up_where_it_authenticated_before() {
        let failures = exhausted();
        failures.succeeded("web", HOME, at(0));
        for _ in 0..10 * WRONG_CLIENT_SECRETS {
            failures.failed("web", HOME, at(0));
        }
        assert_eq!(failures.check("web", HOME, at(0)), Ok(Known::Yes), "its own network");
        failures.check("web", ELSEWHERE, at(0)).expect_err("others still wait");
    }
}
