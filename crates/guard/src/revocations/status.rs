//! The state of the connection to the feed, and what guards do without one.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// How long the connection may be lost before the guard counts as cut off. A restart takes less time.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// What guards do while they are cut off from the feed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WhenCutOff {
    /// They refuse what is known to be revoked, and accept other tokens until those expire, as without a feed.
    #[default]
    CarryOn,
    /// They refuse every token (503) until the feed is back.
    Refuse,
}

/// The state of the connection to the feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FeedState {
    /// The first connection is not complete yet.
    Connecting,
    /// The guard is up to date, or was a few seconds ago.
    Heard,
    /// The connection has been lost.
    CutOff,
}

impl FeedState {
    /// Its stable name, for metrics and logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Connecting => "connecting",
            Self::Heard => "heard",
            Self::CutOff => "cut_off",
        }
    }
}

/// The status of [`Revocations`](super::Revocations).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RevocationsStatus {
    /// The state of the connection.
    pub state: FeedState,
    /// How long ago anything was received, including heartbeats; `None` before the first time.
    pub last_heard: Option<Duration>,
    /// The number of sessions, clients and single tokens that are remembered as revoked or changed.
    pub sessions: usize,
}

/// The state of the connection, with its times.
#[derive(Debug)]
pub(super) struct Hearing {
    state: AtomicU8,
    times: Mutex<Times>,
}

#[derive(Debug, Default)]
struct Times {
    heard: Option<Instant>,
    lost: Option<Instant>,
}

impl Hearing {
    pub(super) fn new() -> Self {
        Self { state: AtomicU8::new(FeedState::Connecting as u8), times: Mutex::default() }
    }

    pub(super) fn state(&self) -> FeedState {
        match self.state.load(Ordering::Relaxed) {
            0 => FeedState::Connecting,
            1 => FeedState::Heard,
            _ => FeedState::CutOff,
        }
    }

    pub(super) fn last_heard(&self) -> Option<Duration> {
        self.times().heard.map(|at| at.elapsed())
    }

    /// Something was received.
    pub(super) fn heard(&self) {
        self.times().heard = Some(Instant::now());
    }

    /// The guard is up to date. Returns whether the state changed.
    pub(super) fn in_step(&self) -> bool {
        self.times().lost = None;
        self.change(FeedState::Heard)
    }

    /// The connection ended.
    pub(super) fn lost(&self) {
        self.times().lost.get_or_insert_with(Instant::now);
    }

    /// Whether the connection has been lost for too long; returns `true` once.
    pub(super) fn is_newly_cut_off(&self) -> bool {
        let lost_for_long = self.times().lost.is_some_and(|at| at.elapsed() >= PATIENCE);
        lost_for_long && self.cut_off()
    }

    /// The guard is no longer up to date. Returns whether the state changed; it does not before the first connection is complete.
    pub(super) fn cut_off(&self) -> bool {
        self.state() == FeedState::Heard && self.change(FeedState::CutOff)
    }

    fn change(&self, to: FeedState) -> bool {
        self.state.swap(to as u8, Ordering::Relaxed) != to as u8
    }

    fn times(&self) -> MutexGuard<'_, Times> {
        self.times.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_short_interruption_is_none_and_a_long_one_is_told_once() {
        let hearing = Hearing::new();
        hearing.lost();
        tokio::time::advance(PATIENCE).await;
        assert!(!hearing.is_newly_cut_off(), "there was nothing to lose");
        assert_eq!(hearing.state(), FeedState::Connecting);
        assert!(hearing.in_step() && !hearing.in_step());
        hearing.lost();
        tokio::time::advance(PATIENCE - Duration::from_millis(1)).await;
        hearing.lost();
        assert!(!hearing.is_newly_cut_off());
        assert_eq!(hearing.state(), FeedState::Heard);
        tokio::time::advance(Duration::from_millis(1)).await;
        assert!(hearing.is_newly_cut_off() && !hearing.is_newly_cut_off());
        assert_eq!(hearing.state(), FeedState::CutOff);
        assert!(hearing.in_step());
        assert_eq!(hearing.state(), FeedState::Heard);
    }
}
