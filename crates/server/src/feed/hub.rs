//! The readers of this node.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use jeton_authority::Authority;
use jeton_authority::feed::FeedError;
use jeton_authority::tally::Count;
use jeton_jose::Timestamp;
use tokio::sync::{Mutex, Notify, Semaphore, broadcast, watch};
use tokio::time::{Instant, timeout};

use super::frame;
use super::stream::{Reader, body};
use crate::settings::Limits;

/// How many frames a reader may be behind: at least ten seconds.
const RING: usize = 512;
/// A new reader needs a poll of the store that is not older than this.
const FRESH: Duration = Duration::from_millis(50);
/// How long a new reader waits for the store, if something is known.
const PATIENCE: Duration = Duration::from_millis(500);
/// After how long readers reconnect, in milliseconds: spread, so that they do not all reconnect at the same time.
const COME_BACK: (u16, u16) = (1_000, 5_000);
/// The same when the server stops, because another node is available.
const COME_BACK_ELSEWHERE: (u16, u16) = (50, 750);

pub(crate) struct Hub {
    authority: Arc<Authority>,
    places: Arc<Semaphore>,
    heartbeat: Duration,
    sent: broadcast::Sender<Bytes>,
    events: Count,
    /// How many readers there may be.
    limit: usize,
    /// The time of the last poll. One poll at a time, so that each event is sent once.
    looked: Mutex<Option<Instant>>,
    /// The same, readable during a poll.
    looked_at: std::sync::Mutex<Option<Instant>>,
    /// Notified when a reader connects.
    wanted: Notify,
    /// The server is about to stop.
    stops: AtomicBool,
    /// Changes when the present streams are to end.
    ending: watch::Sender<()>,
}

/// A reading of the feed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FeedFigures {
    pub(crate) readers: usize,
    pub(crate) readers_limit: usize,
    /// How many events were sent.
    pub(crate) events: u64,
    /// How long ago the store was asked; zero if nobody reads.
    pub(crate) lag: Duration,
}

/// Why a reader is refused.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoStream {
    /// There are as many readers as allowed.
    #[error("as many connections listen to the revocation feed as may")]
    Full,
    /// The server is about to stop.
    #[error("the server is about to stop")]
    Ending,
    /// The store could not be read yet, or the events could not be signed.
    #[error("the revocation feed cannot be read: {0}")]
    Failed(FeedError),
}

impl NoStream {
    /// The stable name of the error.
    pub(crate) const fn code(&self) -> &'static str {
        match self {
            Self::Full => "feed_full",
            Self::Ending => "server_stopping",
            Self::Failed(_) => "revocations_not_read",
        }
    }
}

impl Hub {
    pub(crate) fn new(authority: Arc<Authority>, limits: &Limits) -> Self {
        let limit =
            usize::try_from(limits.feed_connections).unwrap_or(usize::MAX).min(Semaphore::MAX_PERMITS);
        Self {
            authority,
            places: Arc::new(Semaphore::new(limit)),
            events: Count::default(),
            limit,
            heartbeat: limits.feed_heartbeat,
            sent: broadcast::Sender::new(RING),
            looked: Mutex::default(),
            looked_at: std::sync::Mutex::default(),
            wanted: Notify::new(),
            stops: AtomicBool::new(false),
            ending: watch::Sender::new(()),
        }
    }

    /// A stream for a reader with this cursor, or for a new reader.
    pub(crate) async fn stream(&self, cursor: Option<&str>, now: Timestamp) -> Result<Body, NoStream> {
        // In this order, so that whoever is not refused hears of the end.
        let ending = self.ending.subscribe();
        if self.stops.load(Ordering::SeqCst) {
            return Err(NoStream::Ending);
        }
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| NoStream::Full)?;
        // While nobody listens the store is polled for other reasons, and less often.
        let fresh = if self.is_heard() { FRESH } else { Duration::ZERO };
        let looked = self.look_for(PATIENCE, fresh, now).await;
        // Subscribe before the first list is made: an event in between is then sent twice rather than never. What was found just now is in
        // the list, and not sent again.
        let news = self.sent.subscribe();
        self.wanted.notify_one();
        let beginning = match (self.authority.feed().begin(cursor, now), looked) {
            (Ok(Some(beginning)), _) => beginning,
            (Err(error), _) | (Ok(None), Err(error)) => return Err(NoStream::Failed(error)),
            (Ok(None), Ok(())) => return Err(NoStream::Ending),
        };
        let greeting = frame::greeting(spread(COME_BACK));
        let farewell = frame::farewell(spread(COME_BACK_ELSEWHERE));
        let first = std::iter::once(greeting).chain(beginning.iter().map(frame::of)).collect();
        Ok(body(Reader {
            first,
            news,
            ending,
            farewell: Some(farewell),
            heartbeat: self.heartbeat,
            _place: place,
        }))
    }

    /// Polls the store for a new reader. While the store does not answer, and if it has been polled before, the reader gets what was known then:
    /// it gets the rest as soon as the store answers.
    async fn look_for(&self, patience: Duration, age: Duration, now: Timestamp) -> Result<(), FeedError> {
        let look = self.look_if_older_than(age, now);
        if !self.authority.feed().is_ready() {
            return look.await;
        }
        timeout(patience, look).await.unwrap_or(Ok(()))
    }

    /// What there is to be read of the feed at the moment.
    pub(crate) fn figures(&self) -> FeedFigures {
        let readers = self.sent.receiver_count();
        let looked = *self.looked_at.lock().unwrap_or_else(PoisonError::into_inner);
        let lag = looked.filter(|_| readers > 0).map_or(Duration::ZERO, |at| at.elapsed());
        FeedFigures { readers, readers_limit: self.limit, events: self.events.get(), lag }
    }

    /// Whether there are readers.
    pub(super) fn is_heard(&self) -> bool {
        self.sent.receiver_count() > 0
    }

    /// Whether this node itself relies on the events, because it reads userinfo from a replica.
    pub(super) fn is_followed(&self) -> bool {
        self.authority.settings().userinfo.from_replica
    }

    /// Returns when a reader connects.
    pub(super) async fn wanted(&self) {
        self.wanted.notified().await;
    }

    /// Polls the store and sends new events to all readers.
    pub(super) async fn look(&self, now: Timestamp) -> Result<(), FeedError> {
        self.look_if_older_than(Duration::ZERO, now).await
    }

    async fn look_if_older_than(&self, age: Duration, now: Timestamp) -> Result<(), FeedError> {
        let mut looked = self.looked.lock().await;
        if looked.is_some_and(|at| at.elapsed() < age) {
            return Ok(());
        }
        for signed in self.authority.feed().poll(now).await? {
            self.events.add_one();
            // It fails if there are no readers.
            let _ = self.sent.send(frame::of(&signed));
        }
        let now = Instant::now();
        *looked = Some(now);
        *self.looked_at.lock().unwrap_or_else(PoisonError::into_inner) = Some(now);
        Ok(())
    }

    /// Returns when the store reports a new event.
    pub(super) async fn written(&self) {
        self.authority.store().revocation_written().await;
    }

    /// Ends every stream. New readers are welcome.
    pub(super) fn disconnect_readers(&self) {
        self.ending.send_replace(());
    }

    /// Ends every stream, and refuses new readers.
    pub(crate) fn end(&self) {
        self.stops.store(true, Ordering::SeqCst);
        self.ending.send_replace(());
    }
}

fn spread((from, to): (u16, u16)) -> Duration {
    let mut random = [0; 2];
    jeton_jose::random::fill(&mut random);
    let range = u32::from(to - from);
    let more = (u32::from(u16::from_le_bytes(random)) * range) >> 16;
    Duration::from_millis(u64::from(from) + u64::from(more))
}
