//! A deadline that costs nothing unless something waits.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Sleep, sleep};

/// Completes when `after` has passed since the first poll.
///
/// The timer is set at that first poll, which is when something waits for the first time: a request that is answered
/// without waiting never touches the runtime's timers.
pub(crate) fn poll_deadline(
    mut timer: Pin<&mut Option<Sleep>>,
    after: Duration,
    cx: &mut Context<'_>,
) -> Poll<()> {
    if timer.is_none() {
        timer.set(Some(sleep(after)));
    }
    timer.as_pin_mut().map_or(Poll::Pending, |sleep| sleep.poll(cx))
}
