//! Slows the guessing of passwords, and cannot be used to lock somebody out.
//!
//! - **An account tried from one network** has five free failures. After them each attempt has to wait: one second since
//!   the last failure, then two, four, and so on up to a minute. Signing in clears it. An attempt that came too early is
//!   refused without counting, so hammering does not lengthen the wait.
//! - **One network** may fail fifty times at once over all accounts, and once a second from then on; an IPv6 site (a /48,
//!   which anybody can have 65,536 networks in) five hundred times, and ten times a second from then on. Only failures
//!   count: an office behind one address is not slowed by its own successes. Nor does this hold up an account where it has
//!   signed in before: who shares a network with others does not depend on their good behaviour.
//! - **An account tried from many networks** (more than a hundred failures an hour) leaves only one free failure to
//!   networks that it has not signed in from. It is never zero, and failures elsewhere never make a network wait: the
//!   owner of an account can always try again within a minute, whatever others do from other networks.
//!
//! An attempt counts as a failure from its beginning, and success takes that back: a thousand guesses sent at once are
//! not a thousand guesses before the first is counted. [`enter`] lets an attempt that only others under way stand in the
//! way of wait for them, so that a thousand sign-ins with the right password at once are not refused either.
//!
//! Accounts that do not exist are treated like those that do. Refused attempts leave no trace, so that refusals cannot
//! crowd out what is remembered. The memory is bounded and does not outlive the process.

mod client_failures;
mod level;
mod memory;
mod rate;
mod under_way;

use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jeton_jose::Timestamp;

use self::level::{Allowance, Level};
pub(crate) use self::memory::Memory;
use self::under_way::{Part, Places, UnderWay};
use crate::Network;

pub use self::client_failures::WRONG_CLIENT_SECRETS;
pub use self::memory::REMEMBERED;
pub(crate) use self::rate::Rates;
pub use self::rate::{
    DEVICE_AUTHORIZATIONS, KEPT_REQUESTS, RECORDED_THROTTLING, REGISTRATION_CHANGES, REMEMBERED_IDENTIFIERS,
    SECTORS_FETCHED, WRONG_USER_CODES,
};
pub use self::under_way::MOST_WAITING;

/// Failures of an account from one network before waiting begins.
pub const FREE_FAILURES: u32 = 5;
/// The same for a network that is new to an account that is being guessed at from many.
pub const FREE_FAILURES_UNDER_ATTACK: u32 = 1;
/// The longest wait between two attempts, in seconds.
pub const LONGEST_WAIT_SECONDS: u32 = 60;
/// Failures of one network, over all accounts, before it has to slow down to one a second.
pub const NETWORK_FAILURES: u32 = 50;
/// Failures of one IPv6 site, over all its networks and all accounts, before it has to slow down to ten a second.
pub const SITE_FAILURES: u32 = 500;
/// Failures of one account within an hour, over all networks, beyond which it counts as being guessed at.
pub const ACCOUNT_FAILURES_PER_HOUR: u32 = 100;

const NETWORK: Allowance = Allowance { most: NETWORK_FAILURES, falls: 1, every: 1 };
const SITE: Allowance = Allowance { most: SITE_FAILURES, falls: 10, every: 1 };
const ACCOUNT: Allowance =
    Allowance { most: ACCOUNT_FAILURES_PER_HOUR, falls: 1, every: 3600 / ACCOUNT_FAILURES_PER_HOUR };
/// However many failures there were, they are forgotten within an hour.
const ACCOUNT_CEILING: u32 = 2 * ACCOUNT_FAILURES_PER_HOUR;

/// Remembers failures.
#[derive(Debug, Default)]
pub struct Throttle {
    /// Names are kept as keyed hashes: what was typed into a name field is sometimes a password.
    hasher: RandomState,
    pairs: Memory<Pair, Failures>,
    areas: Memory<Area, Level>,
    accounts: Memory<u64, Level>,
    under_way: Places<Place>,
}

/// An attempt that was let through. [`Throttle::succeed`] or [`Throttle::withdraw`] takes it back; dropping it leaves it
/// counted as a failure.
#[derive(Debug)]
#[must_use = "an attempt counts as a failure until it is taken back"]
pub struct Attempt {
    pair: Pair,
    began: i64,
    last_before: i64,
    /// The areas that it counts in.
    areas: [Option<Area>; 2],
    /// Holds it under way until it is dropped.
    _parts: [Option<Part>; 3],
}

/// The attempt came too early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Throttled {
    /// When the next attempt is welcome, at least a second.
    pub retry_after: Duration,
}

/// Lets an attempt through, counted as a failure for now. Where only attempts that are under way stand in its way, it waits
/// for them to end.
///
/// # Errors
/// [`Throttled`] when it came too early; it is not counted then.
pub async fn enter(
    throttle: &Mutex<Throttle>,
    account: &str,
    network: Network,
    now: Timestamp,
) -> Result<Attempt, Throttled> {
    let mut turn: Option<Arc<UnderWay>> = None;
    loop {
        // A throttle has no state half-way that a panic elsewhere could leave behind.
        let begun = throttle.lock().unwrap_or_else(PoisonError::into_inner).try_begin(account, network, now);
        let behind = match begun {
            Ok(attempt) => return Ok(attempt),
            Err(Refusal::Wait(throttled)) => {
                if let Some(turn) = turn {
                    turn.pass_on();
                }
                return Err(throttled);
            }
            Err(Refusal::Behind(behind)) => behind,
        };
        // Who still waits for the same was overtaken by an attempt that will wake the next. Who waits for something else
        // has no use for this turn.
        if let Some(turn) = turn.filter(|turn| !Arc::ptr_eq(turn, &behind)) {
            turn.pass_on();
        }
        behind.one_to_end().await.ok_or_else(Throttled::for_a_second)?;
        turn = Some(behind);
    }
}

impl Throttle {
    /// Lets an attempt through at once, counted as a failure for now. [`enter`] rather waits for attempts under way.
    ///
    /// # Errors
    /// [`Throttled`] when it came too early; it is not counted then.
    pub fn begin(&mut self, account: &str, network: Network, now: Timestamp) -> Result<Attempt, Throttled> {
        self.try_begin(account, network, now).map_err(|refusal| match refusal {
            Refusal::Wait(throttled) => throttled,
            Refusal::Behind(_) => Throttled::for_a_second(),
        })
    }

    /// The attempt signed the user in: what this account did wrong from this network is forgotten.
    pub fn succeed(&mut self, attempt: Attempt, now: Timestamp) {
        let others_under_way = self.under_way.count(&Place::Pair(attempt.pair)).saturating_sub(1);
        *self.pairs.entry(attempt.pair) =
            Failures { count: others_under_way, last: now.unix(), has_signed_in: true };
        self.take_back(&attempt);
    }

    /// The attempt could not be looked at, so it was no guess.
    pub fn withdraw(&mut self, attempt: Attempt) {
        if let Some(failures) = self.pairs.existing(&attempt.pair) {
            failures.count = failures.count.saturating_sub(1);
            if failures.last == attempt.began {
                failures.last = attempt.last_before;
            }
        }
        self.take_back(&attempt);
    }

    fn take_back(&mut self, attempt: &Attempt) {
        for area in attempt.areas.iter().flatten() {
            if let Some(level) = self.areas.existing(area) {
                level.lower();
            }
        }
        if let Some(level) = self.accounts.existing(&attempt.pair.account) {
            level.lower();
        }
    }

    fn try_begin(&mut self, account: &str, network: Network, now: Timestamp) -> Result<Attempt, Refusal> {
        let now = now.unix();
        let pair = Pair { account: self.hasher.hash_one(account), network };
        let before = self.check_pair(pair, now)?;
        // Where the account has signed in before it does not depend on what others do there.
        let areas = if before.has_signed_in { [None; 2] } else { Area::of(network) };
        for area in areas.into_iter().flatten() {
            self.check_area(area, now)?;
        }

        let failures = self.pairs.entry(pair);
        failures.count = failures.count.saturating_add(1);
        failures.last = now;
        self.accounts.entry(pair.account).raise(now, &ACCOUNT, ACCOUNT_CEILING);
        for area in areas.into_iter().flatten() {
            let allowance = area.allowance();
            self.areas.entry(area).raise(now, &allowance, allowance.most);
        }
        let [network, site] = areas.map(|area| area.map(Place::Area));
        let parts = [Some(Place::Pair(pair)), network, site];
        let parts = parts.map(|place| place.map(|place| self.under_way.start(place)));
        Ok(Attempt { pair, began: now, last_before: before.last, areas, _parts: parts })
    }

    /// What this account has done from this network, if one more attempt may be made.
    fn check_pair(&mut self, pair: Pair, now: i64) -> Result<Failures, Refusal> {
        if let Some(failures) = self.pairs.existing(&pair) {
            // If the clock went back, a wait must not last until it has caught up.
            failures.last = failures.last.min(now);
        }
        let failures = self.pairs.peek(&pair);
        let guessed_at = self.accounts.peek(&pair.account).at(now, &ACCOUNT) > ACCOUNT.most;
        let free = match (guessed_at, failures.has_signed_in) {
            (true, false) => FREE_FAILURES_UNDER_ATTACK,
            (true, true) | (false, _) => FREE_FAILURES,
        };
        let under_way = self.under_way.count(&Place::Pair(pair));
        let wait = i64::from(wait_after(failures.count.saturating_sub(under_way), free));
        match u64::try_from(wait - (now - failures.last)) {
            Ok(seconds @ 1..) => Err(Refusal::wait(seconds)),
            _ if under_way > 0 && failures.count >= free => {
                Err(Refusal::Behind(self.under_way.at(Place::Pair(pair))))
            }
            _ => Ok(failures),
        }
    }

    /// Whether there is room for one more failure in this area.
    fn check_area(&mut self, area: Area, now: i64) -> Result<(), Refusal> {
        let (level, allowance) = (self.areas.peek(&area), area.allowance());
        if level.at(now, &allowance) < allowance.most {
            return Ok(());
        }
        let under_way = self.under_way.count(&Place::Area(area));
        match level.seconds_to_room(now, &allowance, under_way) {
            0 => Err(Refusal::Behind(self.under_way.at(Place::Area(area)))),
            seconds => Err(Refusal::wait(seconds.into())),
        }
    }
}

/// How many seconds after the last of so many failures the next attempt is welcome.
fn wait_after(failures: u32, free: u32) -> u32 {
    match failures.checked_sub(free) {
        None => 0,
        Some(beyond) => 1_u32.checked_shl(beyond).unwrap_or(u32::MAX).clamp(1, LONGEST_WAIT_SECONDS),
    }
}

impl Throttled {
    fn for_a_second() -> Self {
        Self { retry_after: Duration::from_secs(1) }
    }
}

/// Why an attempt is not let through.
enum Refusal {
    /// It is too early.
    Wait(Throttled),
    /// It is too early only if attempts under way fail.
    Behind(Arc<UnderWay>),
}

impl Refusal {
    fn wait(seconds: u64) -> Self {
        Self::Wait(Throttled { retry_after: Duration::from_secs(seconds) })
    }
}

/// An account, tried from a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Pair {
    account: u64,
    network: Network,
}

/// What one account did from one network.
#[derive(Debug, Clone, Copy, Default)]
struct Failures {
    /// Failures since the last success, with those attempts that are under way.
    count: u32,
    last: i64,
    has_signed_in: bool,
}

/// Where many accounts may be tried from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Area {
    Network(Network),
    /// An IPv6 /48.
    Site([u8; 6]),
}

impl Area {
    fn of(network: Network) -> [Option<Self>; 2] {
        let site = match network {
            Network::V4(_) | Network::Unknown => None,
            Network::V6([a, b, c, d, e, f, _, _]) => Some(Self::Site([a, b, c, d, e, f])),
        };
        [Some(Self::Network(network)), site]
    }

    fn allowance(self) -> Allowance {
        match self {
            Self::Network(_) => NETWORK,
            Self::Site(_) => SITE,
        }
    }
}

/// Where an attempt is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Place {
    Pair(Pair),
    Area(Area),
}
