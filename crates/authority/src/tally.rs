//! Counts events for monitoring. Counting costs an atomic addition: no lock, no allocation, no look-up.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A number that only grows.
#[derive(Debug, Default)]
pub struct Count(AtomicU64);

impl Count {
    /// Counts one.
    pub fn add_one(&self) {
        self.add(1);
    }

    /// Counts several.
    pub fn add(&self, number: u64) {
        self.0.fetch_add(number, Ordering::Relaxed);
    }

    /// The number so far.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// The upper bounds that durations are sorted by, in microseconds. Longer ones are counted last.
pub const DURATION_BOUNDS: [u64; 15] = [
    100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000,
    2_500_000, 10_000_000,
];

/// How many durations lay below each bound, and their sum.
#[derive(Debug, Default)]
pub struct Durations {
    buckets: [AtomicU64; DURATION_BOUNDS.len() + 1],
    /// In microseconds.
    sum: AtomicU64,
}

/// A reading of [`Durations`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DurationsRead {
    /// How many durations lay at or below each of [`DURATION_BOUNDS`] and above the bound before; the rest last.
    pub buckets: [u64; DURATION_BOUNDS.len() + 1],
    /// Their sum in microseconds.
    pub sum: u64,
}

impl Durations {
    /// Counts a duration.
    pub fn add(&self, duration: Duration) {
        let micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        let bucket = DURATION_BOUNDS.partition_point(|bound| *bound < micros);
        self.buckets[bucket].fetch_add(1, Ordering::Relaxed);
        self.sum.fetch_add(micros, Ordering::Relaxed);
    }

    /// What was counted so far.
    pub fn read(&self) -> DurationsRead {
        let buckets = std::array::from_fn(|bucket| self.buckets[bucket].load(Ordering::Relaxed));
        DurationsRead { buckets, sum: self.sum.load(Ordering::Relaxed) }
    }
}

/// A stable name for each thing that is counted, and its place among them.
macro_rules! counted {
    ($(#[$doc:meta])* $name:ident { $($(#[$of:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name {
            $($(#[$of])* $variant,)+
        }

        impl $name {
            /// All of them, in their order.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// Its stable name.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }
        }
    };
}

counted! {
    /// What became of a refresh token that this authority made.
    RefreshOutcome {
        /// The grant advanced to the next generation.
        Advanced = "advanced",
        /// Within the grace, the current token was handed out again.
        StoodStill = "stood_still",
        /// A spent token whose key was proved got the current token again.
        KeyHeld = "key_held",
        /// A lost response was excused.
        Excused = "excused",
        /// The token was ahead of the store, which went back in time.
        CaughtUp = "caught_up",
        /// A spent token was replayed, and the grant ended.
        Replayed = "replayed",
        /// The grant has ended, or is another client's or an inactive user's.
        Refused = "refused",
        /// There is no such grant.
        Unknown = "unknown",
        /// The store could not answer.
        Failed = "failed",
    }
}

counted! {
    /// What became of a password, or of a second factor.
    SignInOutcome {
        /// It was the right one.
        Succeeded = "succeeded",
        /// It was the right one, and a second factor is still required. What becomes of that is counted in its turn.
        SecondFactorRequired = "second_factor_required",
        /// It was wrong, or the user is unknown or inactive.
        Refused = "refused",
        /// It came too early after others.
        Throttled = "throttled",
        /// Too many wait to be hashed.
        Busy = "busy",
        /// Something failed.
        Failed = "failed",
    }
}

/// What happened in an authority since it was opened.
#[derive(Debug, Default)]
pub struct Tally {
    refreshes: [Count; RefreshOutcome::ALL.len()],
    sign_ins: [Count; SignInOutcome::ALL.len()],
}

impl Tally {
    /// How many refreshes had this outcome.
    pub fn refreshes(&self, outcome: RefreshOutcome) -> u64 {
        self.refreshes[outcome as usize].get()
    }

    /// How many passwords and second factors had this outcome.
    pub fn sign_ins(&self, outcome: SignInOutcome) -> u64 {
        self.sign_ins[outcome as usize].get()
    }

    pub(crate) fn count_refresh(&self, outcome: RefreshOutcome) {
        self.refreshes[outcome as usize].add_one();
    }

    pub(crate) fn count_sign_in(&self, outcome: SignInOutcome) {
        self.sign_ins[outcome as usize].add_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_counted_at_the_first_bound_that_it_does_not_exceed() {
        let durations = Durations::default();
        for micros in [0, 100, 101, 10_000_000, 10_000_001] {
            durations.add(Duration::from_micros(micros));
        }
        let read = durations.read();
        let last = DURATION_BOUNDS.len();
        assert_eq!((read.buckets[0], read.buckets[1]), (2, 1));
        assert_eq!((read.buckets[last - 1], read.buckets[last]), (1, 1));
        assert_eq!(read.buckets.iter().sum::<u64>(), 5);
        assert_eq!(read.sum, 20_000_202);
    }

    #[test]
    fn bounds_grow() {
        assert!(DURATION_BOUNDS.is_sorted_by(|a, b| a < b));
    }
}
