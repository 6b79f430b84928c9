//! Slows the guessing of passwords, and cannot be used to lock somebody out.
//!
//! **Who asks.** A caller is known for an account by the browser that signed in to it before ([`Standing::Browser`]) or by
//! the network that did ([`Standing::Network`]). Every other caller is a stranger. Known callers are not touched by the
//! failures of others; their own count.
//!
//! **Before a password is looked at:**
//! - *One account through one door* has five free failures: a door is a browser that is known, else an IPv4 address or an
//!   IPv6 network. After them each attempt has to wait: one second since the last failure, then two, four, and so on up to a
//!   minute. Signing in clears it, and so does a quarter of an hour without an attempt. An attempt that came too early is
//!   refused without counting, so hammering does not lengthen the wait.
//! - *Places in the hash queue* are shared out ([`NETWORK_SHARE`]), so that made-up names do not fill it.
//!
//! **What a stranger cannot get past, even with the right password:**
//! - *One account tried from one network* is slowed as through one door, over all addresses of the network.
//! - *One network* may fail fifty times at once over all accounts, and once a second from then on; an IPv6 site (a /48,
//!   which anybody can have 65,536 networks in) five hundred times, and ten times a second from then on. Beyond that each
//!   account still has a try a minute there, which failures at other accounts do not take.
//! - *One account* may fail a hundred times at once over all networks, and a hundred times an hour from then on, however many
//!   networks join.
//!
//! An attempt that one of these limits holds up is *veiled*: its password is verified like any other, and then the answer is
//! that it came too early. Only somebody who is known by their network gets past a veil, and only with the right password.
//! So the answer to a wrong one is the same, after the same work, whether the account exists, and whether it has ever signed
//! in from there. A veiled attempt counts at its door and nowhere else: it holds nobody up.
//!
//! An attempt counts as a failure from its beginning, and success takes that back: a thousand guesses sent at once are
//! not a thousand guesses before the first is counted. [`enter`] lets an attempt that only others under way stand in the
//! way of wait for them, so that a thousand sign-ins with the right password at once are not refused either.
//!
//! Accounts that do not exist are treated like those that do. The memory is bounded and does not outlive the process; what
//! slows somebody is never forgotten for the sake of names that were just made up ([`REMEMBERED`]).

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
    DEVICE_AUTHORIZATIONS, KEPT_REQUESTS, RECORDED_THROTTLING, REGISTRATION_CHANGES, REMEMBERED_IDENTIFIERS,
    SECTORS_FETCHED, WRONG_USER_CODES,
};
pub use self::shares::{ACCOUNT_SHARE, KEPT_FROM_STRANGERS, NETWORK_SHARE, SITE_SHARE};
pub use self::under_way::MOST_WAITING;

/// Failures of an account through one door, or from one network, before waiting begins.
pub const FREE_FAILURES: u32 = 5;
/// The longest wait between two attempts, in seconds. Failures at other accounts never make one wait longer.
pub const LONGEST_WAIT_SECONDS: u32 = 60;
/// Failures of one network, over all accounts, before it has to slow down to one a second.
pub const NETWORK_FAILURES: u32 = 50;
/// Failures of one IPv6 site, over all its networks and all accounts, before it has to slow down to ten a second.
pub const SITE_FAILURES: u32 = 500;
/// Failures of strangers at one account, over all networks: so many at once, and so many an hour from then on.
pub const ACCOUNT_FAILURES_PER_HOUR: u32 = 100;

const ACCOUNT: Allowance =
    Allowance { most: ACCOUNT_FAILURES_PER_HOUR, falls: 1, every: 3600 / ACCOUNT_FAILURES_PER_HOUR };
/// From this level on the failures at an account are not forgotten for others: spread over made-up names, as many failures
/// for each would take a guesser longer than the level takes to fall.
const WEIGHTY_ACCOUNT_LEVEL: u32 = FREE_FAILURES;

/// How an account knows the one who asks for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Not at all.
    Stranger,
    /// It has signed in from this network before.
    Network,
    /// It has signed in at this browser before.
    Browser([u8; 16]),
}

/// Remembers failures.
#[derive(Debug)]
pub struct Throttle {
    /// Names are kept as keyed hashes: what was typed into a name field is sometimes a password.
    hasher: RandomState,
    doors: Memory<Door, Failures>,
    pairs: Memory<Pair, Failures>,
    areas: Memory<Area, Level>,
    accounts: Memory<u64, Level>,
    under_way: Places<Place>,
    shares: Shares,
}

/// An attempt that was let through. [`Throttle::succeed`] or [`Throttle::withdraw`] takes it back; dropping it leaves it
/// counted as a failure.
#[derive(Debug)]
#[must_use = "an attempt counts as a failure until it is taken back"]
pub struct Attempt {
    door: Door,
    pair: Pair,
    began: i64,
    /// The failures before it, at the door and at the pair.
    before: (Failures, Failures),
    /// Whether it counts in what callers share, and not only at its door.
    is_shared: bool,
    is_stranger: bool,
    veil: Option<Throttled>,
    /// Holds it under way until it is dropped.
    parts: Vec<Part>,
}

impl Attempt {
    /// Whether the right password signs in. Otherwise the work is done for nothing but to look like any other.
    pub fn may_succeed(&self) -> bool {
        self.veil.is_none() || !self.is_stranger
    }

    /// What a failure is answered: nothing where it is told as one.
    pub fn veil(&self) -> Option<Throttled> {
        self.veil
    }

    /// Whether it is one of these, so that its end wakes the next who waits for one of them to end.
    fn is_one_of(&self, under_way: &Arc<UnderWay>) -> bool {
        self.parts.iter().any(|part| part.is_of(under_way))
    }
}

/// The attempt came too early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Throttled {
    /// When the next attempt is welcome, at least a second.
    pub retry_after: Duration,
}

impl Default for Throttle {
    fn default() -> Self {
        Self::over(None)
    }
}

impl Throttle {
    /// A throttle before a queue where so many passwords may wait and be hashed; `None` where there is no bound.
    pub fn over(places: Option<usize>) -> Self {
        Self {
            hasher: RandomState::new(),
            doors: Memory::default(),
            pairs: Memory::default(),
            areas: Memory::default(),
            accounts: Memory::default(),
            under_way: Places::default(),
            shares: Shares::of(places),
        }
    }

    /// Lets an attempt through at once, counted as a failure for now. [`enter`] rather waits for attempts under way.
    ///
    /// # Errors
    /// [`TurnedAway`] when it came too early or there is no place for it; it is not counted then.
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

    /// The attempt signed the user in: what this account did wrong through this door, and from this network, is forgotten.
    pub fn succeed(&mut self, attempt: Attempt, now: Timestamp) {
        let now = now.unix();
        let others = |place| self.under_way.count(&place).saturating_sub(1);
        let at_door = Failures { count: others(Place::Door(attempt.door)), last: now };
        let at_pair = Failures { count: others(Place::Pair(attempt.pair)), last: now };
        self.doors.change(attempt.door, now, slow_at(now), |failures| *failures = at_door);
        if attempt.is_shared {
            self.pairs.change(attempt.pair, now, slow_at(now), |failures| *failures = at_pair);
            self.lower_levels(attempt.pair);
        }
    }

    /// The attempt could not be looked at, so it was no guess.
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
        self.doors.change(door, now, slow_at(now), |failures| failures.add(now));
        if is_shared {
            self.count_what_is_shared(pair, now);
        }
        let parts = self.start(door, pair, standing, is_shared);
        let is_stranger = standing == Standing::Stranger;
        Ok(Attempt { door, pair, began: now, before, is_shared, is_stranger, veil, parts })
    }

    /// Whether one more attempt may be made at this door.
    fn check_door(&mut self, door: Door, now: i64) -> Result<(), Refusal> {
        let place = Place::Door(door);
        match self.doors.peek(&door).wait(now, self.under_way.count(&place)) {
            Wait::None => Ok(()),
            Wait::Seconds(seconds) => Err(Refusal::Wait(Throttled::for_seconds(seconds))),
            Wait::ForOthers => Err(self.behind_failures(place)),
        }
    }

    /// Whether there is a place to hash for one more of this standing.
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

    /// What holds the attempt up of what strangers share.
    fn check_what_is_shared(&mut self, pair: Pair, now: i64) -> Result<Option<Throttled>, Refusal> {
        let failures = self.pairs.peek(&pair);
        let mut waits =
            vec![(Place::Pair(pair), failures.wait(now, self.under_way.count(&Place::Pair(pair))))];
        let until_kept = failures.seconds_to_the_try_that_is_kept(now);
        if until_kept > 0 {
            for area in Area::of(pair.network).into_iter().flatten() {
                let place = Place::Area(area);
                let under_way = self.under_way.count(&place);
                let wait = self.areas.peek(&area).wait(now, &area.allowance(), under_way);
                waits.push((place, wait.at_most(until_kept)));
            }
        }
        let place = Place::Account(pair.account);
        let under_way = self.under_way.count(&place);
        waits.push((place, self.accounts.peek(&pair.account).wait(now, &ACCOUNT, under_way)));

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
        self.pairs.change(pair, now, slow_at(now), |failures| failures.add(now));
        for area in Area::of(pair.network).into_iter().flatten() {
            let half_full = |area: &Area, level: &Level| {
                let allowance = area.allowance();
                level.at(now, &allowance) >= allowance.most / 2
            };
            let allowance = area.allowance();
            self.areas.change(area, now, half_full, |level| level.raise(now, &allowance, allowance.most));
        }
        let weighs = |_: &_, level: &Level| level.at(now, &ACCOUNT) >= WEIGHTY_ACCOUNT_LEVEL;
        self.accounts.change(pair.account, now, weighs, |level| level.raise(now, &ACCOUNT, ACCOUNT.most));
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

/// Whether failures slow somebody, so that they are not forgotten for others.
fn slow_at<K>(now: i64) -> impl Fn(&K, &Failures) -> bool {
    move |_, failures| failures.slow_somebody(now)
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
