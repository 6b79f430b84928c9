//! How many wrong codes a user may present. The counters are stored with the user's factors, so they are the same for every
//! node, every entrance and every sign-in, and outlive a restart.
//!
//! Only those who know the password get as far as a code. So that somebody who has guessed it cannot keep the user out, the
//! browsers that the user signed in with before have a counter of their own, and so have recovery codes, which are too long to
//! be guessed.

use std::time::Duration;

use jeton_jose::Timestamp;
use serde::{Deserialize, Serialize};

use super::CodesFrom;

/// How many wrong codes of an app are free.
pub const FREE_CODES: u32 = 5;
/// How many wrong recovery codes are free.
pub const FREE_RECOVERY_CODES: u32 = 10;
/// The wait after the first wrong code that is not free. It doubles with each further one …
const FIRST_WAIT: i64 = 30;
/// … until it is this long. So at most 24 codes a day are guessed, of a million.
pub const LONGEST_WAIT: Duration = Duration::from_secs(60 * 60);
/// The wait after each wrong recovery code that is not free.
pub const RECOVERY_WAIT: Duration = Duration::from_secs(10);
/// After this many seconds without another one, wrong codes are forgotten.
const FORGOTTEN_AFTER: i64 = 24 * 3600;

/// The wrong codes of a user.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Tries {
    #[serde(skip_serializing_if = "Failures::is_empty")]
    strangers: Failures,
    #[serde(skip_serializing_if = "Failures::is_empty")]
    known: Failures,
    #[serde(skip_serializing_if = "Failures::is_empty")]
    recovery: Failures,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Failures {
    count: u32,
    /// When the last one was, in seconds since 1970.
    last: i64,
}

/// What is counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Counter {
    /// Codes of an app.
    Codes(CodesFrom),
    /// Recovery codes.
    Recovery,
}

impl Tries {
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// When the next code may be presented, if not now.
    pub(super) fn wait(&self, counter: Counter, now: Timestamp) -> Option<Duration> {
        let failures = self.of(counter).at(now);
        let wait = match counter {
            Counter::Codes(_) => match failures.count.checked_sub(FREE_CODES) {
                None => 0,
                Some(beyond) => (FIRST_WAIT << beyond.min(16)).min(LONGEST_WAIT.as_secs().cast_signed()),
            },
            Counter::Recovery if failures.count < FREE_RECOVERY_CODES => 0,
            Counter::Recovery => RECOVERY_WAIT.as_secs().cast_signed(),
        };
        let left = wait - (now.unix() - failures.last);
        (left > 0).then(|| Duration::from_secs(left.unsigned_abs()))
    }

    /// Counts a wrong code.
    pub(super) fn fail(&mut self, counter: Counter, now: Timestamp) {
        let failures = self.of_mut(counter);
        *failures = Failures { count: failures.at(now).count.saturating_add(1), last: now.unix() };
    }

    /// A right code makes those before it forgotten.
    pub(super) fn succeed(&mut self, counter: Counter) {
        *self.of_mut(counter) = Failures::default();
    }

    fn of(&self, counter: Counter) -> Failures {
        match counter {
            Counter::Codes(CodesFrom::Strangers) => self.strangers,
            Counter::Codes(CodesFrom::KnownBrowser) => self.known,
            Counter::Recovery => self.recovery,
        }
    }

    fn of_mut(&mut self, counter: Counter) -> &mut Failures {
        match counter {
            Counter::Codes(CodesFrom::Strangers) => &mut self.strangers,
            Counter::Codes(CodesFrom::KnownBrowser) => &mut self.known,
            Counter::Recovery => &mut self.recovery,
        }
    }
}

impl Failures {
    fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// What counts of them at `now`. If the clock was set back, a wait must not last until it has caught up.
    fn at(self, now: Timestamp) -> Self {
        let last = self.last.min(now.unix());
        if now.unix() - last >= FORGOTTEN_AFTER { Self::default() } else { Self { last, ..self } }
    }
}

#[cfg(test)]
mod tests {
    use super::super::example::at;
    use super::*;

    const STRANGERS: Counter = Counter::Codes(CodesFrom::Strangers);
    const KNOWN: Counter = Counter::Codes(CodesFrom::KnownBrowser);

    fn failed(counter: Counter, times: u32, second: i64) -> Tries {
        let mut tries = Tries::default();
        (0..times).for_each(|_| tries.fail(counter, at(second)));
        tries
    }

    fn wait(tries: &Tries, counter: Counter, second: i64) -> u64 {
        tries.wait(counter, at(second)).map_or(0, |wait| wait.as_secs())
    }

    #[test]
    fn a_few_codes_are_free_and_then_each_waits_longer() {
        for (count, seconds) in [(4, 0), (5, 30), (6, 60), (7, 120), (11, 1920), (12, 3600), (200, 3600)] {
            assert_eq!(wait(&failed(STRANGERS, count, 0), STRANGERS, 0), seconds, "{count}");
        }
        let tries = failed(STRANGERS, 5, 0);
        assert_eq!((wait(&tries, STRANGERS, 29), wait(&tries, STRANGERS, 30)), (1, 0));
    }

    #[test]
    fn each_counter_is_one_of_its_own() {
        let tries = failed(STRANGERS, 50, 0);
        assert_eq!((wait(&tries, KNOWN, 0), wait(&tries, Counter::Recovery, 0)), (0, 0));
        let tries = failed(Counter::Recovery, 50, 0);
        assert_eq!((wait(&tries, KNOWN, 0), wait(&tries, Counter::Recovery, 1)), (0, 9));
        assert_eq!(wait(&failed(Counter::Recovery, 9, 0), Counter::Recovery, 0), 0);
    }

    #[test]
    fn wrong_codes_are_forgotten_after_a_right_one_and_after_a_day() {
        let mut tries = failed(KNOWN, 50, 0);
        assert_eq!((wait(&tries, KNOWN, 3599), wait(&tries, KNOWN, 3600)), (1, 0));
        tries.fail(KNOWN, at(24 * 3600));
        assert_eq!(wait(&tries, KNOWN, 24 * 3600), 0, "the first one of another day");
        tries = failed(KNOWN, 50, 0);
        tries.succeed(KNOWN);
        assert!(tries.is_empty());
    }

    #[test]
    fn a_clock_that_was_set_back_delays_nobody_for_longer() {
        assert_eq!(wait(&failed(KNOWN, 5, 100_000), KNOWN, 0), 30);
    }
}
