//! How far a node's clock is from another one: the rule that decides whether a node may issue anything.

use jeton_jose::Timestamp;

/// What two clocks said at the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockReading {
    /// This node's clock, before and after the other one was asked.
    pub ours: (Timestamp, Timestamp),
    /// The other clock.
    pub theirs: Timestamp,
}

impl ClockReading {
    /// By how many seconds this node's clock is ahead of the other one; negative if it is behind. The time that asking took is not
    /// counted, so a slow answer is no difference.
    pub fn seconds_ahead(&self) -> i64 {
        let (before, after) = (self.ours.0.unix(), self.ours.1.unix());
        let theirs = self.theirs.unix();
        // A clock that was set back in between makes an empty span.
        let (earliest, latest) = (before.min(after), before.max(after));
        if theirs < earliest {
            earliest.saturating_sub(theirs)
        } else if theirs > latest {
            latest.saturating_sub(theirs)
        } else {
            0
        }
    }

    /// Whether the clocks differ by more than `limit`. A limit of zero permits any difference.
    pub fn differs_by_more_than(&self, limit: std::time::Duration) -> bool {
        !limit.is_zero() && self.seconds_ahead().unsigned_abs() > limit.as_secs()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn reading(before: i64, theirs: i64, after: i64) -> ClockReading {
        let at = Timestamp::from_unix;
        ClockReading { ours: (at(before), at(after)), theirs: at(theirs) }
    }

    #[test]
    fn the_time_that_asking_takes_is_no_difference() {
        for (before, theirs, after, ahead) in [
            (100, 100, 100, 0),
            (100, 103, 106, 0),
            (100, 99, 100, 1),
            (100, 107, 106, -1),
            (100, 0, 106, 100),
            (100, 3700, 106, -3594),
            (100, 95, 90, 0),
        ] {
            assert_eq!(reading(before, theirs, after).seconds_ahead(), ahead, "{before} {theirs} {after}");
        }
    }

    #[test]
    fn clocks_may_differ_by_the_limit_and_by_anything_if_there_is_none() {
        let limit = Duration::from_secs(30);
        assert!(!reading(130, 100, 130).differs_by_more_than(limit));
        assert!(reading(131, 100, 131).differs_by_more_than(limit));
        assert!(reading(69, 100, 69).differs_by_more_than(limit));
        assert!(!reading(9_999, 100, 9_999).differs_by_more_than(Duration::ZERO));
        assert!(reading(i64::MIN, i64::MAX, i64::MIN).differs_by_more_than(limit));
    }
}
