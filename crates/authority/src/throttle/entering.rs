//! Letting an attempt in, or having it wait in line for others to end.

use std::sync::{Arc, Mutex, PoisonError};

use jeton_jose::Timestamp;

use super::Caller;
use super::under_way::UnderWay;
use super::{Attempt, Standing, Throttle, Throttled};

/// Why an attempt was not let through. It is not counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TurnedAway {
    /// It came too early.
    Throttled(Throttled),
    /// Others hold the places where passwords are hashed that it may have, and too many wait for one.
    Busy,
}

/// Lets an attempt through, counted as a failure for now. Where only attempts that are under way stand in its way, it waits
/// for them to end.
///
/// # Errors
/// [`TurnedAway`] when it came too early, or too many wait already; it is not counted then.
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

/// Why an attempt is not let through.
pub(super) enum Refusal {
    /// It is too early.
    Wait(Throttled),
    /// Only attempts under way stand in its way.
    Behind(Line),
}

/// A line of attempts that wait for others to end.
pub(super) struct Line {
    pub(super) behind: Arc<UnderWay>,
    /// How many may stand in it.
    pub(super) most: u32,
    /// What the next is told.
    pub(super) when_full: TurnedAway,
}
