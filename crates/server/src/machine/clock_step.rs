//! Detects that the clock was set: the time of day changed by another amount than the elapsed time.

use std::time::Duration;

use jeton_jose::Timestamp;

/// The smallest difference that counts as a step, in seconds. Less is rounding, or a clock that is adjusted gradually.
const NOTICED: u64 = 5;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ClockStep {
    Back {
        seconds: u64,
    },
    /// The clock was set ahead, or the machine was suspended.
    Ahead {
        seconds: u64,
    },
}

impl ClockStep {
    pub(crate) fn log(self) {
        match self {
            Self::Back { seconds } => tracing::warn!(
                code = "clock_set_back",
                seconds,
                "the clock was set back; tokens from before are still accepted, and a new key waits again before it signs"
            ),
            Self::Ahead { seconds } => tracing::warn!(
                code = "clock_set_ahead",
                seconds,
                "the clock was set ahead, or the machine was suspended; tokens, grants and sessions expire that much sooner"
            ),
        }
    }
}

/// Compares the time of day with a clock that cannot be set.
#[derive(Debug, Default)]
pub(crate) struct ClockWatch {
    last: Option<(Timestamp, Duration)>,
}

impl ClockWatch {
    /// Records the time of day and the time elapsed since a fixed moment. Returns whether the clock was set since the
    /// last call.
    pub(crate) fn observe(&mut self, time_of_day: Timestamp, passed: Duration) -> Option<ClockStep> {
        let (day_before, passed_before) = self.last.replace((time_of_day, passed))?;
        let really = i64::try_from(passed.saturating_sub(passed_before).as_secs()).unwrap_or(i64::MAX);
        let moved = time_of_day.unix().saturating_sub(day_before.unix()).saturating_sub(really);
        let seconds = moved.unsigned_abs();
        if seconds < NOTICED {
            None
        } else if moved < 0 {
            Some(ClockStep::Back { seconds })
        } else {
            Some(ClockStep::Ahead { seconds })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_795_377_600;

    /// The result of a watch when the clock moves by `moved` seconds while `passed` seconds pass.
    fn noticed(moved: i64, passed: u64) -> Option<ClockStep> {
        let mut watch = ClockWatch::default();
        assert_eq!(watch.observe(Timestamp::from_unix(NOW), Duration::from_secs(100)), None);
        watch.observe(Timestamp::from_unix(NOW + moved), Duration::from_secs(100 + passed))
    }

    #[test]
    fn a_clock_that_goes_with_the_time_makes_no_step() {
        for (moved, passed) in [(0, 0), (1, 1), (2, 1), (0, 1), (600, 600), (598, 600), (4, 0), (-4, 0)] {
            assert_eq!(noticed(moved, passed), None, "{moved} in {passed}");
        }
    }

    #[test]
    fn a_clock_that_is_set_back_is_noticed_with_how_far() {
        assert_eq!(noticed(-3599, 1), Some(ClockStep::Back { seconds: 3600 }));
        assert_eq!(noticed(-86_400, 0), Some(ClockStep::Back { seconds: 86_400 }));
        assert_eq!(noticed(0, 60), Some(ClockStep::Back { seconds: 60 }), "however slow the observer is");
    }

    #[test]
    fn a_clock_that_is_set_ahead_is_noticed_with_how_far() {
        assert_eq!(noticed(3601, 1), Some(ClockStep::Ahead { seconds: 3600 }));
    }

    #[test]
    fn each_step_is_noticed_once() {
        let mut watch = ClockWatch::default();
        let mut observe = |second: i64, passed| {
            watch.observe(Timestamp::from_unix(NOW + second), Duration::from_secs(passed))
        };
        assert_eq!(observe(0, 0), None);
        assert_eq!(observe(-100, 1), Some(ClockStep::Back { seconds: 101 }));
        assert_eq!(observe(-99, 2), None);
        assert_eq!(observe(3, 3), Some(ClockStep::Ahead { seconds: 101 }));
    }
}
