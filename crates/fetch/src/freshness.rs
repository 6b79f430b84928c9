//! How old a document may be, and when to fetch a newer one: rules without I/O.

use std::time::Duration;

use jeton_jose::Timestamp;

/// The ages of a document at which its treatment changes.
#[derive(Clone, Copy, Debug)]
pub struct Freshness {
    /// From this age on, it is refreshed in the background while it is used, so that nobody waits.
    pub refresh_ahead: Duration,
    /// From this age on, it is used only if refreshing it fails.
    pub max_age: Duration,
    /// From this age on, it is not used at all.
    pub stale_if_error: Duration,
    /// How long its host is not asked after a failure.
    pub retry_pause: Duration,
    /// How long its host is not asked after it did not have a key.
    pub cool_down: Duration,
    /// How long a key that it does not have is not requested again.
    pub missing_for: Duration,
}

impl Default for Freshness {
    fn default() -> Self {
        Self {
            refresh_ahead: Duration::from_secs(300),
            max_age: Duration::from_secs(600),
            stale_if_error: Duration::from_secs(3600),
            retry_pause: Duration::from_secs(5),
            cool_down: Duration::from_secs(30),
            missing_for: Duration::from_secs(300),
        }
    }
}

/// What to do about a document of some age.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Plan {
    /// Use the document.
    Use,
    /// Use the document, and fetch a newer one in the background.
    UseAndRefresh,
    /// Fetch a newer one first; if that fails, use the document.
    RefreshOrUse,
    /// Fetch a newer one first; if that fails, refuse.
    RefreshOrRefuse,
    /// Refuse: the document is too old, and its host has just failed.
    Refuse,
}

impl Freshness {
    /// The plan at `now` for a document fetched at `fetched_at`, after a failure at `failed_at`.
    pub(crate) fn plan(
        &self,
        fetched_at: Option<Timestamp>,
        failed_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Plan {
        let paused = failed_at.is_some_and(|failed_at| within(failed_at, self.retry_pause, now));
        let Some(fetched_at) = fetched_at else {
            return if paused { Plan::Refuse } else { Plan::RefreshOrRefuse };
        };
        // A clock that was set back tells no age any more.
        let age = if now < fetched_at { self.max_age } else { now.saturating_since(fetched_at) };
        match (age, paused) {
            (age, _) if age < self.refresh_ahead => Plan::Use,
            (age, true) if age < self.stale_if_error => Plan::Use,
            (age, false) if age < self.max_age => Plan::UseAndRefresh,
            (age, false) if age < self.stale_if_error => Plan::RefreshOrUse,
            (_, false) => Plan::RefreshOrRefuse,
            (_, true) => Plan::Refuse,
        }
    }
}

/// Whether less than `duration` has passed at `now` since `start`. If the clock was set back, it has passed.
pub(crate) fn within(start: Timestamp, duration: Duration, now: Timestamp) -> bool {
    start <= now && now.saturating_since(start) < duration
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);

    fn ago(seconds: u64) -> Option<Timestamp> {
        Some(NOW.saturating_sub(Duration::from_secs(seconds)))
    }

    #[test]
    fn keys_are_used_refreshed_and_refused_by_their_age() {
        let freshness = Freshness::default();
        for (fetched_at, failed_at, plan) in [
            (None, None, Plan::RefreshOrRefuse),
            (None, ago(4), Plan::Refuse),
            (None, ago(5), Plan::RefreshOrRefuse),
            (ago(0), None, Plan::Use),
            (ago(299), None, Plan::Use),
            (ago(300), None, Plan::UseAndRefresh),
            (ago(599), ago(5), Plan::UseAndRefresh),
            (ago(599), ago(4), Plan::Use),
            (ago(600), None, Plan::RefreshOrUse),
            (ago(600), ago(4), Plan::Use),
            (ago(3599), ago(4), Plan::Use),
            (ago(3599), None, Plan::RefreshOrUse),
            (ago(3600), None, Plan::RefreshOrRefuse),
            (ago(3600), ago(4), Plan::Refuse),
            (ago(86_400), None, Plan::RefreshOrRefuse),
        ] {
            assert_eq!(freshness.plan(fetched_at, failed_at, NOW), plan, "{fetched_at:?} {failed_at:?}");
        }
    }

    #[test]
    fn a_clock_that_was_set_back_makes_keys_neither_fresh_nor_useless() {
        let later = Some(NOW.saturating_add(Duration::from_secs(60)));
        assert_eq!(Freshness::default().plan(later, None, NOW), Plan::RefreshOrUse);
        assert_eq!(Freshness::default().plan(later, later, NOW), Plan::RefreshOrUse);
    }
}
