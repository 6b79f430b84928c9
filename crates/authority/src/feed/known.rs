//! The recent events that a node knows: pure state.
//!
//! An event with an earlier time may become visible later, because transactions take time and the clocks of nodes differ. So each poll of
//! the store overlaps the one before, usually by a few seconds and sometimes by a minute, and known events are skipped.

use std::collections::BTreeSet;
use std::time::Duration;

use jeton_jose::Timestamp;

use crate::revocation::{Cursor, HistoryName, LATE, Recent, RevocationEvent};

/// How far polls overlap: one poll in 16, in 4, and every other poll.
const LOOKS: [(u32, Duration); 3] = [(16, LATE), (4, Duration::from_secs(10)), (1, Duration::from_secs(3))];
/// Readers whose cursors are so many seconds apart are resumed alike.
const SHARED_FOR: i64 = 10;

#[derive(Debug, Default)]
pub(super) struct Known {
    /// `None` before the first poll.
    history: Option<HistoryName>,
    events: BTreeSet<RevocationEvent>,
    looks: u32,
    looked_at: Option<Timestamp>,
}

/// The result of a poll.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum News {
    /// It was the first poll, so there are no readers yet.
    First,
    /// These events are new.
    New(Vec<RevocationEvent>),
    /// The store has another history than before, with these events.
    AnotherHistory(Vec<RevocationEvent>),
}

impl News {
    /// The events to send to readers.
    pub(super) fn events(&self) -> &[RevocationEvent] {
        match self {
            Self::First => &[],
            Self::New(events) | Self::AnotherHistory(events) => events,
        }
    }
}

impl Known {
    /// The start of the next poll. Events matter from `start` on.
    pub(super) fn look_back(&mut self, start: Timestamp, now: Timestamp) -> Timestamp {
        let is_recent = |at: &Timestamp| *at <= now && now.saturating_since(*at) < LATE / 2;
        let Some(looked_at) = self.looked_at.filter(is_recent) else { return start };
        self.looks = self.looks.wrapping_add(1);
        let back = LOOKS.into_iter().find(|(every, _)| self.looks.is_multiple_of(*every));
        back.map_or(start, |(_, back)| looked_at.saturating_sub(back).max(start))
    }

    /// Compares what the store has with what is known.
    pub(super) fn compare(&self, recent: &Recent) -> News {
        match &self.history {
            None => News::First,
            Some(history) if *history != recent.history => News::AnotherHistory(recent.events.clone()),
            Some(_) => {
                let is_new = |event: &&RevocationEvent| !self.events.contains(*event);
                News::New(recent.events.iter().filter(is_new).cloned().collect())
            }
        }
    }

    /// Adds the events of the store, and removes those that no longer matter.
    pub(super) fn accept(&mut self, recent: Recent, start: Timestamp, now: Timestamp) {
        self.history = Some(recent.history);
        self.looked_at = Some(now);
        self.events.extend(recent.events);
        while self.events.first().is_some_and(|event| event.at < start) {
            self.events.pop_first();
        }
    }

    /// Whether the store has another history than the one that is known.
    pub(super) fn is_another(&self, history: &HistoryName) -> bool {
        self.history.as_ref().is_some_and(|known| known != history)
    }

    /// The events from a time on, in their order.
    pub(super) fn since(&self, start: Timestamp) -> impl Iterator<Item = &RevocationEvent> {
        self.events.range(RevocationEvent::first_of(start)..)
    }

    /// The cursor of a reader that knows all these events; `None` before the first poll.
    pub(super) fn cursor(&self) -> Option<Cursor> {
        let history = self.history.clone()?;
        Some(self.newest(history, None, self.looked_at.unwrap_or(Timestamp::MIN)))
    }

    /// The same, of a reader that also knows the events of the store.
    pub(super) fn cursor_with(&self, recent: &Recent, now: Timestamp) -> Cursor {
        self.newest(recent.history.clone(), recent.events.last(), now)
    }

    fn newest(&self, history: HistoryName, other: Option<&RevocationEvent>, now: Timestamp) -> Cursor {
        match self.events.last().max(other) {
            Some(event) => Cursor { history, at: event.at, event: Some(event.id()) },
            None => Cursor { history, at: now, event: None },
        }
    }

    /// The time from which a reader with this cursor may have missed events. `None` if the cursor belongs to another history, or names an event
    /// that this history does not have: the reader then needs all events.
    pub(super) fn resume(&self, cursor: &Cursor, now: Timestamp) -> Option<Timestamp> {
        let is_known = match cursor.event {
            Some(id) => {
                let of_then = self.since(cursor.at).take_while(|event| event.at == cursor.at);
                of_then.into_iter().any(|event| event.id() == id)
            }
            None => cursor.at <= now,
        };
        if !is_known || self.is_another(&cursor.history) {
            return None;
        }
        let from = cursor.at.saturating_sub(LATE).unix();
        // Readers who come back together share a list.
        Some(Timestamp::from_unix(from - from % SHARED_FOR))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::GrantId;
    use crate::revocation::Revoked;

    const START: Timestamp = Timestamp::from_unix(1_000_000);

    fn at(seconds: u64) -> Timestamp {
        START.saturating_add(Duration::from_secs(seconds))
    }

    fn event(seconds: u64, grant: u8) -> RevocationEvent {
        RevocationEvent { at: at(seconds), what: Revoked::Grant(GrantId::from_bytes([grant; 16])) }
    }

    fn recent(history: &str, events: &[RevocationEvent]) -> Recent {
        Recent { history: HistoryName::parse(history).expect("a name"), events: events.to_vec() }
    }

    fn knowing(events: &[RevocationEvent], now: u64) -> Known {
        let mut known = Known::default();
        known.accept(recent("a", events), START, at(now));
        known
    }

    #[test]
    fn the_first_look_is_no_news_and_goes_back_to_all_that_matters() {
        let mut known = Known::default();
        assert_eq!(known.look_back(START, at(300)), START);
        assert_eq!(known.compare(&recent("a", &[event(1, 1)])), News::First);
        assert_eq!(known.cursor(), None);
    }

    #[test]
    fn what_became_visible_late_is_news_and_what_is_known_is_not() {
        let mut known = knowing(&[event(100, 1), event(103, 2)], 103);
        let found = recent("a", &[event(97, 3), event(100, 1), event(103, 2)]);
        assert_eq!(known.compare(&found), News::New(vec![event(97, 3)]));
        let before = known.cursor();
        known.accept(found.clone(), START, at(104));
        assert_eq!(known.compare(&found), News::New(vec![]));
        assert_eq!(known.cursor(), before, "a cursor never goes back");
    }

    #[test]
    fn every_sixteenth_look_goes_back_a_minute_and_a_pause_makes_the_next_one_complete() {
        let mut known = knowing(&[], 500);
        let back: Vec<_> =
            (0..16).map(|_| at(500).saturating_since(known.look_back(START, at(500)))).collect();
        assert_eq!(back.iter().filter(|back| **back == LATE).count(), 1);
        assert_eq!(back.iter().filter(|back| back.as_secs() == 10).count(), 3);
        assert_eq!(back.iter().filter(|back| back.as_secs() == 3).count(), 12);
        assert!(
            known.look_back(START, at(529)) <= at(497),
            "each look begins before the end of the last one"
        );
        assert_eq!(known.look_back(START, at(530)), START, "nobody looked for half a minute");
        assert_eq!(known.look_back(START, at(499)), START, "the clock was set back");
    }

    #[test]
    fn what_no_longer_matters_is_forgotten() {
        let mut known = knowing(&[event(1, 1), event(50, 2)], 50);
        known.accept(recent("a", &[]), at(2), at(400));
        assert_eq!(known.since(START).cloned().collect::<Vec<_>>(), [event(50, 2)]);
        assert_eq!(known.since(at(51)).count(), 0);
    }

    #[test]
    fn a_reader_resumes_a_while_before_the_event_that_it_saw_last() {
        let known = knowing(&[event(100, 1), event(300, 2)], 300);
        let from = known.resume(&known.cursor().expect("one"), at(301)).expect("its history");
        assert!(from <= at(300).saturating_sub(LATE) && from > at(300).saturating_sub(LATE + LATE));
    }

    #[test]
    fn a_cursor_of_a_lost_history_or_of_an_event_that_was_lost_begins_again() {
        let known = knowing(&[event(100, 1)], 100);
        let cursor = known.cursor().expect("one");
        assert!(known.resume(&cursor, at(101)).is_some());
        let lost = knowing(&[event(100, 1), event(101, 9)], 101).cursor().expect("one");
        assert_eq!(known.resume(&lost, at(102)), None, "the event was lost");
        let another = Cursor { history: HistoryName::parse("b").expect("a name"), ..cursor };
        assert_eq!(known.resume(&another, at(101)), None);
    }

    #[test]
    fn a_reader_who_saw_no_event_resumes_too_unless_it_comes_from_the_future() {
        let known = knowing(&[], 100);
        let cursor = known.cursor().expect("one");
        assert_eq!(cursor.event, None);
        assert!(known.resume(&cursor, at(101)).is_some());
        assert_eq!(known.resume(&cursor, at(99)), None);
    }

    #[test]
    fn another_history_is_told_whole_and_nothing_of_the_lost_one_is_forgotten() {
        let mut known = knowing(&[event(100, 1)], 100);
        let other = recent("b", &[event(90, 2)]);
        assert_eq!(known.compare(&other), News::AnotherHistory(vec![event(90, 2)]));
        known.accept(other, START, at(101));
        assert_eq!(known.since(START).count(), 2, "what ended stays ended at those who were told");
        assert_eq!(known.cursor().expect("one").history.as_str(), "b");
    }
}
