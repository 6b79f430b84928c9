//! After how long a lost connection is tried again.

use std::time::Duration;

/// The pause after the first failure.
const FIRST: Duration = Duration::from_millis(500);
/// The longest pause, before it is spread.
const LONGEST: Duration = Duration::from_secs(30);
/// The longest pause after a stream that its server ended: another server is there, or this one again in a moment.
const AFTER_AN_END: Duration = Duration::from_millis(750);

/// Longer and longer pauses, each spread over half to one and a half of it, the longest too, so that guards that lost one server do not all
/// come back in the same moment.
#[derive(Debug, Default)]
pub(super) struct Pace {
    failures: u32,
}

impl Pace {
    /// The connection stood: the next failure is the first one again.
    pub(super) fn reset(&mut self) {
        self.failures = 0;
    }

    /// The pause after a stream that its server ended.
    pub(super) fn after_an_end(&mut self, random: u16) -> Duration {
        self.reset();
        AFTER_AN_END.mul_f64(f64::from(random) / f64::from(u16::MAX))
    }

    /// The pause after a failure, at least what the server asked for.
    pub(super) fn after_a_failure(&mut self, asked: Duration, random: u16) -> Duration {
        let pause = FIRST.saturating_mul(1 << self.failures.min(16)).clamp(asked.min(LONGEST), LONGEST);
        self.failures = self.failures.saturating_add(1);
        pause.mul_f64(0.5 + f64::from(random) / f64::from(u16::MAX))
    }
}

/// Sixteen random bits.
pub(super) fn random() -> u16 {
    let mut bytes = [0; 2];
    jeton_jose::random::fill(&mut bytes);
    u16::from_le_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_limit_and_are_spread_there_too() {
        let mut pace = Pace::default();
        let pauses: Vec<_> =
            (0..10).map(|_| pace.after_a_failure(Duration::ZERO, u16::MAX / 2).as_secs_f64()).collect();
        assert!((pauses[0] - 0.5).abs() < 0.01 && (pauses[1] - 1.0).abs() < 0.01, "{pauses:?}");
        assert!(pauses.iter().skip(6).all(|pause| (pause - 30.0).abs() < 0.01), "{pauses:?}");
        assert_eq!(pace.after_a_failure(Duration::ZERO, 0), LONGEST / 2);
        assert_eq!(pace.after_a_failure(Duration::ZERO, u16::MAX), LONGEST * 3 / 2);
        pace.reset();
        assert_eq!(pace.after_a_failure(Duration::ZERO, 0), FIRST / 2);
    }

    #[test]
    fn the_server_may_ask_for_more_and_an_end_is_no_failure() {
        let mut pace = Pace::default();
        assert_eq!(pace.after_a_failure(Duration::from_secs(4), 0), Duration::from_secs(2));
        assert_eq!(pace.after_a_failure(Duration::from_secs(900), u16::MAX), LONGEST * 3 / 2);
        assert_eq!(pace.after_an_end(u16::MAX), AFTER_AN_END);
        assert_eq!(pace.after_a_failure(Duration::ZERO, 0), FIRST / 2);
    }
}
