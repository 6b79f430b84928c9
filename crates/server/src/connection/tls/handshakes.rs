//! Limits the handshakes in progress.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

/// The handshakes in progress. If there are too many, the oldest is dropped for the newest: an honest client finishes
/// within two round trips, so clients that only occupy places never block others.
#[derive(Debug)]
pub(crate) struct Handshakes {
    limit: usize,
    under_way: Mutex<UnderWay>,
}

#[derive(Debug, Default)]
struct UnderWay {
    next: u64,
    /// In the order in which they began. Dropping the sender ends one.
    places: BTreeMap<u64, oneshot::Sender<()>>,
}

/// A place among the handshakes, which becomes free when this is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    handshakes: Arc<Handshakes>,
    number: u64,
    taken_away: oneshot::Receiver<()>,
}

impl Handshakes {
    /// At most this many at once, and at least one.
    pub(crate) fn at_most(limit: u32) -> Arc<Self> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX).max(1);
        Arc::new(Self { limit, under_way: Mutex::default() })
    }

    /// Starts a handshake.
    pub(crate) fn begin(self: &Arc<Self>) -> Place {
        let (sender, taken_away) = oneshot::channel();
        let mut under_way = self.under_way();
        while under_way.places.len() >= self.limit {
            under_way.places.pop_first();
        }
        let number = under_way.next;
        under_way.next += 1;
        under_way.places.insert(number, sender);
        drop(under_way);
        Place { handshakes: Arc::clone(self), number, taken_away }
    }

    fn under_way(&self) -> MutexGuard<'_, UnderWay> {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// Completes when the place is given to another handshake.
    pub(crate) async fn taken_away(&mut self) {
        let _ = (&mut self.taken_away).await;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.handshakes.under_way().places.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_handshake_gives_way_when_there_are_too_many() {
        let handshakes = Handshakes::at_most(2);
        let mut first = handshakes.begin();
        let mut second = handshakes.begin();
        let mut third = handshakes.begin();
        let is_gone =
            |place: &mut Place| place.taken_away.try_recv() == Err(oneshot::error::TryRecvError::Closed);
        assert!(is_gone(&mut first) && !is_gone(&mut second) && !is_gone(&mut third));
        drop(second);
        let mut fourth = handshakes.begin();
        assert!(!is_gone(&mut third) && !is_gone(&mut fourth), "one that ended left its place");
    }
}
