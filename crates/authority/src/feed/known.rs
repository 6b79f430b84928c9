//! The recent events that a node knows: pure state.
//!
//! An event with an earlier time may become visible later, because transactions take time and the clocks of nodes differ. So each poll of
//! the store overlaps the one before, usually by a few seconds and sometimes by a minute, and known events are skipped.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use jeton_jose::Timestamp;

use crate::GrantId;
use crate::revocation::{Cursor, HistoryName, LATE, Recent, RevocationEvent, Revoked};

/// How far polls overlap: one poll in 16, in 4, and every other poll.
const LOOKS: [(u32, Duration); 3] = [(16, LATE), (4, Duration::from_secs(10)), (1, Duration::from_secs(3))];
/// Readers whose cursors are so many seconds apart are resumed alike.
const SHARED_FOR: i64 = 10;
/// How old, in seconds, the last poll may be on which it rests that nothing is known of a grant.
const UP_TO_DATE: u64 = 1;

#[derive(Debug, Default)]
pub(super) struct Known {
    /// `None` before the first poll.
    history: Option<HistoryName>,
    events: BTreeSet<RevocationEvent>,
    /// Written by this node, and not read from the store yet.
    written: BTreeSet<RevocationEvent>,
    /// Among `events`: those that the store has lost.
    lost: BTreeSet<RevocationEvent>,
    /// The grants among `events` and `written`, each with the time of its last event, if anybody asks about single grants.
    grants: Option<HashMap<GrantId, Timestamp>>,
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
    /// The store continues from an older state, with these events.
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
    /// Knows nothing yet, and will know of single grants.
    pub(super) fn by_grant() -> Self {
        Self { grants: Some(HashMap::new()), ..Self::default() }
    }

    /// Whether a grant has neither ended nor changed in all the time that matters, as of the last second.
    pub(super) fn is_settled(&self, grant: GrantId, now: Timestamp) -> bool {
        let is_up_to_date = self.looked_at.is_some_and(|at| at.unix().abs_diff(now.unix()) <= UP_TO_DATE);
        is_up_to_date && self.grants.as_ref().is_some_and(|grants| !grants.contains_key(&grant))
    }

    /// The start of the next poll. Events matter from `start` on.
    pub(super) fn look_back(&mut self, start: Timestamp, now: Timestamp) -> Timestamp {
        let is_recent = |at: &Timestamp| *at <= now && now.saturating_since(*at) < LATE / 2;
        let Some(looked_at) = self.looked_at.filter(is_recent) else { return start };
        self.looks = self.looks.wrapping_add(1);
        let back = LOOKS.into_iter().find(|(every, _)| self.looks.is_multiple_of(*every));
        back.map_or(start, |(_, back)| looked_at.saturating_sub(back).max(start))
    }

    /// Takes what this node wrote.
    pub(super) fn write(&mut self, events: impl IntoIterator<Item = RevocationEvent>) {
        for event in events {
            self.index(&event);
            self.written.insert(event);
        }
    }

    fn index(&mut self, event: &RevocationEvent) {
        if let (Some(grants), Revoked::Grant(grant) | Revoked::Claims(grant)) =
            (&mut self.grants, &event.what)
        {
            let last = grants.entry(*grant).or_insert(event.at);
            *last = event.at.max(*last);
        }
    }

    /// Whether what the store has shows that it continues from an older state: it has another history, or has lost what was read before.
    /// Nothing of the last minute is swept.
    pub(super) fn is_contradicted_by(&self, recent: &Recent, since: Timestamp, now: Timestamp) -> bool {
        let unswept = RevocationEvent::first_of(since.max(now.saturating_sub(LATE)));
        let is_missing = |event: &RevocationEvent| {
            !self.lost.contains(event) && recent.events.binary_search(event).is_err()
        };
        self.is_another(&recent.history) || self.events.range(unswept..).any(is_missing)
    }

    /// Compares what the store has, from `since` on, with what is known.
    pub(super) fn compare(&self, recent: &Recent, since: Timestamp, now: Timestamp) -> News {
        match &self.history {
            None => News::First,
            Some(_) if self.is_contradicted_by(recent, since, now) => {
                News::AnotherHistory(recent.events.clone())
            }
            Some(_) => {
                let is_new = |event: &&RevocationEvent| !self.events.contains(*event);
                News::New(recent.events.iter().filter(is_new).cloned().collect())
            }
        }
    }

    /// What the store, which continues from an older state, has lost of what ended since `start`. It has all events of that time.
    pub(super) fn lose(&mut self, recent: &Recent, start: Timestamp) -> Vec<RevocationEvent> {
        self.events.append(&mut self.written);
        let is_lost = |event: &&RevocationEvent| {
            !self.lost.contains(*event) && recent.events.binary_search(event).is_err()
        };
        let lost: Vec<_> =
            self.events.range(RevocationEvent::first_of(start)..).filter(is_lost).cloned().collect();
        self.lost.extend(lost.iter().cloned());
        lost
    }

    /// Adds the events of the store, and removes those that no longer matter.
    pub(super) fn accept(&mut self, recent: Recent, start: Timestamp, now: Timestamp) {
        self.history = Some(recent.history);
        self.looked_at = Some(now);
        self.written.retain(|event| recent.events.binary_search(event).is_err());
        for event in recent.events {
            if !self.events.contains(&event) {
                self.index(&event);
                self.events.insert(event);
            }
        }
        for events in [&mut self.events, &mut self.written, &mut self.lost] {
            while events.first().is_some_and(|event| event.at < start) {
                let gone = events.pop_first().map(|event| event.what);
                if let (Some(grants), Some(Revoked::Grant(grant) | Revoked::Claims(grant))) =
                    (&mut self.grants, gone)
                    && grants.get(&grant).is_some_and(|last| *last < start)
                {
                    grants.remove(&grant);
                }
            }
        }
    }

    /// Whether the store has another history than the one that is known.
    fn is_another(&self, history: &HistoryName) -> bool {
        self.history.as_ref().is_some_and(|known| known != history)
    }

    /// The events from a time on, in their order, as far as APIs are told.
    pub(super) fn since(&self, start: Timestamp) -> impl Iterator<Item = &RevocationEvent> {
        self.all_since(start).filter(|event| event.what.concerns_apis())
    }

    fn all_since(&self, start: Timestamp) -> impl Iterator<Item = &RevocationEvent> {
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
                let of_then = self.all_since(cursor.at).take_while(|event| event.at == cursor.at);
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
        assert_eq!(known.compare(&recent("a", &[event(1, 1)]), START, at(300)), News::First);
        assert_eq!(known.cursor(), None);
    }

    #[test]
    fn what_became_visible_late_is_news_and_what_is_known_is_not() {
        let mut known = knowing(&[event(100, 1), event(103, 2)], 103);
        let found = recent("a", &[event(97, 3), event(100, 1), event(103, 2)]);
        assert_eq!(known.compare(&found, START, at(104)), News::New(vec![event(97, 3)]));
        let before = known.cursor();
        known.accept(found.clone(), START, at(104));
        assert_eq!(known.compare(&found, START, at(104)), News::New(vec![]));
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
        assert_eq!(known.compare(&other, START, at(101)), News::AnotherHistory(vec![event(90, 2)]));
        known.accept(other, START, at(101));
        assert_eq!(known.since(START).count(), 2, "what ended stays ended at those who were told");
        assert_eq!(known.cursor().expect("one").history.as_str(), "b");
    }

    #[test]
    fn a_store_that_lost_what_was_read_continues_from_an_older_state_whatever_its_history_is_called() {
        let mut known = knowing(&[event(100, 1), event(101, 2)], 101);
        let older = recent("a", &[event(100, 1)]);
        assert_eq!(known.compare(&older, at(98), at(102)), News::AnotherHistory(vec![event(100, 1)]));
        assert_eq!(known.lose(&older, START), [event(101, 2)]);
        known.accept(older.clone(), START, at(102));
        assert_eq!(known.compare(&older, at(98), at(102)), News::New(vec![]), "it is lost once");
        assert!(known.lose(&older, START).is_empty());
    }

    #[test]
    fn what_was_not_asked_for_and_what_may_have_been_swept_is_not_lost() {
        let known = knowing(&[event(1, 1), event(200, 2)], 200);
        assert_eq!(known.compare(&recent("a", &[]), at(201), at(203)), News::New(vec![]));
        assert_eq!(known.compare(&recent("a", &[]), START, at(261)), News::New(vec![]));
    }

    #[test]
    fn what_this_node_wrote_is_lost_too_even_if_it_was_never_read() {
        let mut known = knowing(&[event(100, 1)], 100);
        known.write([event(101, 2), event(101, 3)]);
        let other = recent("b", &[event(100, 1), event(101, 3)]);
        assert_eq!(known.lose(&other, START), [event(101, 2)]);
    }

    #[test]
    fn what_was_written_is_news_when_it_is_read() {
        let mut known = knowing(&[], 100);
        known.write([event(101, 2)]);
        let found = recent("a", &[event(101, 2)]);
        assert_eq!(known.compare(&found, START, at(101)), News::New(vec![event(101, 2)]));
        known.accept(found, START, at(101));
        assert!(known.written.is_empty());
    }

    #[test]
    fn a_grant_is_settled_while_nothing_is_known_of_it_as_of_the_last_second() {
        let mut known = Known::by_grant();
        let grant = |number: u8| GrantId::from_bytes([number; 16]);
        assert!(!known.is_settled(grant(1), at(100)), "nothing was read yet");
        let changed = RevocationEvent { at: at(90), what: Revoked::Claims(grant(3)) };
        known.accept(recent("a", &[changed, event(100, 1)]), START, at(100));
        known.write([event(101, 2)]);
        for (number, settled) in [(1, false), (2, false), (3, false), (4, true)] {
            assert_eq!(known.is_settled(grant(number), at(101)), settled, "{number}");
        }
        assert!(!known.is_settled(grant(4), at(102)), "the store has not been read for two seconds");
        assert!(!known.is_settled(grant(4), at(98)), "the clock was set back");
        known.accept(recent("a", &[event(200, 1)]), at(95), at(200));
        assert!(known.is_settled(grant(3), at(200)), "no token from before is left");
        known.accept(recent("a", &[]), at(150), at(201));
        assert!(!known.is_settled(grant(1), at(201)) && known.is_settled(grant(2), at(201)));
        assert!(!Known::default().is_settled(grant(4), at(100)));
    }

    #[test]
    fn apis_are_not_told_of_users_and_browsers() {
        let session =
            RevocationEvent { at: at(5), what: Revoked::Session(crate::SessionId::from_bytes([1; 16])) };
        let known = knowing(&[event(5, 1), session], 5);
        assert_eq!(known.since(START).cloned().collect::<Vec<_>>(), [event(5, 1)]);
        assert!(known.resume(&known.cursor().expect("one"), at(6)).is_some(), "though a cursor names one");
    }
}
