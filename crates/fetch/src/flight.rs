//! Who is fetching: at most one at a time, however many callers wait for it; and when not to ask again yet.

use std::collections::HashMap;

use jeton_jose::Timestamp;
use tokio::sync::watch;

use crate::error::FetchError;
use crate::freshness::{Freshness, within};

/// How many missing keys are remembered.
const MAX_MISSING: usize = 256;

/// The fetches of one document.
#[derive(Debug, Default)]
pub(crate) struct Flights {
    running: Option<Flight>,
    /// How many fetches have begun. Each has a number, which tells the newer of two results.
    begun: u64,
    /// Why and when the last fetch failed, if it did.
    failure: Option<(FetchError, Timestamp)>,
    /// When the host was last asked because of an unknown key.
    asked_for_key_at: Option<Timestamp>,
    /// Keys that the host did not have, and when.
    missing: HashMap<Box<str>, Timestamp>,
}

/// A fetch in progress. Clones wait for the same fetch.
#[derive(Clone, Debug)]
pub(crate) struct Flight {
    number: u64,
    landed: watch::Receiver<bool>,
}

impl Flight {
    /// Waits until the fetch has ended, successfully or not.
    pub(crate) async fn landed(mut self) {
        // An error says that whoever fetched is gone, which ends the waiting as well.
        let _ = self.landed.wait_for(|landed| *landed).await;
    }

    fn is_over(&self) -> bool {
        *self.landed.borrow() || self.landed.has_changed().is_err()
    }
}

impl Flights {
    /// The fetch in progress.
    pub(crate) fn running(&self) -> Option<Flight> {
        self.running.as_ref().filter(|flight| !flight.is_over()).cloned()
    }

    /// Counts a new fetch, which callers wait for from now on. The sender signals its end.
    pub(crate) fn begin(&mut self) -> (u64, Flight, watch::Sender<bool>) {
        self.begun += 1;
        let (sender, landed) = watch::channel(false);
        let flight = Flight { number: self.begun, landed };
        self.running = Some(flight.clone());
        (self.begun, flight, sender)
    }

    /// Records that fetch `number` succeeded.
    pub(crate) fn succeeded(&mut self, number: u64, brought: Brought) {
        self.ended(number);
        self.failure = None;
        if brought == Brought::Another {
            self.missing.clear();
        }
    }

    /// Records that fetch `number` failed.
    pub(crate) fn failed(&mut self, number: u64, error: FetchError, now: Timestamp) {
        // An older one that fails after a newer one has begun says nothing about the newer one.
        if number == self.begun {
            self.failure = Some((error, now));
        }
        self.ended(number);
    }

    fn ended(&mut self, number: u64) {
        if self.running.as_ref().is_some_and(|flight| flight.number == number) {
            self.running = None;
        }
    }

    pub(crate) fn failed_at(&self) -> Option<Timestamp> {
        self.failure.as_ref().map(|(_, failed_at)| *failed_at)
    }

    pub(crate) fn last_error(&self) -> Option<FetchError> {
        self.failure.as_ref().map(|(error, _)| error.clone())
    }

    /// Whether the host may be asked at `now` because of this key. If so, records that it is asked.
    pub(crate) fn may_ask_for(&mut self, kid: Option<&str>, freshness: &Freshness, now: Timestamp) -> bool {
        let asked = self.asked_for_key_at.is_some_and(|asked_at| within(asked_at, freshness.cool_down, now));
        let failed = self.failed_at().is_some_and(|failed_at| within(failed_at, freshness.retry_pause, now));
        if asked || failed || self.is_missing(kid, freshness, now) {
            return false;
        }
        self.asked_for_key_at = Some(now);
        true
    }

    /// Whether the host is known not to have this key.
    pub(crate) fn is_missing(&self, kid: Option<&str>, freshness: &Freshness, now: Timestamp) -> bool {
        kid.and_then(|kid| self.missing.get(kid))
            .is_some_and(|since| within(*since, freshness.missing_for, now))
    }

    /// Records that the host was asked and does not have this key.
    pub(crate) fn note_missing(&mut self, kid: Option<&str>, freshness: &Freshness, now: Timestamp) {
        let Some(kid) = kid else { return };
        if self.missing.len() >= MAX_MISSING {
            self.missing.retain(|_, since| within(*since, freshness.missing_for, now));
        }
        if self.missing.len() < MAX_MISSING {
            self.missing.insert(kid.into(), now);
        }
    }
}

/// The result of a fetch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Brought {
    TheSame,
    Another,
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);

    fn later(seconds: u64) -> Timestamp {
        NOW.saturating_add(Duration::from_secs(seconds))
    }

    #[test]
    fn unknown_keys_are_asked_for_once_in_thirty_seconds_and_a_missing_one_once_in_five_minutes() {
        let (freshness, mut flights) = (Freshness::default(), Flights::default());
        assert!(flights.may_ask_for(Some("a"), &freshness, NOW));
        flights.note_missing(Some("a"), &freshness, NOW);
        assert!(!flights.may_ask_for(Some("b"), &freshness, later(29)));
        assert!(!flights.may_ask_for(Some("a"), &freshness, later(30)));
        assert!(flights.may_ask_for(Some("b"), &freshness, later(30)));
        assert!(flights.may_ask_for(Some("a"), &freshness, later(300)));
    }

    #[test]
    fn what_is_kept_in_mind_about_missing_keys_is_bounded_and_ends_with_another_document() {
        let (freshness, mut flights) = (Freshness::default(), Flights::default());
        for number in 0..10 * MAX_MISSING {
            flights.note_missing(Some(&number.to_string()), &freshness, NOW);
        }
        assert_eq!(flights.missing.len(), MAX_MISSING);
        flights.succeeded(1, Brought::TheSame);
        assert!(flights.is_missing(Some("1"), &freshness, NOW));
        flights.succeeded(2, Brought::Another);
        assert!(!flights.is_missing(Some("1"), &freshness, NOW));
    }

    #[test]
    fn a_fetch_whose_task_died_is_not_waited_for() {
        let mut flights = Flights::default();
        let (_, _, sender) = flights.begin();
        assert!(flights.running().is_some());
        drop(sender);
        assert!(flights.running().is_none());
    }
}
