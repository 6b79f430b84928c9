//! The lines that wait to be written: a bounded queue that drops lines that do not fit, and counts them.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The largest number of waiting lines.
pub const QUEUED_LINES: usize = 8192;
/// The largest number of waiting bytes.
pub const QUEUED_BYTES: usize = 4 * 1024 * 1024;

/// Lines on their way to the writer thread. Adding one never waits for that thread.
#[derive(Debug, Default)]
pub(super) struct Queue {
    state: Mutex<State>,
    filled: Condvar,
    emptied: Condvar,
}

#[derive(Debug, Default)]
struct State {
    lines: VecDeque<Queued>,
    bytes: usize,
    /// How many lines were dropped since the last one that fitted.
    lost: u64,
    /// How many lines were dropped in all.
    lost_ever: u64,
    closed: bool,
    /// The writer has written everything and has reported the dropped lines.
    finished: bool,
}

/// A line, and how many lines were dropped before it.
#[derive(Debug)]
struct Queued {
    lost_before: u64,
    line: Box<[u8]>,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Write this line; this many were dropped before it.
    Line { lost_before: u64, line: Box<[u8]> },
    /// There is nothing to write; this many were dropped since the last line.
    Nothing { lost: u64 },
    /// Finish: no more lines will come, and this many were dropped since the last one.
    Closed { lost: u64 },
}

impl Queue {
    /// Adds a line, or counts it as dropped if there is no room.
    pub(super) fn add(&self, line: &[u8]) {
        let mut state = self.state();
        if state.closed || state.lines.len() >= QUEUED_LINES || line.len() > QUEUED_BYTES - state.bytes {
            state.lost = state.lost.saturating_add(1);
            state.lost_ever = state.lost_ever.saturating_add(1);
            return;
        }
        state.bytes += line.len();
        let lost_before = std::mem::take(&mut state.lost);
        state.lines.push_back(Queued { lost_before, line: line.into() });
        drop(state);
        self.filled.notify_one();
    }

    /// The next line. Waits at most this long.
    pub(super) fn next(&self, patience: Duration) -> Next {
        let state = self.state();
        let nothing = |state: &mut State| state.lines.is_empty() && !state.closed;
        let waited = self.filled.wait_timeout_while(state, patience, nothing);
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        match state.lines.pop_front() {
            Some(Queued { lost_before, line }) => {
                state.bytes -= line.len();
                Next::Line { lost_before, line }
            }
            None => {
                let lost = std::mem::take(&mut state.lost);
                if state.closed { Next::Closed { lost } } else { Next::Nothing { lost } }
            }
        }
    }

    /// How many lines were dropped in all.
    pub(super) fn lost_ever(&self) -> u64 {
        self.state().lost_ever
    }

    pub(super) fn finish(&self) {
        self.state().finished = true;
        self.emptied.notify_all();
    }

    /// Accepts no more lines, and waits at most this long for the writer. Returns whether it has finished.
    pub(super) fn close(&self, patience: Duration) -> bool {
        let mut state = self.state();
        state.closed = true;
        self.filled.notify_all();
        let deadline = Instant::now() + patience;
        while !state.finished {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            let waited = self.emptied.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        state.finished
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // No panic leaves a queue half changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(queue: &Queue) -> Next {
        queue.next(Duration::ZERO)
    }

    #[test]
    fn lines_that_do_not_fit_are_counted_where_they_are_missing() {
        let queue = Queue::default();
        for _ in 0..QUEUED_LINES + 3 {
            queue.add(b"a");
        }
        for _ in 0..QUEUED_LINES {
            assert_eq!(next(&queue), Next::Line { lost_before: 0, line: b"a"[..].into() });
        }
        queue.add(b"b");
        assert_eq!(next(&queue), Next::Line { lost_before: 3, line: b"b"[..].into() });
        assert_eq!(next(&queue), Next::Nothing { lost: 0 });
    }

    #[test]
    fn no_more_bytes_wait_than_the_limit() {
        let queue = Queue::default();
        let half = vec![b'x'; QUEUED_BYTES / 2];
        queue.add(&half);
        queue.add(&half);
        queue.add(b"y");
        queue.add(&vec![b'z'; QUEUED_BYTES + 1]);
        assert!(matches!(next(&queue), Next::Line { lost_before: 0, .. }));
        assert!(matches!(next(&queue), Next::Line { lost_before: 0, .. }));
        assert_eq!(next(&queue), Next::Nothing { lost: 2 });
        assert_eq!(queue.state().bytes, 0);
    }

    #[test]
    fn closing_waits_only_as_long_as_it_may() {
        let queue = Queue::default();
        queue.add(b"a");
        assert!(!queue.close(Duration::from_millis(10)), "nobody writes");
        queue.add(b"b");
        assert!(matches!(next(&queue), Next::Line { .. }));
        assert_eq!(next(&queue), Next::Closed { lost: 1 });
        queue.finish();
        assert!(queue.close(Duration::ZERO));
    }
}
