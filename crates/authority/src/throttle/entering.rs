//! Admitting an attempt, or letting it wait for others to end.

use std::sync::{Arc, Mutex, PoisonError};

use jeton_jose::Timestamp;

use super::Caller;
use super::under_way::UnderWay;
use super::{Attempt, Standing, Throttle, Throttled};

/// Why an attempt was not admitted. It is not counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TurnedAway {
    /// The attempt came too early.
    Throttled(Throttled),
    /// Others occupy its share of the hash queue, and too many wait for a place.
    Busy,
}

/// Admits an attempt, counted as a failure for now. If only attempts in progress prevent it, it waits for them to end.
///
/// # Errors
/// [`TurnedAway`] if the attempt came too early, or too many are waiting; it is not counted then.
pub async fn enter(
    throttle: &Mutex<Throttle>,
    account: &str,
    caller: &Caller,
    standing: Standing,
    now: Timestamp,
) -> Result<Attempt, TurnedAway> {
    let mut turn: Option<Arc<UnderWay>> = None;
    loop {
        // A throttle has no state half-way that a panic elsewhere could leave behind.
        let begun =
            throttle.lock().unwrap_or_else(PoisonError::into_inner).try_begin(account, caller, standing, now);
        let line = match begun {
            Ok(attempt) => {
                // A veiled attempt counts at fewer places than it waited for.
                if let Some(turn) = turn.filter(|turn| !attempt.is_one_of(turn)) {
                    turn.pass_on();
                }
                return Ok(attempt);
            }
            Err(Refusal::Wait(throttled)) => {
                if let Some(turn) = turn {
                    turn.pass_on();
                }
                return Err(TurnedAway::Throttled(throttled));
            }
            Err(Refusal::Behind(line)) => line,
        };
        // Who still waits for the same was overtaken by an attempt that will wake the next. Who waits for something else
        // has no use for this turn.
        if let Some(turn) = turn.filter(|turn| !Arc::ptr_eq(turn, &line.behind)) {
            turn.pass_on();
        }
        line.behind.one_to_end(line.most).await.ok_or(line.when_full)?;
        turn = Some(line.behind);
    }
}

/// Why an attempt is not admitted yet.
pub(super) enum Refusal {
    /// The attempt came too early.
    Wait(Throttled),
    /// Only attempts in progress prevent it.
    Behind(Line),
}

/// A queue of attempts that wait for others to end.
pub(super) struct Line {
    pub(super) behind: Arc<UnderWay>,
    /// The largest length of the queue.
    pub(super) most: u32,
    /// The error when the queue is full.
    pub(super) when_full: TurnedAway,
}
