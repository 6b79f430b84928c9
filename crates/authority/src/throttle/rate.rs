//! How often a network may do something that nobody has to sign in for: guess user codes, register clients, have requests and
//! proofs remembered.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jeton_jose::Timestamp;

use super::Throttled;
use super::client_failures::ClientFailures;
use super::known_browser::AccountTag;
use super::level::{Allowance, Level};
use super::memory::Memory;
use super::place::Area;
use crate::Network;
use crate::client::Client;
use crate::settings::RegistrationRate;

/// Wrong user codes that one network, or one account that is signed in, may type at once (RFC 8628 §5.1); one a minute from
/// then on. Of a code's 34 bits that leaves one chance in two hundred million within the ten minutes that it holds.
pub const WRONG_USER_CODES: u32 = 10;
/// Devices that one network may let begin at once; one a second from then on.
pub const DEVICE_AUTHORIZATIONS: u32 = 60;
/// Changes and removals of registered clients that one network may make at once; one every thirty seconds from then on.
pub const REGISTRATION_CHANGES: u32 = 200;
/// Authorization requests that one network may have kept at once for clients that anybody can be; five a second from then on.
/// Each stands for a sign-in, so a network of ten thousand people stays below.
pub const KEPT_REQUESTS: u32 = 600;
/// How much of a kept request counts as one of them, in bytes.
const KEPT_UNIT: usize = 4 * 1024;
/// Identifiers of DPoP proofs, assertions and request objects that one network may have remembered at once for clients that
/// anybody can be; fifty a second from then on. A proof comes with each refresh: with ten thousand people in one network and a
/// refresh every five minutes that is 33 a second.
pub const REMEMBERED_IDENTIFIERS: u32 = 2000;
/// How often a network may have it recorded that it is throttled: so often at once, and once in twenty minutes from then on.
pub const RECORDED_THROTTLING: u32 = 5;
/// The same for all networks together: so often at once, and once a minute from then on.
const RECORDED_THROTTLING_IN_ALL: u32 = 100;
/// Sectors of clients that one network may have fetched at once; one a minute from then on.
pub const SECTORS_FETCHED: u32 = 20;
/// An IPv6 site (a /48) may do this many times as much as one of its networks.
const SITE_FACTOR: u32 = 10;

/// For how many requests one counts that is kept with this many bytes: a long one takes the room of several.
pub(crate) fn kept_units(bytes: usize) -> u32 {
    u32::try_from(bytes.div_ceil(KEPT_UNIT)).unwrap_or(u32::MAX).max(1)
}

/// What is counted by network.
#[derive(Debug)]
pub(crate) struct Rates {
    /// User codes of devices that were typed and do not exist.
    pub(crate) wrong_user_codes: Rate,
    /// Devices that began to wait.
    pub(crate) device_authorizations: Rate,
    /// Clients that registered themselves.
    pub(crate) registrations: Rate,
    /// Changes and removals of those.
    pub(crate) registration_changes: Rate,
    /// Requests that are kept: pushed, signed, or too long for an address.
    pub(crate) kept_requests: Rate,
    /// Identifiers that are remembered so that nothing is used twice.
    pub(crate) identifiers: Rate,
    /// Records of throttling in the audit trail.
    pub(crate) recorded_throttling: Rate,
    /// The same, of all networks together.
    pub(crate) recorded_throttling_in_all: Rate,
    /// Wrong client secrets.
    pub(crate) client_failures: ClientFailures,
    /// Sectors that were fetched for them.
    pub(crate) sectors: Rate,
}

impl Rates {
    /// Nothing is counted yet.
    pub(crate) fn new(registrations: RegistrationRate) -> Self {
        let every = u32::try_from(registrations.pause.as_secs()).unwrap_or(u32::MAX).max(1);
        Self {
            wrong_user_codes: Rate::new(WRONG_USER_CODES, 1, 60),
            device_authorizations: Rate::new(DEVICE_AUTHORIZATIONS, 1, 1),
            registrations: Rate::new(registrations.at_once, 1, every),
            registration_changes: Rate::new(REGISTRATION_CHANGES, 1, 30),
            kept_requests: Rate::new(KEPT_REQUESTS, 5, 1),
            identifiers: Rate::new(REMEMBERED_IDENTIFIERS, 50, 1),
            recorded_throttling: Rate::new(RECORDED_THROTTLING, 1, 20 * 60),
            recorded_throttling_in_all: Rate::new(RECORDED_THROTTLING_IN_ALL, 1, 60),
            client_failures: ClientFailures::default(),
            sectors: Rate::new(SECTORS_FETCHED, 1, 60),
        }
    }
}

impl Rates {
    /// Whether it may be recorded once more that a network is throttled.
    pub(crate) fn may_record_throttling(&self, network: Network, now: Timestamp) -> bool {
        self.recorded_throttling.take(network, now).is_ok()
            && self.recorded_throttling_in_all.take(Network::Unknown, now).is_ok()
    }
}

/// Who asks, as far as a rate counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asker {
    /// Somebody in this network.
    Network(Network),
    /// Somebody who is signed in to this account, or signed in to it at this browser before. What others do in the same
    /// network does not hold them up.
    Account(AccountTag),
}

impl From<Network> for Asker {
    fn from(network: Network) -> Self {
        Self::Network(network)
    }
}

impl Asker {
    fn counters(self) -> [Option<Counter>; 2] {
        match self {
            Self::Network(network) => Area::of(network).map(|area| area.map(Counter::Area)),
            Self::Account(account) => [Some(Counter::Account(account)), None],
        }
    }
}

/// What is counted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Counter {
    Area(Area),
    Account(AccountTag),
}

/// So much at once by one network or account, and so much over time. The memory is bounded and does not outlive the process.
#[derive(Debug)]
pub(crate) struct Rate {
    network: Allowance,
    site: Allowance,
    levels: Mutex<Memory<Counter, Level>>,
}

impl Rate {
    /// `most` at once, and `falls` more `every` so many seconds.
    fn new(most: u32, falls: u32, every: u32) -> Self {
        Self {
            network: Allowance { most, falls, every },
            site: of_site(Allowance { most, falls, every }),
            levels: Mutex::default(),
        }
    }

    /// Counts one that a client asks for, unless the operator added that client and it proved who it is: its network is then
    /// that of its own servers, which serve everybody.
    ///
    /// # Errors
    /// As [`Rate::take`].
    pub(crate) fn take_for(
        &self,
        client: &Client,
        network: Network,
        now: Timestamp,
    ) -> Result<(), Throttled> {
        if client.is_vouched_for() { Ok(()) } else { self.take(network, now) }
    }

    /// Counts `units` of them, one after the other.
    ///
    /// # Errors
    /// As [`Rate::take`], where there is no room for one of them. Those before it stay counted.
    pub(crate) fn take_units(&self, network: Network, units: u32, now: Timestamp) -> Result<(), Throttled> {
        (0..units).try_for_each(|_| self.take(network, now))
    }

    /// Counts one. Where what is counted is a failure it is counted before it is looked at, and given back after success, so
    /// that a thousand at once are not a thousand before the first is counted.
    ///
    /// # Errors
    /// [`Throttled`] where there is no room for it; it is not counted then.
    pub(crate) fn take(&self, asker: impl Into<Asker>, now: Timestamp) -> Result<(), Throttled> {
        let now = now.unix();
        let mut levels = self.levels.lock().unwrap_or_else(PoisonError::into_inner);
        let counters = asker.into().counters();
        for counter in counters.into_iter().flatten() {
            let seconds = levels.peek(&counter).seconds_to_room(now, &self.allowance(&counter), 0);
            if seconds > 0 {
                return Err(Throttled { retry_after: Duration::from_secs(seconds.into()) });
            }
        }
        for counter in counters.into_iter().flatten() {
            let allowance = self.allowance(&counter);
            let half_full = |counter: &Counter, level: &Level| {
                let allowance = self.allowance(counter);
                level.at(now, &allowance) >= allowance.most / 2
            };
            levels.change(counter, now, half_full, |level| level.raise(now, &allowance, allowance.most));
        }
        Ok(())
    }

    /// Takes back what [`Rate::take`] counted.
    pub(crate) fn give_back(&self, asker: impl Into<Asker>) {
        let mut levels = self.levels.lock().unwrap_or_else(PoisonError::into_inner);
        for counter in asker.into().counters().into_iter().flatten() {
            levels.change_existing(&counter, Level::lower);
        }
    }

    fn allowance(&self, counter: &Counter) -> Allowance {
        match counter {
            Counter::Area(Area::Network(_)) | Counter::Account(_) => self.network,
            Counter::Area(Area::Site(_)) => self.site,
        }
    }
}

/// What the networks of one site may do together.
pub(super) const fn of_site(network: Allowance) -> Allowance {
    Allowance {
        most: network.most.saturating_mul(SITE_FACTOR),
        falls: network.falls.saturating_mul(SITE_FACTOR),
        every: network.every,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOME: Network = Network::V4([192, 0, 2]);

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_unix(1_795_377_600 + seconds)
    }

    #[test]
    fn a_network_does_so_much_at_once_and_then_one_at_a_time() {
        let rate = Rate::new(3, 1, 60);
        for _ in 0..3 {
            rate.take(HOME, at(0)).expect("room");
        }
        assert_eq!(rate.take(HOME, at(10)).map_err(|throttled| throttled.retry_after.as_secs()), Err(50));
        rate.take(Network::V4([198, 51, 100]), at(10)).expect("another network has its own");
        rate.take(HOME, at(60)).expect("room again");
        rate.take(HOME, at(61)).expect_err("only for one");
    }

    #[test]
    fn an_account_is_not_held_up_by_the_network_it_is_in_and_has_a_rate_all_the_same() {
        let rate = Rate::new(1, 1, 60);
        let (ada, bob) = (Asker::Account([1; 8]), Asker::Account([2; 8]));
        rate.take(HOME, at(0)).expect("room");
        rate.take(HOME, at(0)).expect_err("the network is full");
        rate.take(ada, at(0)).expect("room");
        rate.take(ada, at(0)).expect_err("ada's is full");
        rate.take(bob, at(0)).expect("bob has his own");
    }

    #[test]
    fn what_is_given_back_does_not_count() {
        let rate = Rate::new(1, 1, 60);
        for _ in 0..9 {
            rate.take(HOME, at(0)).expect("room");
            rate.give_back(HOME);
        }
    }

    #[test]
    fn the_networks_of_one_site_share_ten_times_as_much() {
        let rate = Rate::new(1, 1, 60);
        let network = |last| Network::V6([0x20, 1, 0xd, 0xb8, 0, 1, 0, last]);
        for last in 0..10 {
            rate.take(network(last), at(0)).expect("room");
        }
        rate.take(network(10), at(0)).expect_err("the site is full");
    }
}
