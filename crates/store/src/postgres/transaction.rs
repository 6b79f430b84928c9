//! Reading and writing: taking a connection, trying again what others were in the way of, and never leaving a transaction open.

use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use jeton_authority::revocation::RevocationEvent;
use jeton_authority::store::{ConnectionFigures, StoreError, StoreFigures};
use jeton_authority::tally::{Count, Durations};
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};

use super::connection::Connection;
use super::connector::fraction;
use super::engine::{self, Engine, Outcome, Receipt};
use super::error::{Failed, Remedy};
use super::pool::{Lease, Pool};

/// How often a step is tried before its caller is told to come back later.
const TRIES: u32 = 10;

/// The first pause before another try. It doubles each time, and is shortened by chance, so that those who met once do not meet again.
const PAUSE: Duration = Duration::from_millis(2);
const LONGEST_PAUSE: Duration = Duration::from_millis(100);

/// How long a transaction may take until it is to be committed.
const TRANSACTION: Duration = Duration::from_secs(10);

/// For how long it is tried to find out what became of a transaction, and the pause between two looks at one that has not ended.
pub(super) const FINDING_OUT: Duration = Duration::from_secs(5);
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// How long a commit may wait for a standby before that is worth mentioning.
const COMMITS_WAIT: Duration = Duration::from_secs(1);

/// How many events of the revocation feed are kept until somebody takes them.
const EVENTS: usize = 1 << 16;

/// What a step does with a connection.
pub(super) type Step<'a, T> = Pin<Box<dyn Future<Output = Result<T, Failed>> + Send + 'a>>;

/// A database, by way of its connections.
#[derive(Clone)]
pub(super) struct Database {
    pool: Arc<Pool>,
    engine: Engine,
    /// An event of the revocation feed was committed.
    revocation_written: Arc<Notify>,
    /// The events of the revocation feed that were committed.
    revocations: Arc<Mutex<VecDeque<RevocationEvent>>>,
    counted: Arc<Counted>,
}

/// What is counted, for whoever watches the store.
#[derive(Debug, Default)]
struct Counted {
    operations: Count,
    commits: Durations,
    failures: Count,
    unknown_outcomes: Count,
}

/// Whether a step is a transaction.
#[derive(Clone, Copy)]
enum Kind {
    Alone,
    Transaction,
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Database")
    }
}

impl Database {
    pub(super) fn new(pool: Arc<Pool>) -> Self {
        Self {
            pool,
            engine: Engine::default(),
            revocation_written: Arc::default(),
            revocations: Arc::default(),
            counted: Arc::default(),
        }
    }

    /// The same, of which it is known what it can be asked.
    pub(super) async fn recognised(self) -> Result<Self, StoreError> {
        Ok(Self { engine: Engine::of(&self).await?, ..self })
    }

    /// What the server can be asked.
    pub(super) fn engine(&self) -> Engine {
        self.engine
    }

    /// What was done so far.
    pub(super) fn figures(&self) -> StoreFigures {
        let ((waiting, waiting_limit), (used, limit)) = (self.pool.waiting(), self.pool.used());
        StoreFigures {
            waiting: waiting as u64,
            waiting_limit: waiting_limit as u64,
            operations: self.counted.operations.get(),
            commits: self.counted.commits.read(),
            failures: self.counted.failures.get(),
            unknown_outcomes: self.counted.unknown_outcomes.get(),
            connections: Some(ConnectionFigures { used: used as u64, limit: limit as u64 }),
        }
    }

    /// Reads with one statement, or with several that need not agree with each other.
    pub(super) async fn read<A: Sync, T>(
        &self,
        about: A,
        step: for<'a> fn(&'a Connection, &'a A) -> Step<'a, T>,
    ) -> Result<T, StoreError> {
        self.read_about(&about, step).await
    }

    /// The same about something that the caller keeps.
    pub(super) async fn read_about<A: Sync, T>(
        &self,
        about: &A,
        step: for<'a> fn(&'a Connection, &'a A) -> Step<'a, T>,
    ) -> Result<T, StoreError> {
        Ok(self.repeatedly(Kind::Alone, about, step).await?)
    }

    /// Writes with one statement that is a transaction by itself. The caller must not be dropped meanwhile.
    pub(super) async fn write_alone<A: Sync + ?Sized, T>(
        &self,
        about: &A,
        step: for<'a> fn(&'a Connection, &'a A) -> Step<'a, T>,
    ) -> Result<T, Failed> {
        let started = Instant::now();
        let written = self.repeatedly(Kind::Alone, about, step).await;
        if written.is_ok() {
            self.counted.commits.add(started.elapsed());
        }
        written
    }

    /// Writes in a transaction: all of a step, or nothing of it. It is carried out to its end even where its caller is gone, so no
    /// connection is left in the middle of a transaction.
    pub(super) async fn write<A, T>(
        &self,
        about: A,
        step: for<'a> fn(&'a Connection, &'a A) -> Step<'a, T>,
    ) -> Result<T, StoreError>
    where
        A: Send + Sync + 'static,
        T: Send + 'static,
    {
        let database = self.clone();
        let written = tokio::spawn(async move { database.repeatedly(Kind::Transaction, &about, step).await });
        match written.await {
            Ok(written) => Ok(written?),
            Err(stopped) => Err(StoreError::Failed(stopped.to_string())),
        }
    }

    /// A connection for work that is no step of the protocol. The caller must not take a second one.
    pub(super) async fn connection(&self) -> Result<Lease, Failed> {
        self.pool.take().await
    }

    /// Returns when an event of the revocation feed was committed here since the last call returned.
    pub(super) async fn revocation_written(&self) {
        self.revocation_written.notified().await;
    }

    /// The events of the revocation feed that were committed here since the last call.
    pub(super) fn take_revocations(&self) -> Vec<RevocationEvent> {
        self.revocations().drain(..).collect()
    }

    fn note_revocations(&self, events: Vec<RevocationEvent>) {
        if events.is_empty() {
            return;
        }
        let mut kept = self.revocations();
        kept.extend(events);
        let surplus = kept.len().saturating_sub(EVENTS);
        kept.drain(..surplus);
        drop(kept);
        self.revocation_written.notify_one();
    }

    fn revocations(&self) -> std::sync::MutexGuard<'_, VecDeque<RevocationEvent>> {
        self.revocations.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does what finds out whether something was committed, and tells, in words, if commits wait for a standby meanwhile.
    pub(super) async fn noting_standby<T>(&self, work: impl Future<Output = T>) -> (T, Option<String>) {
        let mut work = pin!(work);
        let mut standby = pin!(self.standby());
        tokio::select! {
            done = &mut work => (done, None),
            standby = &mut standby => (work.await, standby),
        }
    }

    /// Whether commits wait for a standby, in words. It takes a while to tell, since each of them waits for a moment.
    async fn standby(&self) -> Option<String> {
        sleep(COMMITS_WAIT).await;
        let connection = self.pool.take().await.ok()?;
        let names = engine::waits_for(&connection).await.ok().flatten()?;
        Some(format!("no standby confirms commits (synchronous_standby_names is '{names}')"))
    }

    /// What became of a transaction whose commit was not answered.
    async fn outcome(&self, receipt: &Receipt) -> Outcome {
        let found = timeout(FINDING_OUT, async {
            loop {
                let Ok(connection) = self.pool.take().await else { return Outcome::Unknown };
                let look = transact(
                    &connection,
                    self.engine,
                    receipt,
                    |db, receipt| Box::pin(engine::outcome(db, receipt)),
                    &self.counted,
                );
                match look.await {
                    Transacted::Done(Outcome::Open) => {}
                    Transacted::Done(outcome) => return outcome,
                    Transacted::Failed(failed) if failed.remedy() == Remedy::Reconnect => {
                        connection.give_up();
                        self.pool.forget_idle();
                    }
                    Transacted::Failed(_) | Transacted::Unknown { .. } => return Outcome::Unknown,
                }
                drop(connection);
                sleep(LOOK_AGAIN).await;
            }
        });
        found.await.unwrap_or(Outcome::Unknown)
    }

    /// Takes a connection and tries until it is done, or asking again helps nobody.
    async fn repeatedly<A: ?Sized, T>(
        &self,
        kind: Kind,
        about: &A,
        step: for<'a> fn(&'a Connection, &'a A) -> Step<'a, T>,
    ) -> Result<T, Failed> {
        self.counted.operations.add_one();
        let done = self.tried(kind, about, step).await;
        if let Err(failed) = &done {
            self.counted.failures.add_one();
            if matches!(failed, Failed::OutcomeUnknown(_)) {
                self.counted.unknown_outcomes.add_one();
            }
        }
        done
    }

    async fn tried<A: ?Sized, T>(
        &self,
        kind: Kind,
        about: &A,
        step: for<'a> fn(&'a Connection, &'a A) -> Step<'a, T>,
    ) -> Result<T, Failed> {
        let mut lease: Option<Lease> = None;
        let mut tries = 0;
        loop {
            let connection = match lease.take().filter(|lease| lease.is_usable()) {
                Some(connection) => connection,
                None => self.pool.take().await?,
            };
            let attempt = match kind {
                Kind::Alone => step(&connection, about).await,
                Kind::Transaction => {
                    match transact(&connection, self.engine, about, step, &self.counted).await {
                        Transacted::Done(done) => {
                            self.note_revocations(connection.take_revocations());
                            Ok(done)
                        }
                        Transacted::Failed(failed) => Err(failed),
                        Transacted::Unknown { done, receipt, why } => {
                            // They matter all the more where the database may have lost them.
                            self.note_revocations(connection.take_revocations());
                            // Whoever looks needs a connection, and there may be no more than one.
                            drop(connection);
                            let Some(receipt) = receipt else { return Err(Failed::OutcomeUnknown(why)) };
                            let (outcome, standby) = self.noting_standby(self.outcome(&receipt)).await;
                            match outcome {
                                Outcome::Committed => return Ok(done),
                                Outcome::Undone if receipt.transaction.is_none() => return Ok(done),
                                Outcome::Undone if tries + 1 < TRIES => {
                                    tries += 1;
                                    continue;
                                }
                                _ => return Err(Failed::OutcomeUnknown(standby.unwrap_or(why))),
                            }
                        }
                    }
                }
            };
            let failed = match attempt {
                Ok(done) => return Ok(done),
                Err(failed) => failed,
            };
            tries += 1;
            if tries == TRIES {
                return Err(failed);
            }
            match failed.remedy() {
                Remedy::None => return Err(failed),
                Remedy::Again => {}
                Remedy::Prepare => connection.forget_statements().await,
                Remedy::Reconnect => {
                    connection.give_up();
                    self.pool.forget_idle();
                }
            }
            lease = Some(connection);
            sleep(PAUSE.saturating_mul(1 << tries.min(6)).min(LONGEST_PAUSE).mul_f64(fraction())).await;
        }
    }
}

/// What a transaction came to.
enum Transacted<T> {
    Done(T),
    Failed(Failed),
    /// It was to be committed, and nobody knows whether it was.
    Unknown {
        done: T,
        receipt: Option<Receipt>,
        why: String,
    },
}

async fn transact<A: ?Sized, T>(
    connection: &Connection,
    engine: Engine,
    about: &A,
    step: for<'a> fn(&'a Connection, &'a A) -> Step<'a, T>,
    counted: &Counted,
) -> Transacted<T> {
    if let Err(failed) = connection.begin().await {
        return Transacted::Failed(failed);
    }
    match timeout(TRANSACTION, step(connection, about)).await {
        Ok(Ok(done)) => {
            let started = Instant::now();
            let (committed, receipt) = connection.commit(engine).await;
            if committed.is_ok() {
                counted.commits.add(started.elapsed());
            }
            match committed {
                Ok(()) => Transacted::Done(done),
                Err(Failed::OutcomeUnknown(why)) => Transacted::Unknown { done, receipt, why },
                Err(failed) => Transacted::Failed(failed),
            }
        }
        Ok(Err(failed)) => {
            connection.roll_back().await;
            Transacted::Failed(failed)
        }
        Err(_) => {
            connection.give_up();
            Transacted::Failed(Failed::Late)
        }
    }
}
