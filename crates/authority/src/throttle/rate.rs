//! Limits per network for actions that need no sign-in: guessing user codes, registering clients, and having requests
//! and proofs stored.

use std::sync::atomic::{AtomicU32, Ordering};
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

/// How many wrong user codes one network, or one signed-in account, may enter in a burst (RFC 8628 §5.1); then one per
/// minute. With the 34 bits of a code, that leaves one chance in two hundred million within the ten minutes of its
/// lifetime.
pub const WRONG_USER_CODES: u32 = 10;
/// How many device requests one network may start in a burst; then one per second.
pub const DEVICE_AUTHORIZATIONS: u32 = 60;
/// How many changes and removals of registered clients one network may make in a burst; then one every thirty seconds.
pub const REGISTRATION_CHANGES: u32 = 200;
/// How many authorization requests one network may have stored in a burst for clients that anybody can create; then
/// five per second. Each stands for a sign-in, so a network of ten thousand people stays below.
pub const KEPT_REQUESTS: u32 = 600;
/// How many bytes of a stored request count as one request.
const KEPT_UNIT: usize = 4 * 1024;
/// How many identifiers of DPoP proofs, assertions and request objects one network may have stored in a burst for
/// clients that anybody can create; then fifty per second. Each refresh carries a proof: ten thousand people in one
/// network who refresh every five minutes make 33 per second.
pub const REMEMBERED_IDENTIFIERS: u32 = 2000;
/// How many records of its throttling one network may cause in a burst; then one every twenty minutes.
pub const RECORDED_THROTTLING: u32 = 5;
/// The same for all networks together; then one per minute.
const RECORDED_THROTTLING_IN_ALL: u32 = 100;
/// How many sectors one network may have fetched in a burst; then one per minute.
pub const SECTORS_FETCHED: u32 = 20;
/// How many mails for a new password one network may ask for in a burst; then one per minute.
pub const PASSWORD_RESETS: u32 = 30;
/// How many one name or address may be asked for in a burst, by whomever; then one per ten minutes.
pub const PASSWORD_RESETS_OF_ACCOUNT: u32 = 5;
/// How many times as much an IPv6 site (a /48) may do as one of its networks.
const SITE_FACTOR: u32 = 10;

/// As how many requests one with this many bytes counts: a long one takes the room of several.
pub(crate) fn kept_units(bytes: usize) -> u32 {
    u32::try_from(bytes.div_ceil(KEPT_UNIT)).unwrap_or(u32::MAX).max(1)
}

/// What is counted per network.
#[derive(Debug)]
pub(crate) struct Rates {
    /// Unknown user codes.
    pub(crate) wrong_user_codes: Rate,
    /// Started device requests.
    pub(crate) device_authorizations: Rate,
    /// Registrations of clients.
    pub(crate) registrations: Rate,
    /// Changes and removals of registered clients.
    pub(crate) registration_changes: Rate,
    /// Stored requests: pushed, signed, or too long for a URL.
    pub(crate) kept_requests: Rate,
    /// Identifiers that are stored so that each is used only once.
    pub(crate) identifiers: Rate,
    /// Records of throttling in the audit trail.
    pub(crate) recorded_throttling: Rate,
    /// The same for all networks together.
    pub(crate) recorded_throttling_in_all: Rate,
    /// Wrong client secrets.
    pub(crate) client_failures: ClientFailures,
    /// Sectors fetched for registrations.
    pub(crate) sectors: Rate,
    /// Mails for a new password.
    pub(crate) resets: Rate,
    /// The same for one name or address.
    pub(crate) resets_of_account: Rate,
}

impl Rates {
    /// Counters at zero.
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
            resets: Rate::new(PASSWORD_RESETS, 1, 60),
            resets_of_account: Rate::new(PASSWORD_RESETS_OF_ACCOUNT, 1, 10 * 60),
        }
    }
}

impl Rates {
    /// Shares what is allowed among this many nodes, this one included.
    pub(crate) fn share(&self, nodes: u32) {
        let Self {
            wrong_user_codes,
            device_authorizations,
            registrations,
            registration_changes,
            kept_requests,
            identifiers,
            recorded_throttling,
            recorded_throttling_in_all,
            client_failures,
            sectors,
            resets,
            resets_of_account,
        } = self;
        for rate in [
            wrong_user_codes,
            device_authorizations,
            registrations,
            registration_changes,
            kept_requests,
            identifiers,
            recorded_throttling,
            recorded_throttling_in_all,
            sectors,
            resets,
            resets_of_account,
        ] {
            rate.nodes.store(nodes.max(1), Ordering::Relaxed);
        }
        client_failures.share(nodes);
    }

    /// Whether another record of a network's throttling may be written.
    pub(crate) fn may_record_throttling(&self, network: Network, now: Timestamp) -> bool {
        self.recorded_throttling.take(network, now).is_ok()
            && self.recorded_throttling_in_all.take(Network::Unknown, now).is_ok()
    }
}

/// Who is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asker {
    /// A caller in this network.
    Network(Network),
    /// A caller who is signed in to this account, or signed in to it in this browser before. Others in the same
    /// network do not affect such callers.
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

/// The key of a counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Counter {
    Area(Area),
    Account(AccountTag),
}

/// Allows a number of actions per network or account in a burst, and a rate over time. The memory is bounded, and not
/// kept after the process ends.
#[derive(Debug)]
pub(crate) struct Rate {
    network: Allowance,
    site: Allowance,
    levels: Mutex<Memory<Counter, Level>>,
    /// How many nodes share what is allowed.
    nodes: AtomicU32,
}

impl Rate {
    /// `most` in a burst, and then `falls` per `every` seconds.
    fn new(most: u32, falls: u32, every: u32) -> Self {
        Self {
            network: Allowance { most, falls, every },
            site: of_site(Allowance { most, falls, every }),
            levels: Mutex::default(),
            nodes: AtomicU32::new(1),
        }
    }

    /// Counts an action of a client, unless the operator added the client and it authenticated: the network is then
    /// that of the client's own servers, which act for all its users.
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

    /// Counts `units` actions.
    ///
    /// # Errors
    /// As for [`Rate::take`], if one of them is not allowed. Those before it stay counted.
    pub(crate) fn take_units(&self, network: Network, units: u32, now: Timestamp) -> Result<(), Throttled> {
        (0..units).try_for_each(|_| self.take(network, now))
    }

    /// Counts an action. If failures are counted, this happens before the check and is undone after success.
    /// Otherwise, a thousand could be sent at once before the first is counted.
    ///
    /// # Errors
    /// [`Throttled`] if it is not allowed; it is not counted then.
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

    /// Undoes [`Rate::take`].
    pub(crate) fn give_back(&self, asker: impl Into<Asker>) {
        let mut levels = self.levels.lock().unwrap_or_else(PoisonError::into_inner);
        for counter in asker.into().counters().into_iter().flatten() {
            levels.change_existing(&counter, Level::lower);
        }
    }

    fn allowance(&self, counter: &Counter) -> Allowance {
        let allowance = match counter {
            Counter::Area(Area::Network(_)) | Counter::Account(_) => self.network,
            Counter::Area(Area::Site(_)) => self.site,
        };
        allowance.shared_by(self.nodes.load(Ordering::Relaxed))
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
