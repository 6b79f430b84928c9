//! The only module that reads the system's time.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jeton_jose::Timestamp;

/// A clock: the system's, or one that a test sets.
#[derive(Debug, Clone)]
pub struct Clock(Source);

#[derive(Debug, Clone)]
enum Source {
    System,
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// The system's clock.
    pub const fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that stays at `now` until its [`ClockHand`] moves it.
    pub fn manual(now: Timestamp) -> (Self, ClockHand) {
        let seconds = Arc::new(AtomicI64::new(now.unix()));
        (Self(Source::Manual(Arc::clone(&seconds))), ClockHand(seconds))
    }

    /// The time in whole seconds. A system clock before 1970 reads as 1970.
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            Source::System => Timestamp::from_unix(system_seconds()),
            Source::Manual(seconds) => Timestamp::from_unix(seconds.load(Ordering::Relaxed)),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the one place that asks the system for the time")]
fn system_seconds() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}

/// A time as people read it (RFC 3339, UTC).
pub(crate) fn date(at: Timestamp) -> String {
    let since = Duration::from_secs(at.unix().max(0).unsigned_abs());
    humantime::format_rfc3339_seconds(UNIX_EPOCH + since).to_string()
}

/// The system's time in nanoseconds since 1970, for what is measured.
#[cfg(feature = "otlp")]
#[expect(clippy::disallowed_methods, reason = "this is the one place that asks the system for the time")]
pub(crate) fn unix_nanos() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

/// Moves a manual [`Clock`].
#[derive(Debug, Clone)]
pub struct ClockHand(Arc<AtomicI64>);

impl ClockHand {
    /// Sets the clock, forwards or back.
    pub fn set(&self, now: Timestamp) {
        self.0.store(now.unix(), Ordering::Relaxed);
    }

    /// Moves the clock by this many seconds, forwards or back.
    pub fn step(&self, seconds: i64) {
        let now = self.0.load(Ordering::Relaxed);
        self.set(Timestamp::from_unix(now.saturating_add(seconds)));
    }
}
