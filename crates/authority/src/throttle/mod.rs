//! Slows down password guessing, and cannot be used to lock somebody out.
//!
//! **Callers.** An account knows a caller by a browser that it signed in with before ([`Standing::Browser`]) or by a
//! network that it signed in from before ([`Standing::Network`]). Every other caller is a stranger. Failures by others
//! do not affect known callers; their own do.
//!
//! **Before a password is verified:**
//! - *One account through one door* has five free failures. A door is a known browser, otherwise an IPv4 address or an
//!   IPv6 network. After that, each attempt must wait: one second since the last failure, then two, four, and so on up
//!   to a minute. A successful sign-in resets this, and so does a quarter of an hour without attempts. An attempt that
//!   comes too early is refused without being counted, so repeating it does not lengthen the wait.
//! - *Places in the hash queue* are shared ([`NETWORK_SHARE`]), so that made-up names do not fill it.
//!
//! **For strangers, even with the right password:**
//! - *One account tried from one network* is limited as through one door, over all addresses of the network.
//! - *One network* may fail fifty times in a burst over all accounts, and then once a second. An IPv6 site (a /48, in
//!   which anyone can have 65,536 networks) may fail five hundred times, and then ten times a second. Beyond that,
//!   each account still has one attempt per minute there, which failures at other accounts do not use up.
//! - *One account* may fail a hundred times in a burst over all networks, and then a hundred times an hour, however
//!   many networks take part.
//!
//! An attempt beyond one of these limits is *veiled*: its password is verified like any other, and then the answer is
//! that it came too early. Only a caller with a known network gets past a veil, and only with the right password. So a
//! wrong password gets the same answer after the same work, whether or not the account exists, and whether or not it
//! has ever signed in from there. A veiled attempt counts only at its door, and slows nobody else.
//!
//! An attempt counts as a failure from its beginning, and success undoes that. Otherwise, a thousand guesses could be
//! sent at once before the first is counted. [`enter`] makes an attempt wait for attempts in progress if only they
//! prevent it, so that a thousand simultaneous sign-ins with the right password are not refused either.
//!
//! Each node counts for itself. Nodes share what is allowed: each of them allows its part, so that all together allow no
//! more than twice as much as one ([`Throttle::share`]). Callers come to all nodes alike, unless a load balancer keeps
//! each caller at one of them, which then waits longer.
//!
//! Accounts that do not exist are treated like those that do. The memory is bounded, and not kept after the process
//! ends. Records that slow a caller are never dropped because of made-up names ([`REMEMBERED`]).

mod caller;
mod client_failures;
mod entering;
mod failures;
mod known_browser;
mod known_network;
mod level;
mod memory;
mod place;
mod rate;
mod shares;
mod under_way;

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::Duration;

use jeton_jose::Timestamp;

use self::entering::{Line, Refusal};
use self::failures::{Failures, Wait};
use self::level::{Allowance, Level};
pub(crate) use self::memory::Memory;
use self::place::{Area, Door, Pair, Place, Through};
use self::shares::Shares;
use self::under_way::{Part, Places, UnderWay};
use crate::oauth_error::OAuthError;

pub use self::caller::Caller;
pub(crate) use self::client_failures::Known;
pub use self::client_failures::WRONG_CLIENT_SECRETS;
pub use self::entering::{TurnedAway, enter};
pub use self::failures::FORGOTTEN_AFTER_SECONDS;
pub(crate) use self::known_browser::account_tag;
pub use self::known_browser::{KNOWN_ACCOUNTS, KnownBrowser};
pub use self::known_network::{KNOWN_NETWORK_KEPT, KNOWN_NETWORKS};
pub(crate) use self::known_network::{is_known, is_worth_noting};
pub use self::memory::REMEMBERED;
pub(crate) use self::rate::{Asker, Rates, kept_units};
pub use self::rate::{
    DEVICE_AUTHORIZATIONS, KEPT_REQUESTS, PASSWORD_RESETS, PASSWORD_RESETS_OF_ACCOUNT, RECORDED_THROTTLING,
    REGISTRATION_CHANGES, REMEMBERED_IDENTIFIERS, SECTORS_FETCHED, WRONG_USER_CODES,
};
pub use self::shares::{ACCOUNT_SHARE, KEPT_FROM_STRANGERS, NETWORK_SHARE, SITE_SHARE};
pub use self::under_way::MOST_WAITING;

/// Failures of an account through one door, or from one network, before attempts must wait.
pub const FREE_FAILURES: u32 = 5;
/// The longest wait between two attempts, in seconds. Failures at other accounts never extend it.
pub const LONGEST_WAIT_SECONDS: u32 = 60;
/// Failures of one network, over all accounts, before it is limited to one per second.
pub const NETWORK_FAILURES: u32 = 50;
/// Failures of one IPv6 site, over all its networks and all accounts, before it is limited to ten per second.
pub const SITE_FAILURES: u32 = 500;
/// Failures of strangers at one account, over all networks: this many in a burst, and then this many an hour.
pub const ACCOUNT_FAILURES_PER_HOUR: u32 = 100;

const ACCOUNT: Allowance =
    Allowance { most: ACCOUNT_FAILURES_PER_HOUR, falls: 1, every: 3600 / ACCOUNT_FAILURES_PER_HOUR };
/// From this level on, the failures at an account are not dropped for others: with as many failures at each made-up
/// name, an attacker would take longer than the level takes to fall.
const WEIGHTY_ACCOUNT_LEVEL: u32 = FREE_FAILURES;

/// How an account knows the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Not at all.
    Stranger,
    /// The account has signed in from this network before.
    Network,
    /// The account has signed in with this browser before.
    Browser([u8; 16]),
}

/// Counts failures.
#[derive(Debug)]
pub struct Throttle {
    /// Names are stored as keyed hashes, because people sometimes type a password into the name field.
    hasher: RandomState,
    doors: Memory<Door, Failures>,
    pairs: Memory<Pair, Failures>,
    areas: Memory<Area, Level>,
    accounts: Memory<u64, Level>,
    under_way: Places<Place>,
    shares: Shares,
    /// How many nodes share what is allowed.
    nodes: u32,
}

/// An admitted attempt. [`Throttle::succeed`] or [`Throttle::withdraw`] undoes it; dropping it leaves it counted as a
/// failure.
#[derive(Debug)]
#[must_use = "an attempt counts as a failure until it is taken back"]
pub struct Attempt {
    door: Door,
    pair: Pair,
    began: i64,
    /// The previous failures, at the door and for the pair of account and network.
    before: (Failures, Failures),
    /// Whether it counts in the shared limits, and not only at its door.
    is_shared: bool,
    is_stranger: bool,
    veil: Option<Throttled>,
    /// Keeps it in progress until it is dropped.
    parts: Vec<Part>,
}

impl Attempt {
    /// Whether the right password signs in. Otherwise, the work only makes the attempt look like any other.
    pub fn may_succeed(&self) -> bool {
        self.veil.is_none() || !self.is_stranger
    }

    /// The answer to a failure; `None` for the ordinary one.
    pub fn veil(&self) -> Option<Throttled> {
        self.veil
    }

    /// Whether it is one of these, so that its end wakes the next one that waits for them.
    fn is_one_of(&self, under_way: &Arc<UnderWay>) -> bool {
        self.parts.iter().any(|part| part.is_of(under_way))
    }
}

/// The attempt came too early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Throttled {
    /// When the next attempt is allowed; at least one second.
    pub retry_after: Duration,
}

impl Default for Throttle {
    fn default() -> Self {
        Self::over(None)
    }
}

impl Throttle {
    /// A throttle for a hash pool with this many places, waiting and hashing; `None` without a limit.
    pub fn over(places: Option<usize>) -> Self {
        Self {
            hasher: RandomState::new(),
            doors: Memory::default(),
            pairs: Memory::default(),
            areas: Memory::default(),
            accounts: Memory::default(),
            under_way: Places::default(),
            shares: Shares::of(places),
            nodes: 1,
        }
    }

    /// Shares what is allowed among this many nodes, this one included.
    pub fn share(&mut self, nodes: u32) {
        self.nodes = nodes.max(1);
    }

    /// Admits an attempt immediately, counted as a failure for now. [`enter`] instead waits for attempts in progress.
    ///
    /// # Errors
    /// [`TurnedAway`] if it came too early or there is no place for it; it is not counted then.
    pub fn begin(
        &mut self,
        account: &str,
        caller: &Caller,
        standing: Standing,
        now: Timestamp,
    ) -> Result<Attempt, TurnedAway> {
        self.try_begin(account, caller, standing, now).map_err(|refusal| match refusal {
            Refusal::Wait(throttled) => TurnedAway::Throttled(throttled),
            Refusal::Behind(line) => line.when_full,
        })
    }

    /// The attempt signed the user in: the failures of this account through this door, and from this network, are
    /// forgotten.
    pub fn succeed(&mut self, attempt: Attempt, now: Timestamp) {
        let now = now.unix();
        let others = |place| self.under_way.count(&place).saturating_sub(1);
        let at_door = Failures { count: others(Place::Door(attempt.door)), last: now };
        let at_pair = Failures { count: others(Place::Pair(attempt.pair)), last: now };
        let slow = slow_at(now, self.nodes);
        self.doors.change(attempt.door, now, slow, |failures| *failures = at_door);
        if attempt.is_shared {
            let slow = slow_at(now, self.nodes);
            self.pairs.change(attempt.pair, now, slow, |failures| *failures = at_pair);
            self.lower_levels(attempt.pair);
        }
    }

    /// The password could not be verified, so this was no guess.
    pub fn withdraw(&mut self, attempt: Attempt) {
        let Attempt { began, before: (door_before, pair_before), .. } = attempt;
        self.doors.change_existing(&attempt.door, |failures| failures.take_back(began, door_before));
        if attempt.is_shared {
            self.pairs.change_existing(&attempt.pair, |failures| failures.take_back(began, pair_before));
            self.lower_levels(attempt.pair);
        }
    }

    fn lower_levels(&mut self, pair: Pair) {
        for area in Area::of(pair.network).into_iter().flatten() {
            self.areas.change_existing(&area, Level::lower);
        }
        self.accounts.change_existing(&pair.account, Level::lower);
    }

    fn try_begin(
        &mut self,
        account: &str,
        caller: &Caller,
        standing: Standing,
        now: Timestamp,
    ) -> Result<Attempt, Refusal> {
        let now = now.unix();
        let pair = Pair { account: self.hasher.hash_one(account), network: caller.network() };
        let door = Door { account: pair.account, through: Through::of(caller, standing) };
        self.check_door(door, now)?;
        self.check_shares(pair, standing)?;
        let is_alone = matches!(standing, Standing::Browser(_));
        let veil = if is_alone { None } else { self.check_what_is_shared(pair, now)? };
        let is_shared = !is_alone && veil.is_none();

        let before = (self.doors.peek(&door), self.pairs.peek(&pair));
        self.doors.change(door, now, slow_at(now, self.nodes), |failures| failures.add(now));
        if is_shared {
            self.count_what_is_shared(pair, now);
        }
        let parts = self.start(door, pair, standing, is_shared);
        let is_stranger = standing == Standing::Stranger;
        Ok(Attempt { door, pair, began: now, before, is_shared, is_stranger, veil, parts })
    }

    /// Whether another attempt is allowed at this door.
    fn check_door(&mut self, door: Door, now: i64) -> Result<(), Refusal> {
        let place = Place::Door(door);
        match self.doors.peek(&door).wait(now, self.under_way.count(&place), self.nodes) {
            Wait::None => Ok(()),
            Wait::Seconds(seconds) => Err(Refusal::Wait(Throttled::for_seconds(seconds))),
            Wait::ForOthers => Err(self.behind_failures(place)),
        }
    }

    /// Whether there is a place in the hash pool for one more caller of this standing.
    fn check_shares(&mut self, pair: Pair, standing: Standing) -> Result<(), Refusal> {
        let is_full = |(place, most)| (self.under_way.count(&place) >= most).then_some(place);
        let full = match standing {
            Standing::Browser(_) => is_full((Place::Browsers(pair.account), self.shares.of_browsers())),
            Standing::Stranger | Standing::Network => Area::of(pair.network)
                .into_iter()
                .flatten()
                .find_map(|area| is_full((Place::Share(area), self.shares.in_area(area, standing)))),
        };
        let full = full.or_else(|| {
            let strangers = (Place::Strangers, self.shares.of_strangers());
            if standing == Standing::Stranger { is_full(strangers) } else { None }
        });
        let Some(place) = full else { return Ok(()) };
        // Strangers who wait are bounded more closely, so that there is an end to what a network makes the server hold.
        let most = match standing {
            Standing::Stranger => self.shares.most_waiting(MOST_WAITING),
            Standing::Network | Standing::Browser(_) => MOST_WAITING,
        };
        Err(Refusal::Behind(Line { behind: self.under_way.at(place), most, when_full: TurnedAway::Busy }))
    }

    /// Which shared limit for strangers the attempt exceeds.
    fn check_what_is_shared(&mut self, pair: Pair, now: i64) -> Result<Option<Throttled>, Refusal> {
        let failures = self.pairs.peek(&pair);
        let under_way = self.under_way.count(&Place::Pair(pair));
        let mut waits = vec![(Place::Pair(pair), failures.wait(now, under_way, self.nodes))];
        let until_kept = failures.seconds_to_the_try_that_is_kept(now, self.nodes);
        if until_kept > 0 {
            for area in Area::of(pair.network).into_iter().flatten() {
                let place = Place::Area(area);
                let under_way = self.under_way.count(&place);
                let wait =
                    self.areas.peek(&area).wait(now, &area.allowance().shared_by(self.nodes), under_way);
                waits.push((place, wait.at_most(until_kept)));
            }
        }
        let place = Place::Account(pair.account);
        let under_way = self.under_way.count(&place);
        let account = ACCOUNT.shared_by(self.nodes);
        waits.push((place, self.accounts.peek(&pair.account).wait(now, &account, under_way)));

        let longest = waits.iter().filter_map(|(_, wait)| wait.seconds()).max();
        if let Some(seconds) = longest {
            return Ok(Some(Throttled::for_seconds(seconds)));
        }
        match waits.into_iter().find(|(_, wait)| *wait == Wait::ForOthers) {
            Some((place, _)) => Err(self.behind_failures(place)),
            None => Ok(None),
        }
    }

    fn count_what_is_shared(&mut self, pair: Pair, now: i64) {
        let nodes = self.nodes;
        self.pairs.change(pair, now, slow_at(now, nodes), |failures| failures.add(now));
        for area in Area::of(pair.network).into_iter().flatten() {
            let half_full = |area: &Area, level: &Level| {
                let allowance = area.allowance().shared_by(nodes);
                level.at(now, &allowance) >= allowance.most / 2
            };
            let allowance = area.allowance().shared_by(nodes);
            self.areas.change(area, now, half_full, |level| level.raise(now, &allowance, allowance.most));
        }
        let account = ACCOUNT.shared_by(nodes);
        let weighs = |_: &_, level: &Level| level.at(now, &account) >= WEIGHTY_ACCOUNT_LEVEL.div_ceil(nodes);
        self.accounts.change(pair.account, now, weighs, |level| level.raise(now, &account, account.most));
    }

    fn start(&mut self, door: Door, pair: Pair, standing: Standing, is_shared: bool) -> Vec<Part> {
        let areas = || Area::of(pair.network).into_iter().flatten();
        let mut places = Vec::new();
        match standing {
            Standing::Browser(_) => places.push(Place::Browsers(pair.account)),
            Standing::Stranger | Standing::Network => places.extend(areas().map(Place::Share)),
        }
        if standing == Standing::Stranger {
            places.push(Place::Strangers);
        }
        if is_shared {
            places.extend(areas().map(Place::Area));
            places.extend([Place::Account(pair.account), Place::Pair(pair)]);
        }
        // The door comes last, so that an attempt that is being dropped is under way there until it is nowhere else: what
        // counts at the door is never less than what counts for the network.
        places.push(Place::Door(door));
        places.into_iter().map(|place| self.under_way.start(place)).collect()
    }

    fn behind_failures(&mut self, place: Place) -> Refusal {
        let when_full = TurnedAway::Throttled(Throttled::for_seconds(1));
        Refusal::Behind(Line { behind: self.under_way.at(place), most: MOST_WAITING, when_full })
    }
}

/// Whether failures cause a wait, so that they are not dropped for others.
fn slow_at<K>(now: i64, nodes: u32) -> impl Fn(&K, &Failures) -> bool {
    move |_, failures| failures.slow_somebody(now, nodes)
}

impl Throttled {
    fn for_seconds(seconds: u32) -> Self {
        Self { retry_after: Duration::from_secs(seconds.into()) }
    }
}

impl From<Throttled> for OAuthError {
    fn from(throttled: Throttled) -> Self {
        Self::Throttled { retry_after: throttled.retry_after }
    }
}
