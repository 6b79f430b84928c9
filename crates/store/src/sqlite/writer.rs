//! The one thread that writes, and how commits are shared (group commit).
//!
//! Operations queue up while a commit is on its way to the disk; the next transaction takes all of them. So the rate of
//! writes does not depend on how long the disk takes, and each operation is still answered only after its commit is
//! durable.

use std::fmt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use jeton_authority::store::{StoreError, StoreFigures};
use jeton_authority::tally::{Count, Durations};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, ffi};
use tokio::sync::{Notify, mpsc, oneshot};

use super::connection::open_writer;
use super::error::{reopening_may_help, store_error};
use super::place::Place;
use super::{audit_segments, revocations};
use crate::open_error::OpenError;

/// How many operations may wait. Beyond that the store says that it is unavailable rather than let waiting grow.
const QUEUE: usize = 8192;

/// How many operations one transaction takes at most.
const BATCH: usize = 1024;

/// How often a connection that cannot write is opened anew.
const REOPEN_EVERY: Duration = Duration::from_secs(1);

/// The writing end of the store.
pub(super) struct Writer {
    queue: Option<mpsc::Sender<Box<dyn Job>>>,
    thread: Option<JoinHandle<Result<(), StoreError>>>,
    shared: Arc<Shared>,
}

/// What the thread and its callers both see.
struct Shared {
    database: Mutex<Database>,
    commits: AtomicU64,
    operations: AtomicU64,
    commit_times: Durations,
    failures: Count,
    /// An event of the revocation feed was committed.
    revocation_written: Notify,
}

impl Writer {
    /// Starts the thread.
    pub(super) fn start(
        path: PathBuf,
        connection: Connection,
        place: Option<Arc<Place>>,
    ) -> Result<Self, OpenError> {
        let shared = Shared {
            commits: AtomicU64::new(0),
            operations: AtomicU64::new(0),
            commit_times: Durations::default(),
            failures: Count::default(),
            revocation_written: Notify::new(),
            database: Mutex::new(Database { path: path.clone(), connection, reopened: None, place }),
        };
        let shared = Arc::new(shared);
        let (queue, jobs) = mpsc::channel(QUEUE);
        let thread = {
            let shared = Arc::clone(&shared);
            thread::Builder::new().name("jeton-store".into()).spawn(move || serve(&shared, jobs))
        };
        let thread = thread.map_err(|source| OpenError::Io { path, source })?;
        Ok(Self { queue: Some(queue), thread: Some(thread), shared })
    }

    /// Runs an operation in a transaction that it may share with others. The answer comes after its commit.
    ///
    /// The operation must not mind being run again: where a shared transaction is rolled back, its operations are run
    /// once more, each in its own.
    pub(super) async fn submit<T, F>(&self, operation: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnMut(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        let stopped = || StoreError::Failed("the writer has stopped".into());
        let (reply, answer) = oneshot::channel();
        let job = Box::new(Operation { operation, outcome: None, reply });
        let queue = self.queue.as_ref().ok_or_else(stopped)?;
        queue.try_send(job).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => {
                StoreError::Unavailable(format!("{QUEUE} operations are waiting already"))
            }
            mpsc::error::TrySendError::Closed(_) => stopped(),
        })?;
        answer.await.unwrap_or_else(|_| Err(stopped()))
    }

    /// Returns when an event of the revocation feed was committed since the last call returned.
    pub(super) async fn revocation_written(&self) {
        self.shared.revocation_written.notified().await;
    }

    pub(super) fn commits(&self) -> u64 {
        self.shared.commits.load(Ordering::Relaxed)
    }

    pub(super) fn operations(&self) -> u64 {
        self.shared.operations.load(Ordering::Relaxed)
    }

    pub(super) fn figures(&self) -> StoreFigures {
        let waiting = self.queue.as_ref().map_or(0, |queue| queue.max_capacity() - queue.capacity());
        StoreFigures {
            waiting: waiting as u64,
            waiting_limit: QUEUE as u64,
            operations: self.operations(),
            commits: self.shared.commit_times.read(),
            failures: self.shared.failures.get(),
            unknown_outcomes: 0,
            connections: None,
        }
    }

    /// Finishes what was accepted and leaves everything in the one file. A second call does nothing.
    pub(super) fn close(&mut self) -> Result<(), StoreError> {
        self.queue = None;
        match self.thread.take().map(JoinHandle::join) {
            None => Ok(()),
            Some(Ok(outcome)) => outcome,
            Some(Err(_)) => Err(StoreError::Failed("the writer panicked".into())),
        }
    }
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer").field("commits", &self.commits()).finish_non_exhaustive()
    }
}

/// An operation with whoever waits for it, whatever its outcome's type.
trait Job: Send {
    /// Runs it and keeps the outcome.
    fn run(&mut self, connection: &Connection) -> rusqlite::Result<()>;
    /// Answers with the outcome.
    fn answer(self: Box<Self>);
    /// Answers that it could not be done.
    fn refuse(self: Box<Self>, error: StoreError);
}

struct Operation<T, F> {
    operation: F,
    outcome: Option<T>,
    reply: oneshot::Sender<Result<T, StoreError>>,
}

impl<T: Send, F: FnMut(&Connection) -> rusqlite::Result<T> + Send> Job for Operation<T, F> {
    fn run(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        self.outcome = Some((self.operation)(connection)?);
        Ok(())
    }

    fn answer(self: Box<Self>) {
        if let Some(outcome) = self.outcome {
            // Whoever asked may have gone away meanwhile.
            let _ = self.reply.send(Ok(outcome));
        }
    }

    fn refuse(self: Box<Self>, error: StoreError) {
        let _ = self.reply.send(Err(error));
    }
}

/// An operation that ran within the open transaction.
struct Ran {
    job: Box<dyn Job>,
    wrote: bool,
}

fn serve(shared: &Shared, mut queue: mpsc::Receiver<Box<dyn Job>>) -> Result<(), StoreError> {
    let mut jobs = Vec::new();
    while queue.blocking_recv_many(&mut jobs, BATCH) > 0 {
        shared.operations.fetch_add(jobs.len() as u64, Ordering::Relaxed);
        shared.lock().perform(&mut jobs, shared);
    }
    shared.lock().finish()
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Database> {
        self.database.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The writing connection.
struct Database {
    path: PathBuf,
    connection: Connection,
    reopened: Option<Instant>,
    /// Closed after the connection is: see [`Place`].
    place: Option<Arc<Place>>,
}

impl Database {
    /// Performs operations in one transaction where possible, and answers each of them.
    fn perform(&mut self, jobs: &mut Vec<Box<dyn Job>>, shared: &Shared) {
        if let Err(error) = self.begin() {
            for job in jobs.drain(..) {
                self.perform_reading(job, &error, shared);
            }
            return;
        }
        let mut ran = Vec::new();
        let mut waiting = jobs.drain(..);
        while let Some(mut job) = waiting.next() {
            let changes = self.connection.total_changes();
            match job.run(&self.connection) {
                // Nothing before it was written either, so what it saw is on the disk.
                Ok(()) if ran.is_empty() && self.connection.total_changes() == changes => job.answer(),
                Ok(()) => ran.push(Ran { job, wrote: self.connection.total_changes() != changes }),
                Err(_) => {
                    self.roll_back();
                    for job in ran.into_iter().map(|ran| ran.job).chain([job]).chain(waiting) {
                        self.perform_alone(job, shared);
                    }
                    return;
                }
            }
        }
        if ran.is_empty() {
            return self.roll_back();
        }
        match self.commit(shared) {
            Ok(()) => ran.into_iter().for_each(|ran| ran.job.answer()),
            Err(error) => {
                for ran in ran {
                    if ran.wrote {
                        shared.failures.add_one();
                        ran.job.refuse(store_error(&error, &self.path));
                    } else {
                        // It may have seen what now never was.
                        self.perform_alone(ran.job, shared);
                    }
                }
            }
        }
    }

    /// Performs an operation in a transaction of its own.
    fn perform_alone(&mut self, mut job: Box<dyn Job>, shared: &Shared) {
        if let Err(error) = self.begin() {
            return self.perform_reading(job, &error, shared);
        }
        let changes = self.connection.total_changes();
        let outcome = match job.run(&self.connection) {
            Ok(()) if self.connection.total_changes() == changes => {
                self.roll_back();
                Ok(())
            }
            Ok(()) => self.commit(shared),
            Err(error) => {
                self.roll_back();
                Err(error)
            }
        };
        match outcome {
            Ok(()) => job.answer(),
            Err(error) => {
                shared.failures.add_one();
                job.refuse(store_error(&error, &self.path));
            }
        }
    }

    /// Performs an operation that may turn out to write nothing, where writing is impossible because of `reason`.
    fn perform_reading(&mut self, mut job: Box<dyn Job>, reason: &rusqlite::Error, shared: &Shared) {
        let outcome = self.set_query_only(true).and_then(|()| self.connection.execute_batch("BEGIN"));
        let outcome = outcome.and_then(|()| job.run(&self.connection));
        self.roll_back();
        // It can fail only if SQLite has no memory left, and then the next transaction is refused, which is no harm.
        let _ = self.set_query_only(false);
        if outcome.is_err() {
            shared.failures.add_one();
        }
        match outcome {
            Ok(()) => job.answer(),
            // It wanted to write, which was impossible before it was asked.
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::ReadOnly) => {
                job.refuse(store_error(reason, &self.path))
            }
            Err(error) => job.refuse(store_error(&error, &self.path)),
        }
    }

    fn begin(&mut self) -> rusqlite::Result<()> {
        let begun = self.begin_writing();
        if begun.as_ref().is_err_and(reopening_may_help) && self.reopen() {
            return self.begin_writing();
        }
        begun
    }

    fn begin_writing(&self) -> rusqlite::Result<()> {
        self.check_place()?;
        // For a file that it may not write SQLite begins a transaction all the same, one that only reads.
        if self.connection.is_readonly("main")? {
            return Err(rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_READONLY), None));
        }
        self.execute("BEGIN IMMEDIATE")
    }

    fn commit(&mut self, shared: &Shared) -> rusqlite::Result<()> {
        let started = Instant::now();
        let outcome = audit_segments::write(&self.connection).and_then(|()| self.execute("COMMIT"));
        match outcome {
            Ok(()) => {
                shared.commit_times.add(started.elapsed());
                shared.commits.fetch_add(1, Ordering::Relaxed);
                if revocations::take_written() {
                    shared.revocation_written.notify_one();
                }
            }
            Err(_) => self.roll_back(),
        }
        outcome
    }

    /// Ends the open transaction, if SQLite has not done so itself.
    fn roll_back(&mut self) {
        if !self.connection.is_autocommit() {
            // If even this fails the connection is beyond use, and reopening it on the next failure replaces it.
            let _ = self.execute("ROLLBACK");
        }
        revocations::take_written();
        audit_segments::forget();
    }

    fn execute(&self, sql: &str) -> rusqlite::Result<()> {
        self.connection.prepare_cached(sql)?.execute([]).map(drop)
    }

    fn set_query_only(&self, on: bool) -> rusqlite::Result<()> {
        self.connection.pragma_update(None, "query_only", on)
    }

    /// What is written to a database that was moved away is lost to whoever looks for it under its name.
    fn check_place(&self) -> rusqlite::Result<()> {
        let check = self.place.as_ref().map_or(Ok(()), |place| place.check());
        check.map_err(|displaced| rusqlite::Error::ToSqlConversionFailure(Box::new(displaced)))
    }

    fn reopen(&mut self) -> bool {
        if self.reopened.is_some_and(|at| at.elapsed() < REOPEN_EVERY) {
            return false;
        }
        self.reopened = Some(Instant::now());
        let Ok(connection) = open_writer(&self.path) else { return false };
        if self.check_place().is_err() {
            return false;
        }
        self.connection = connection;
        true
    }

    /// Moves the log into the database, so that a backup of the one file is complete.
    fn finish(&mut self) -> Result<(), StoreError> {
        if let Err(displaced) = self.check_place() {
            // SQLite would remove the log under the database's name when it closes, and that is another's by now.
            let kept = self.connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true);
            let error = kept.err().unwrap_or(displaced);
            return Err(store_error(&error, &self.path));
        }
        let checkpoint = self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
        checkpoint.map_err(|error| store_error(&error, &self.path))
    }
}
