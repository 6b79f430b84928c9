//! How far the sweep is, for each kind of row.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use jeton_authority::sweep::{SweepOutcome, SweepPace, Swept};
use jeton_authority::tally::Count;
use jeton_jose::Timestamp;

/// The sweep so far.
#[derive(Debug)]
pub(crate) struct SweepTally {
    kinds: Vec<Progress>,
}

/// The sweep of one kind.
#[derive(Debug)]
pub(crate) struct Progress {
    pub(crate) what: Swept,
    pub(crate) removed: Count,
    /// A step removed as many rows as it may, so there are more.
    is_behind: AtomicBool,
    /// When nothing was left to remove, in seconds since 1970; 0 if that has not been so yet.
    completed_at: AtomicI64,
}

impl Default for SweepTally {
    fn default() -> Self {
        let progress = |what| Progress {
            what,
            removed: Count::default(),
            is_behind: AtomicBool::new(false),
            completed_at: AtomicI64::new(0),
        };
        Self { kinds: Swept::all().map(progress).collect() }
    }
}

impl SweepTally {
    pub(crate) fn count(&self, what: Swept, outcome: &SweepOutcome, now: Timestamp) {
        let Some(progress) = self.kinds.iter().find(|progress| progress.what == what) else { return };
        progress.removed.add(outcome.removed);
        progress.is_behind.store(outcome.pace == SweepPace::AtOnce, Ordering::Relaxed);
        if outcome.pace == SweepPace::Later {
            progress.completed_at.store(now.unix(), Ordering::Relaxed);
        }
    }

    pub(crate) fn kinds(&self) -> &[Progress] {
        &self.kinds
    }
}

impl Progress {
    pub(crate) fn is_behind(&self) -> bool {
        self.is_behind.load(Ordering::Relaxed)
    }

    pub(crate) fn completed_at(&self) -> i64 {
        self.completed_at.load(Ordering::Relaxed)
    }
}
