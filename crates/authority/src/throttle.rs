//! Slows the guessing of passwords, and cannot be used to lock somebody out.
//!
//! - **An account tried from one network** has five free failures. After them each attempt has to wait: one second since
//!   the last failure, then two, four, and so on up to a minute. Signing in clears it. An attempt that came too early is
//!   refused without counting, so hammering does not lengthen the wait.
//! - **One network** may fail fifty times at once over all accounts, and once a second from then on. Only failures count:
//!   an office behind one address is not slowed by its own successes.
//! - **An account tried from many networks** (more than a hundred failures an hour) leaves only one free failure to
//!   networks that it has not signed in from. It is never zero, and failures elsewhere never make a network wait: the
//!   owner of an account can always try again within a minute, whatever others do from other networks.
//!
//! An attempt counts as a failure from its beginning, and success takes that back: a thousand guesses sent at once are
//! not a thousand guesses before the first is counted. Accounts that do not exist are treated like those that do.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};
use std::time::Duration;

use jeton_jose::Timestamp;

use crate::Network;

/// Failures of an account from one network before waiting begins.
pub const FREE_FAILURES: u32 = 5;
/// The same for a network that is new to an account that is being guessed at from many.
pub const FREE_FAILURES_UNDER_ATTACK: u32 = 1;
/// The longest wait between two attempts, in seconds.
pub const LONGEST_WAIT_SECONDS: u32 = 60;
/// Failures of one network, over all accounts, before it has to slow down to one a second.
pub const NETWORK_FAILURES: u32 = 50;
/// Failures of one account within an hour, over all networks, from which on it counts as being guessed at.
pub const ACCOUNT_FAILURES_PER_HOUR: u32 = 100;
/// How many entries of each kind are remembered at most: twice this. The longest unused go first.
pub const REMEMBERED: usize = 65_536;

/// Remembers failures. Its memory is bounded and does not outlive the process.
#[derive(Debug, Default)]
pub struct Throttle {
    /// Names are kept as keyed hashes: what was typed into a name field is sometimes a password.
    hasher: RandomState,
    pairs: Generations<Pair, Failures>,
    networks: Generations<Network, Leaky>,
    accounts: Generations<u64, Leaky>,
}

/// An attempt that was let through. Exactly one of [`Throttle::succeed`] and [`Throttle::withdraw`] may take it back;
/// dropping it leaves it counted as a failure.
#[derive(Debug)]
#[must_use = "an attempt counts as a failure until it is taken back"]
pub struct Attempt {
    pair: Pair,
}

/// The attempt came too early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Throttled {
    /// When the next attempt is welcome, at least a second.
    pub retry_after: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Pair {
    account: u64,
    network: Network,
}

/// What one account did from one network.
#[derive(Debug, Clone, Copy, Default)]
struct Failures {
    count: u32,
    last: i64,
    has_signed_in: bool,
}

impl Throttle {
    /// Lets an attempt through, counted as a failure for now.
    ///
    /// # Errors
    /// [`Throttled`] when it came too early; it is not counted then.
    pub fn begin(&mut self, account: &str, network: Network, now: Timestamp) -> Result<Attempt, Throttled> {
        let now = now.unix();
        let pair = Pair { account: self.hasher.hash_one(account), network };
        let under_attack =
            self.accounts.get(pair.account).level(now, ACCOUNT_LEAK) > ACCOUNT_FAILURES_PER_HOUR;

        let failures = self.pairs.get(pair);
        if failures.last > now {
            // The clock went back; a wait must not last until it has caught up.
            failures.last = now;
        }
        let wait = i64::from(failures.wait(under_attack)) - (now - failures.last);
        if wait > 0 {
            return Err(Throttled { retry_after: Duration::from_secs(wait.unsigned_abs()) });
        }
        if self.networks.get(network).level(now, NETWORK_LEAK) >= NETWORK_FAILURES {
            return Err(Throttled { retry_after: Duration::from_secs(1) });
        }

        let failures = self.pairs.get(pair);
        failures.count = failures.count.saturating_add(1);
        failures.last = now;
        self.networks.get(network).add(now, NETWORK_LEAK);
        self.accounts.get(pair.account).add(now, ACCOUNT_LEAK);
        Ok(Attempt { pair })
    }

    /// The attempt signed the user in: what this account did wrong from this network is forgotten.
    pub fn succeed(&mut self, attempt: Attempt, now: Timestamp) {
        *self.pairs.get(attempt.pair) = Failures { count: 0, last: now.unix(), has_signed_in: true };
        self.take_back(attempt.pair);
    }

    /// The attempt could not be looked at, so it was no guess.
    pub fn withdraw(&mut self, attempt: Attempt) {
        let failures = self.pairs.get(attempt.pair);
        failures.count = failures.count.saturating_sub(1);
        self.take_back(attempt.pair);
    }

    fn take_back(&mut self, pair: Pair) {
        self.networks.get(pair.network).take_back();
        self.accounts.get(pair.account).take_back();
    }
}

impl Failures {
    /// How many seconds after the last failure the next attempt is welcome.
    fn wait(&self, under_attack: bool) -> u32 {
        let free =
            if under_attack && !self.has_signed_in { FREE_FAILURES_UNDER_ATTACK } else { FREE_FAILURES };
        match self.count.checked_sub(free) {
            None => 0,
            Some(beyond) => 1_u32.checked_shl(beyond).unwrap_or(u32::MAX).clamp(1, LONGEST_WAIT_SECONDS),
        }
    }
}

/// Seconds in which a network's level falls by one.
const NETWORK_LEAK: i64 = 1;
/// Seconds in which an account's level falls by one: the limit is forgotten within an hour.
const ACCOUNT_LEAK: i64 = 3600 / ACCOUNT_FAILURES_PER_HOUR as i64;

/// A level that rises with each failure and falls with time.
#[derive(Debug, Clone, Copy, Default)]
struct Leaky {
    level: u32,
    since: i64,
}

impl Leaky {
    fn level(&mut self, now: i64, seconds_per_unit: i64) -> u32 {
        let leaked = (now - self.since) / seconds_per_unit;
        if leaked < 0 || self.level == 0 {
            self.since = now;
        } else {
            self.level = self.level.saturating_sub(u32::try_from(leaked).unwrap_or(u32::MAX));
            self.since += leaked * seconds_per_unit;
        }
        self.level
    }

    fn add(&mut self, now: i64, seconds_per_unit: i64) {
        self.level = self.level(now, seconds_per_unit).saturating_add(1);
    }

    fn take_back(&mut self) {
        self.level = self.level.saturating_sub(1);
    }
}

/// A map that forgets what has not been used for long: when the young half is full it becomes the old half, and what was
/// old is forgotten.
#[derive(Debug)]
struct Generations<K, V> {
    young: HashMap<K, V>,
    old: HashMap<K, V>,
}

impl<K, V> Default for Generations<K, V> {
    fn default() -> Self {
        Self { young: HashMap::new(), old: HashMap::new() }
    }
}

impl<K: Copy + Eq + Hash, V: Default> Generations<K, V> {
    /// The entry of `key`, which counts as used.
    fn get(&mut self, key: K) -> &mut V {
        if self.young.len() >= REMEMBERED && !self.young.contains_key(&key) {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.entry(key).or_insert_with(|| self.old.remove(&key).unwrap_or_default())
    }
}
