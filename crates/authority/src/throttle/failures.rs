//! Failures at one account, and the resulting wait.

use super::{FREE_FAILURES, LONGEST_WAIT_SECONDS};

/// After this many seconds without an attempt, failures are forgotten. Waiting for that gains nothing: one attempt per
/// minute would have been more.
pub const FORGOTTEN_AFTER_SECONDS: i64 = 15 * 60;

/// Failures at one account from one origin.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Failures {
    /// Failures since the last success, including attempts in progress.
    pub(super) count: u32,
    /// When the last one began, in seconds since 1970.
    pub(super) last: i64,
}

/// Whether another attempt is allowed after failures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wait {
    /// It is allowed.
    None,
    /// It is allowed only if attempts in progress do not fail.
    ForOthers,
    /// It is allowed after this many seconds.
    Seconds(u32),
}

impl Failures {
    /// The remaining failures at `now`. If the clock was set back, a wait must not last until the clock has caught up.
    pub(super) fn at(self, now: i64) -> Self {
        let last = self.last.min(now);
        if now - last >= FORGOTTEN_AFTER_SECONDS { Self::default() } else { Self { last, ..self } }
    }

    /// Adds a failure that begins at `now`.
    pub(super) fn add(&mut self, now: i64) {
        let before = self.at(now);
        *self = Self { count: before.count.saturating_add(1), last: now };
    }

    /// Removes a failure that began at `began`, when the state was `before`.
    pub(super) fn take_back(&mut self, began: i64, before: Self) {
        self.count = self.count.saturating_sub(1);
        // Others may have begun in the same second, and theirs stays the last then.
        if self.last == began && self.count <= before.count {
            self.last = before.last;
        }
    }

    /// Whether another attempt is allowed, while this many are in progress, at one of this many nodes.
    pub(super) fn wait(self, now: i64, under_way: u32, nodes: u32) -> Wait {
        let failures = self.at(now);
        let wait = i64::from(wait_after(failures.count.saturating_sub(under_way), nodes));
        match u32::try_from(wait - (now - failures.last)) {
            Ok(seconds @ 1..) => Wait::Seconds(seconds),
            _ if under_way > 0 && failures.count >= free_failures(nodes) => Wait::ForOthers,
            _ => Wait::None,
        }
    }

    /// Seconds until the last failure is as long ago as the longest wait; 0 if it is.
    pub(super) fn seconds_to_the_try_that_is_kept(self, now: i64, nodes: u32) -> u32 {
        let failures = self.at(now);
        let since = u32::try_from(now - failures.last).unwrap_or(u32::MAX);
        if failures.count == 0 { 0 } else { LONGEST_WAIT_SECONDS.saturating_mul(nodes).saturating_sub(since) }
    }

    /// Whether the failures cause a wait, so that forgetting them would help an attacker.
    pub(super) fn slow_somebody(self, now: i64, nodes: u32) -> bool {
        self.at(now).count >= free_failures(nodes)
    }
}

/// How many failures one of this many nodes allows before attempts must wait.
const fn free_failures(nodes: u32) -> u32 {
    FREE_FAILURES.div_ceil(nodes)
}

/// How many seconds after the last of this many failures one of this many nodes allows the next attempt: the others allow attempts, too.
fn wait_after(failures: u32, nodes: u32) -> u32 {
    match failures.checked_sub(free_failures(nodes)) {
        None => 0,
        Some(beyond) => {
            let wait = 1_u32.checked_shl(beyond).unwrap_or(u32::MAX).clamp(1, LONGEST_WAIT_SECONDS);
            wait.saturating_mul(nodes)
        }
    }
}

impl Wait {
    /// The seconds, if there are any.
    pub(super) fn seconds(self) -> Option<u32> {
        match self {
            Self::Seconds(seconds) => Some(seconds),
            Self::None | Self::ForOthers => None,
        }
    }

    /// The same, but at most this.
    pub(super) fn at_most(self, most: u32) -> Self {
        match self {
            Self::Seconds(seconds) => Self::Seconds(seconds.min(most)),
            other => other,
        }
    }
}
