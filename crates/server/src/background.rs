//! Background tasks: generating and refreshing keys, removing expired rows, delivering logout tokens and mail, and ending again what a failover
//! forgot.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use jeton_authority::settings::ID_TOKEN_ALGORITHM;
use jeton_authority::sweep::{SweepCursor, SweepPace, Swept};
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};

use crate::feed;
use crate::logging::Trouble;
use crate::machine::ClockWatch;
use crate::mail::deliver_mail;
use crate::outbound::deliver_logouts;
use crate::service::Service;

/// How often the keys are refreshed.
const TICK: Duration = Duration::from_secs(1);
/// The pause between two steps of a walk through all rows of a kind, so that requests hardly notice it.
const WALK_PAUSE: Duration = Duration::from_millis(250);
/// The pause between two walks, and before the first.
const PAUSE_BETWEEN_WALKS: Duration = Duration::from_secs(10 * 60);
/// The pause between two searches for expired rows of a kind that has an index on their time.
const SWEEP_PAUSE: Duration = Duration::from_secs(10);

/// After how many ticks this node's clock is compared with the database's; immediately after it was set.
const COMPARE_CLOCKS_EVERY: u32 = 5;

/// How long the shutdown of a server waits for these tasks.
const STOP_TIME: Duration = Duration::from_millis(200);

/// The background tasks. They end when this is dropped.
#[derive(Debug)]
#[must_use = "the tasks end when this is dropped"]
pub struct Background {
    tasks: JoinSet<()>,
}

impl Background {
    /// Starts the tasks for the service's authority, with its clock.
    pub fn start(service: &Service) -> Self {
        let mut tasks = JoinSet::new();
        tasks.spawn(tick(service.clone()));
        tasks.spawn(make_keys(service.clone()));
        // One task for each kind, so that none waits for another.
        for what in Swept::all() {
            tasks.spawn(sweep(what, service.clone()));
        }
        let (authority, fetcher) = (Arc::clone(service.authority()), service.fetcher().clone());
        let clocks = || Arc::clone(&service.app().clocks);
        tasks.spawn(deliver_logouts(authority, fetcher, service.clock().clone(), clocks()));
        if let Some(mailer) = &service.app().mailer {
            let (authority, clock) = (Arc::clone(service.authority()), service.clock().clone());
            tasks.spawn(deliver_mail(Arc::clone(mailer), authority, clock, clocks()));
        }
        tasks.spawn(end_again(service.clone()));
        tasks.spawn(feed::read(Arc::clone(service.feed()), service.clock().clone(), clocks()));
        Self { tasks }
    }

    /// Ends the tasks, and waits briefly for them. Unfinished work stays as it was: undelivered logout tokens stay
    /// due.
    pub async fn stop(mut self) {
        let _ = timeout(STOP_TIME, self.tasks.shutdown()).await;
    }

    /// Adds a task.
    pub fn add(&mut self, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn(task);
    }
}

async fn tick(service: Service) {
    let (authority, clock) = (service.authority(), service.clock());
    let mut clock_trouble = Trouble::new("clocks_not_compared");
    let mut until_comparison = 0;
    let mut trouble = Trouble::new("keys_not_refreshed");
    let mut displaced = Trouble::new("database_displaced");
    let mut watch = ClockWatch::default();
    let started = Instant::now();
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let now = clock.now();
        if let Some(step) = watch.observe(now, started.elapsed()) {
            step.log();
            until_comparison = 0;
        }
        match until_comparison {
            0 => {
                until_comparison = COMPARE_CLOCKS_EVERY;
                match service.compare_clocks().await {
                    Ok(()) => clock_trouble.over(),
                    Err(error) => clock_trouble.again(&error),
                }
            }
            _ => until_comparison -= 1,
        }
        match authority.store().in_place() {
            Ok(()) => displaced.over(),
            Err(error) => displaced.again(&error),
        }
        // By a wrong clock, keys would sign too early or be retired too early.
        if service.clock_disagrees() {
            continue;
        }
        let ticked = authority.tick(now).await;
        service.app().store_reachable.store(ticked.is_ok(), Ordering::Relaxed);
        match ticked {
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

/// Generates the key for ID tokens in the background: at the first start, and after it was withdrawn.
async fn make_keys(service: Service) {
    let (authority, clock) = (service.authority(), service.clock());
    let mut trouble = Trouble::new("key_not_made");
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if service.clock_disagrees() {
            continue;
        }
        match authority.keys().make_id_token_key(clock.now()).await {
            Ok(made) => {
                trouble.over();
                if made {
                    tracing::info!(alg = %ID_TOKEN_ALGORITHM, "generated and published a key for ID tokens");
                }
            }
            Err(error) => trouble.again(&error),
        }
    }
}

/// Ends again what the database has forgotten to have ended, whenever it continues from an older state.
async fn end_again(service: Service) {
    let (authority, clock) = (service.authority(), service.clock());
    let mut trouble = Trouble::new("endings_not_repeated");
    loop {
        authority.feed().lost().await;
        tracing::warn!(
            code = "older_state",
            "the database continues from an older state: what was read before is read again"
        );
        loop {
            match authority.feed().end_again(clock.now()).await {
                Ok(0) => break trouble.over(),
                Ok(ended) => {
                    trouble.over();
                    tracing::warn!(
                        code = "ended_again",
                        ended,
                        "ended again what the database had forgotten"
                    );
                    break;
                }
                Err(error) => trouble.again(&error),
            }
            sleep(TICK).await;
        }
    }
}

async fn sweep(what: Swept, service: Service) {
    let (authority, clock) = (service.authority(), service.clock());
    let mut trouble = Trouble::new("sweep_failed");
    let (mut cursor, mut pace) = (SweepCursor::default(), SweepPace::Later);
    loop {
        sleep(pause(what, pace)).await;
        // By a wrong clock, it would remove what is still valid.
        if service.clock_disagrees() {
            pace = SweepPace::Soon;
            continue;
        }
        match authority.sweep(what, cursor, clock.now()).await {
            Ok(step) => {
                trouble.over();
                service.app().swept.count(what, &step, clock.now());
                (cursor, pace) = (step.next, step.pace);
            }
            Err(error) => {
                trouble.again(&error);
                (cursor, pace) = (SweepCursor::default(), SweepPace::Later);
            }
        }
    }
}

const fn pause(what: Swept, pace: SweepPace) -> Duration {
    match pace {
        // Each step waits for its turn at the writer, like every other operation.
        SweepPace::AtOnce => Duration::ZERO,
        SweepPace::Soon => WALK_PAUSE,
        SweepPace::Later if what.is_walked() => PAUSE_BETWEEN_WALKS,
        SweepPace::Later => SWEEP_PAUSE,
    }
}
