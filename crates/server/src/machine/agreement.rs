//! Whether this node's clock agrees with the database's, which all nodes share.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jeton_authority::ClockReading;
use jeton_authority::store::{Store, StoreError};

use super::{Clock, date};

/// The latest comparison of the two clocks. While they disagree, the node issues nothing and removes nothing: its tokens would be expired
/// when they are issued, and it would remove what is still valid.
#[derive(Debug)]
pub(crate) struct ClockAgreement {
    limit: Duration,
    disagrees: AtomicBool,
    reading: Mutex<Option<ClockReading>>,
}

impl ClockAgreement {
    pub(crate) const fn within(limit: Duration) -> Self {
        Self { limit, disagrees: AtomicBool::new(false), reading: Mutex::new(None) }
    }

    /// Compares the clocks. A database without a clock of its own always agrees.
    ///
    /// # Errors
    /// If the store fails, the result of the previous comparison remains.
    pub(crate) async fn compare(&self, store: &dyn Store, clock: &Clock) -> Result<(), StoreError> {
        let before = clock.now();
        let Some(theirs) = store.time().await? else { return Ok(()) };
        self.take(ClockReading { ours: (before, clock.now()), theirs });
        Ok(())
    }

    fn take(&self, reading: ClockReading) {
        *self.reading.lock().unwrap_or_else(PoisonError::into_inner) = Some(reading);
        let disagrees = reading.differs_by_more_than(self.limit);
        match (self.disagrees.swap(disagrees, Ordering::AcqRel), disagrees) {
            (false, true) => tracing::error!(
                code = "clock_disagrees",
                node = date(reading.ours.1),
                database = date(reading.theirs),
                seconds_ahead = reading.seconds_ahead(),
                "the clock of this node differs from the clock of the database by more than {:?}; the node issues nothing until they agree",
                self.limit
            ),
            (true, false) => tracing::info!(code = "clock_disagrees", "the clocks agree again"),
            _ => {}
        }
    }

    /// Whether the clocks differ too much. Cheap enough for every request.
    pub(crate) fn disagrees(&self) -> bool {
        self.disagrees.load(Ordering::Relaxed)
    }

    /// What the clocks said at the latest comparison; `None` if the database has no clock of its own.
    pub(crate) fn reading(&self) -> Option<ClockReading> {
        *self.reading.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
