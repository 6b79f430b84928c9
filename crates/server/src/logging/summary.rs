//! Events that clients can cause without limit are written a few times, and then counted.
//!
//! Every event with a `code` is counted: refusals by code and network, failures of the server itself only by code.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;
use tracing::Level;

/// How many events of one kind are written per period before the rest are counted.
pub(super) const WRITTEN: u64 = 5;
/// How many causes of one kind are each written at least once per period.
const CAUSES: usize = 8;
pub(super) const PERIOD: Duration = Duration::from_secs(60);
/// How many kinds are counted per network. Beyond that, networks are counted together.
pub(super) const KINDS: usize = 512;
/// How many kinds are counted at all. Beyond that, kinds are counted together.
const ALL_KINDS: usize = 2 * KINDS;
/// The name under which kinds are counted together.
const VARIOUS: &str = "various";

/// Identifies events of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Kind {
    pub(super) level: Level,
    pub(super) code: Box<str>,
    pub(super) network: Option<Box<str>>,
}

/// A report about one kind of event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) level: Level,
    pub(super) code: Box<str>,
    pub(super) network: Option<Box<str>>,
    what: What,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum What {
    /// This many were not written.
    More { more: u64, lasted: Duration },
    /// A failure of the server has ended.
    Over { total: u64, lasted: Duration },
}

impl Said {
    pub(super) fn message(&self) -> String {
        match self.what {
            What::More { more, lasted } => format!("{more} more in the last {} seconds", lasted.as_secs()),
            What::Over { total, lasted } => {
                let quiet = PERIOD.as_secs();
                format!("not seen for {quiet} seconds, {total} in the {} seconds before", lasted.as_secs())
            }
        }
    }

    /// The counts, as fields.
    pub(super) fn counts(&self) -> Vec<(&'static str, Value)> {
        match self.what {
            What::More { more, lasted } => vec![("more", more.into()), ("seconds", lasted.as_secs().into())],
            What::Over { total, lasted } => {
                vec![("total", total.into()), ("seconds", lasted.as_secs().into())]
            }
        }
    }
}

/// Counts events by kind, within bounds.
#[derive(Debug, Default)]
pub(super) struct Summary(HashMap<Kind, Counted>);

#[derive(Debug)]
struct Counted {
    /// When the kind was first seen after a period without it.
    since: Instant,
    last: Instant,
    total: u64,
    /// When the period began, and how many events it has had.
    began: Instant,
    seen: u64,
    /// How many of them were written.
    written: u64,
    causes: Vec<Box<str>>,
}

impl Summary {
    /// Counts an event, and returns whether to write it. A new cause usually is written, because it may tell an
    /// operator what to change.
    pub(super) fn count(&mut self, kind: Kind, cause: Option<&str>, now: Instant) -> bool {
        let kind = self.bounded(kind);
        let counted = self.0.entry(kind).or_insert_with(|| Counted::from(now));
        counted.last = now;
        counted.total = counted.total.saturating_add(1);
        counted.seen = counted.seen.saturating_add(1);
        let known = |cause: &str| counted.causes.iter().any(|known| **known == *cause);
        let unknown = cause.filter(|cause| counted.causes.len() < CAUSES && !known(cause));
        let writes = counted.seen <= WRITTEN || unknown.is_some();
        counted.causes.extend(unknown.map(Into::into));
        counted.written += u64::from(writes);
        writes
    }

    /// The current reports.
    pub(super) fn due(&mut self, now: Instant) -> Vec<Said> {
        let mut said = Vec::new();
        self.0.retain(|kind, counted| {
            if now.saturating_duration_since(counted.began) < PERIOD {
                return true;
            }
            let quiet = counted.seen == 0;
            said.extend(counted.more(kind, now));
            counted.begin(now);
            if quiet && kind.is_failure() && counted.total > WRITTEN {
                let what = What::Over { total: counted.total, lasted: counted.last - counted.since };
                said.push(kind.said(what));
            }
            !quiet
        });
        said
    }

    /// The last reports, when no more events will come.
    pub(super) fn take(&mut self, now: Instant) -> Vec<Said> {
        self.0.drain().filter_map(|(kind, counted)| counted.more(&kind, now)).collect()
    }

    fn bounded(&self, kind: Kind) -> Kind {
        if self.0.len() < KINDS || self.0.contains_key(&kind) {
            return kind;
        }
        let together = Kind { network: None, ..kind };
        if self.0.len() < ALL_KINDS || self.0.contains_key(&together) {
            return together;
        }
        Kind { code: VARIOUS.into(), ..together }
    }
}

impl Counted {
    fn from(now: Instant) -> Self {
        Self { since: now, last: now, total: 0, began: now, seen: 0, written: 0, causes: Vec::new() }
    }

    fn begin(&mut self, now: Instant) {
        (self.began, self.seen, self.written) = (now, 0, 0);
        self.causes.clear();
    }

    fn more(&self, kind: &Kind, now: Instant) -> Option<Said> {
        let more = self.seen.checked_sub(self.written).filter(|more| *more > 0)?;
        Some(kind.said(What::More { more, lasted: now.saturating_duration_since(self.began) }))
    }
}

impl Kind {
    /// Whether the kind is a failure of the server itself, which begins and ends, and not an action of a client.
    fn is_failure(&self) -> bool {
        self.network.is_none() && self.level <= Level::WARN
    }

    fn said(&self, what: What) -> Said {
        Said { level: self.level, code: self.code.clone(), network: self.network.clone(), what }
    }
}

/// A summary shared by the threads that log and the thread that writes.
#[derive(Debug, Default)]
pub(super) struct SharedSummary(Mutex<Summary>);

impl SharedSummary {
    /// Counts an event, and returns whether to write it.
    pub(super) fn count(&self, kind: Kind, cause: Option<&str>) -> bool {
        self.with(|summary| summary.count(kind, cause, Instant::now()))
    }

    /// The current reports.
    pub(super) fn due(&self, now: Instant) -> Vec<Said> {
        self.with(|summary| summary.due(now))
    }

    /// The last reports, when no more events will come.
    pub(super) fn take(&self) -> Vec<Said> {
        self.with(|summary| summary.take(Instant::now()))
    }

    fn with<T>(&self, act: impl FnOnce(&mut Summary) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(code: &str, network: Option<&str>) -> Kind {
        Kind { level: Level::INFO, code: code.into(), network: network.map(Into::into) }
    }

    fn texts(said: &[Said]) -> Vec<String> {
        said.iter().map(|said| format!("{} {}", said.code, said.message())).collect()
    }

    #[test]
    fn the_first_of_a_kind_are_written_and_the_rest_is_counted() {
        let (mut summary, begin) = (Summary::default(), Instant::now());
        let mut count = |network| summary.count(kind("sign_in_throttled", Some(network)), None, begin);
        let written = (0..1000).filter(|_| count("192.0.2.0/24")).count();
        assert_eq!(written, 5);
        assert!(count("198.51.100.0/24"), "another network has lines of its own");
        assert!(summary.due(begin + PERIOD / 2).is_empty());
        let said = summary.due(begin + PERIOD);
        assert_eq!(texts(&said), ["sign_in_throttled 995 more in the last 60 seconds"]);
        assert_eq!(said[0].network.as_deref(), Some("192.0.2.0/24"));
        assert!(summary.due(begin + 2 * PERIOD).is_empty());
        assert!(summary.0.is_empty(), "what is over is forgotten");
    }

    #[test]
    fn a_failure_of_the_server_has_a_beginning_a_count_and_an_end() {
        let (mut summary, begin) = (Summary::default(), Instant::now());
        let failure = || Kind { level: Level::WARN, ..kind("store_failed", None) };
        let written = (0..100).filter(|_| summary.count(failure(), None, begin)).count();
        assert_eq!(written, 5);
        assert_eq!(texts(&summary.due(begin + PERIOD)), ["store_failed 95 more in the last 60 seconds"]);
        assert!(summary.count(failure(), None, begin + PERIOD + PERIOD / 2));
        assert!(summary.due(begin + 2 * PERIOD).is_empty());
        assert_eq!(
            texts(&summary.due(begin + 3 * PERIOD)),
            ["store_failed not seen for 60 seconds, 101 in the 90 seconds before"]
        );
    }

    #[test]
    fn made_up_networks_and_kinds_cost_bounded_memory_and_few_lines() {
        let (mut summary, now) = (Summary::default(), Instant::now());
        let written = (0..100_000_u32)
            .filter(|number| summary.count(kind("invalid_client", Some(&number.to_string())), None, now))
            .count();
        assert!(written <= KINDS + 5, "{written}");
        for number in 0..10_000_u32 {
            summary.count(kind(&number.to_string(), None), None, now);
        }
        assert!(summary.0.len() <= ALL_KINDS + 1, "{}", summary.0.len());
    }

    #[test]
    fn each_cause_is_written_at_least_once_but_made_up_causes_are_not() {
        let (mut summary, begin) = (Summary::default(), Instant::now());
        let mut count =
            |cause: &str| summary.count(kind("invalid_request", Some("192.0.2.0/24")), Some(cause), begin);
        for _ in 0..1000 {
            count("no such client");
        }
        assert!(count("turn PKCE on in the library"));
        assert!(!count("turn PKCE on in the library"));
        let written = (0..1000).filter(|number| count(&format!("made up {number}"))).count();
        assert!(written < CAUSES, "{written}");
        assert_eq!(
            texts(&summary.due(begin + PERIOD)),
            [format!("invalid_request {} more in the last 60 seconds", 2002 - 5 - 1 - written)]
        );
    }

    #[test]
    fn what_was_not_said_yet_is_said_at_the_end() {
        let (mut summary, begin) = (Summary::default(), Instant::now());
        for _ in 0..6 {
            summary.count(kind("not_found", None), None, begin);
        }
        let said = summary.take(begin + Duration::from_secs(7));
        assert_eq!(texts(&said), ["not_found 1 more in the last 7 seconds"]);
    }
}
