//! Attempts in progress.
//!
//! They already count as failures. If only they prevent another attempt, it can wait for them to end: if they succeed,
//! nothing had to be slowed.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use tokio::sync::Notify;

/// How many attempts may wait in one queue for others to end.
pub const MOST_WAITING: u32 = 1024;

/// The attempts in progress in one place, such as a network.
#[derive(Debug, Default)]
pub(super) struct UnderWay {
    count: AtomicU32,
    waiting: AtomicU32,
    ended: Notify,
}

impl UnderWay {
    fn count(&self) -> u32 {
        self.count.load(Ordering::Acquire)
    }

    /// Waits until one of them has ended and it is this waiter's turn. `None` if too many are waiting.
    ///
    /// A waiter that cannot use its turn passes it on.
    pub(super) async fn one_to_end(&self, most: u32) -> Option<()> {
        let _place = Place::take(&self.waiting, most)?;
        self.ended.notified().await;
        Some(())
    }

    /// Gives the next waiter its turn.
    pub(super) fn pass_on(&self) {
        self.ended.notify_one();
    }
}

/// A place in a queue, which is given up when it is dropped.
struct Place<'a>(&'a AtomicU32);

impl<'a> Place<'a> {
    fn take(waiting: &'a AtomicU32, most: u32) -> Option<Self> {
        let place = Self(waiting);
        // When there are too many, dropping `place` undoes this.
        (waiting.fetch_add(1, Ordering::AcqRel) < most).then_some(place)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

/// One attempt among those in progress in a place. It ends when this is dropped.
#[derive(Debug)]
pub(super) struct Part(Arc<UnderWay>);

impl Part {
    /// Whether it is one of these.
    pub(super) fn is_of(&self, under_way: &Arc<UnderWay>) -> bool {
        Arc::ptr_eq(&self.0, under_way)
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        self.0.count.fetch_sub(1, Ordering::AcqRel);
        self.0.ended.notify_one();
    }
}

/// The places where attempts are in progress.
#[derive(Debug)]
pub(super) struct Places<K> {
    busy: HashMap<K, Arc<UnderWay>>,
    /// With this many entries, idle ones are dropped.
    sweep_at: usize,
}

impl<K> Places<K> {
    const SMALL: usize = 64;
}

impl<K> Default for Places<K> {
    fn default() -> Self {
        Self { busy: HashMap::new(), sweep_at: Self::SMALL }
    }
}

impl<K: Eq + Hash> Places<K> {
    /// How many attempts are in progress there.
    pub(super) fn count(&self, place: &K) -> u32 {
        self.busy.get(place).map_or(0, |under_way| under_way.count())
    }

    /// The attempts in progress there, to wait for.
    pub(super) fn at(&mut self, place: K) -> Arc<UnderWay> {
        Arc::clone(self.busy.entry(place).or_default())
    }

    /// Adds an attempt there.
    pub(super) fn start(&mut self, place: K) -> Part {
        if self.busy.len() >= self.sweep_at {
            // One that only this map holds has neither attempts nor waiters.
            self.busy.retain(|_, under_way| Arc::strong_count(under_way) > 1);
            self.sweep_at = (self.busy.len() * 2).max(Self::SMALL);
        }
        let under_way = self.at(place);
        under_way.count.fetch_add(1, Ordering::AcqRel);
        Part(under_way)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_counts_until_it_is_dropped() {
        let mut places = Places::default();
        let parts = [places.start('a'), places.start('a'), places.start('b')];
        assert_eq!((places.count(&'a'), places.count(&'b'), places.count(&'c')), (2, 1, 0));
        drop(parts);
        assert_eq!((places.count(&'a'), places.count(&'b')), (0, 0));
    }

    #[test]
    fn idle_places_are_dropped_and_busy_ones_stay() {
        let mut places = Places::default();
        let kept = places.start(0);
        for place in 1..10_000 {
            drop(places.start(place));
            assert!(places.busy.len() <= Places::<i32>::SMALL);
        }
        assert_eq!(places.count(&0), 1);
        drop(kept);
    }
}
