//! The connections of a process: few, handed from one caller to the next, made again with pauses while the server is away.

use std::ops::Deref;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep_until, timeout};

use super::connection::Connection;
use super::connector::{Connector, fraction};
use super::error::Failed;

/// How many callers may wait. Others are turned away at once, so that a slow database costs no memory.
const WAITING: usize = 2_048;

/// Connections that are made at the same time.
const HANDSHAKES: usize = 2;

/// The pause after a host could not be reached, and the longest that it grows to.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_millis(800);

/// The connections.
#[derive(Debug)]
pub(super) struct Pool {
    connector: Connector,
    /// How long a caller waits for a connection.
    wait: Duration,
    /// How many connections there may be.
    size: usize,
    /// As many as there may be connections.
    places: Arc<Semaphore>,
    handshakes: Semaphore,
    /// Those that nobody uses; the one that was used last is taken first.
    idle: Mutex<Vec<Connection>>,
    waiting: AtomicUsize,
    away: Mutex<Away>,
}

/// That the server could not be reached.
#[derive(Debug, Default)]
struct Away {
    failures: u32,
    /// When the next may try.
    until: Option<Instant>,
}

/// A connection that one caller has to itself.
#[derive(Debug)]
pub(super) struct Lease {
    pool: Arc<Pool>,
    /// Until it is dropped.
    connection: Option<Connection>,
    _place: OwnedSemaphorePermit,
}

impl Pool {
    pub(super) fn new(connector: Connector, size: usize, wait: Duration) -> Arc<Self> {
        Arc::new(Self {
            connector,
            wait,
            size,
            places: Arc::new(Semaphore::new(size)),
            handshakes: Semaphore::new(HANDSHAKES),
            idle: Mutex::default(),
            waiting: AtomicUsize::new(0),
            away: Mutex::default(),
        })
    }

    /// Takes a connection, or makes one. A caller must not take a second one.
    pub(super) async fn take(self: &Arc<Self>) -> Result<Lease, Failed> {
        let _turn = Turn::begin(&self.waiting)?;
        let deadline = Instant::now() + self.wait;
        let place = timeout(self.wait, Arc::clone(&self.places).acquire_owned()).await;
        let Ok(Ok(place)) = place else {
            return Err(Failed::Unreachable("all connections to the database are in use".to_owned()));
        };
        let connection = match self.idle_one() {
            Some(connection) => connection,
            None => self.connect(deadline).await?,
        };
        Ok(Lease { pool: Arc::clone(self), connection: Some(connection), _place: place })
    }

    /// Gives up the connections that nobody uses: they lead to a server that is gone, or takes no writes any more.
    pub(super) fn forget_idle(&self) {
        self.idle().clear();
    }

    /// How many callers wait, and how many may.
    pub(super) fn waiting(&self) -> (usize, usize) {
        (self.waiting.load(Ordering::Relaxed), WAITING)
    }

    /// How many connections are used, and how many may be.
    pub(super) fn used(&self) -> (usize, usize) {
        (self.size.saturating_sub(self.places.available_permits()), self.size)
    }

    fn idle_one(&self) -> Option<Connection> {
        let mut idle = self.idle();
        std::iter::from_fn(|| idle.pop()).find(Connection::is_usable)
    }

    /// Makes a connection, and tries again until `deadline` while there is nobody to connect to.
    async fn connect(&self, deadline: Instant) -> Result<Connection, Failed> {
        loop {
            let away_until = self.away().until;
            if let Some(until) = away_until {
                sleep_until(until.min(deadline).into()).await;
            }
            let tried = {
                // Never closed.
                let _handshake = self.handshakes.acquire().await;
                self.connector.connect().await
            };
            match tried {
                Ok(connection) => {
                    *self.away() = Away::default();
                    return Ok(connection);
                }
                Err(failed) => {
                    self.away().fail();
                    if Instant::now() >= deadline {
                        return Err(failed);
                    }
                }
            }
        }
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn away(&self) -> std::sync::MutexGuard<'_, Away> {
        self.away.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Away {
    fn fail(&mut self) {
        let now = Instant::now();
        // Those who tried at the same time found out the same.
        if self.until.is_some_and(|until| until > now) {
            return;
        }
        let pause = FIRST_PAUSE.saturating_mul(1 << self.failures.min(6)).min(LONGEST_PAUSE);
        self.failures += 1;
        self.until = Some(now + pause.mul_f64(0.5 + fraction() / 2.0));
    }
}

impl Deref for Lease {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.connection.as_ref().expect("it is there until the lease is dropped")
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        // Before the place is free, so that whoever gets that finds the connection.
        if let Some(connection) = self.connection.take().filter(Connection::is_usable) {
            self.pool.idle().push(connection);
        }
    }
}

/// A caller who waits.
struct Turn<'a>(&'a AtomicUsize);

impl<'a> Turn<'a> {
    fn begin(waiting: &'a AtomicUsize) -> Result<Self, Failed> {
        if waiting.fetch_add(1, Ordering::AcqRel) >= WAITING {
            waiting.fetch_sub(1, Ordering::AcqRel);
            return Err(Failed::Unreachable("too many wait for a connection to the database".to_owned()));
        }
        Ok(Self(waiting))
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}
