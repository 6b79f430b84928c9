//! What goes on beside the requests: keeping the keys up to date, removing what has expired, and telling clients of
//! sign-outs.

use std::sync::Arc;
use std::time::Duration;

use jeton_authority::{Authority, SweepCursor};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

use crate::clock::Clock;
use crate::outbound::deliver_logouts;
use crate::service::Service;
use crate::trouble::Trouble;

/// How often the keys are looked after.
const TICK: Duration = Duration::from_secs(1);
/// The pause between two steps of a sweep, so that requests hardly notice it.
const SWEEP_STEP_PAUSE: Duration = Duration::from_millis(250);
/// The pause between two sweeps, and before the first.
const SWEEP_PAUSE: Duration = Duration::from_secs(10 * 60);

/// How long the end of a server waits for the end of these tasks.
const STOP_TIME: Duration = Duration::from_millis(200);

/// The tasks that go on beside the requests. They end when this is dropped.
#[derive(Debug)]
#[must_use = "the tasks end when this is dropped"]
pub struct Background {
    tasks: JoinSet<()>,
}

impl Background {
    /// Starts the tasks of the service's authority, by its clock.
    pub fn start(service: &Service) -> Self {
        let mut tasks = JoinSet::new();
        tasks.spawn(tick(Arc::clone(service.authority()), service.clock().clone()));
        tasks.spawn(sweep(Arc::clone(service.authority()), service.clock().clone()));
        let (authority, fetcher) = (Arc::clone(service.authority()), service.fetcher().clone());
        tasks.spawn(deliver_logouts(authority, fetcher, service.clock().clone()));
        Self { tasks }
    }

    /// Ends the tasks, and waits a moment until they have ended. What they had in hand is left as it was: what was
    /// not delivered stays due.
    pub async fn stop(mut self) {
        let _ = timeout(STOP_TIME, self.tasks.shutdown()).await;
    }

    /// Adds a task.
    pub fn add(&mut self, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn(task);
    }
}

async fn tick(authority: Arc<Authority>, clock: Clock) {
    let mut trouble = Trouble::new("keys_not_refreshed");
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        match authority.tick(clock.now()).await {
            Ok(changed) => {
                trouble.over();
                if changed {
                    tracing::info!("published keys changed");
                }
            }
            Err(error) => trouble.again(&error),
        }
    }
}

async fn sweep(authority: Arc<Authority>, clock: Clock) {
    let mut trouble = Trouble::new("sweep_failed");
    let mut cursor = SweepCursor::default();
    loop {
        sleep(if cursor.is_at_start() { SWEEP_PAUSE } else { SWEEP_STEP_PAUSE }).await;
        match authority.sweep(cursor, clock.now()).await {
            Ok(next) => {
                trouble.over();
                cursor = next;
            }
            Err(error) => {
                trouble.again(&error);
                cursor = SweepCursor::default();
            }
        }
    }
}
