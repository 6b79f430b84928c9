//! Everybody who listens at this node.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use jeton_authority::Authority;
use jeton_authority::feed::FeedError;
use jeton_jose::Timestamp;
use tokio::sync::{Mutex, Notify, Semaphore, broadcast, watch};
use tokio::time::Instant;

use super::frame;
use super::stream::{Reader, body};
use crate::settings::Limits;

/// How many frames a reader may be behind: ten seconds of news, and more where there is little.
const RING: usize = 512;
/// A look at the store that is older does not do for somebody who begins.
const FRESH: Duration = Duration::from_millis(50);
/// After how long readers come back, spread so that they do not all come at once (milliseconds).
const COME_BACK: (u16, u16) = (1_000, 5_000);
/// The same where the server stops: another node is there.
const COME_BACK_ELSEWHERE: (u16, u16) = (50, 750);

pub(crate) struct Hub {
    authority: Arc<Authority>,
    places: Arc<Semaphore>,
    heartbeat: Duration,
    sent: broadcast::Sender<Bytes>,
    /// When the store was looked at last. One look at a time: what is new is told once.
    looked: Mutex<Option<Instant>>,
    /// Somebody began to listen.
    wanted: Notify,
    ending: watch::Sender<bool>,
}

/// Why somebody cannot listen.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoStream {
    /// As many listen as may.
    #[error("as many connections listen to the revocation feed as may")]
    Full,
    /// The server is about to stop.
    #[error("the server is about to stop")]
    Ending,
    /// Nothing could be read so far, or not be signed.
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
        let places = usize::try_from(limits.feed_connections).unwrap_or(usize::MAX);
        Self {
            authority,
            places: Arc::new(Semaphore::new(places.min(Semaphore::MAX_PERMITS))),
            heartbeat: limits.feed_heartbeat,
            sent: broadcast::Sender::new(RING),
            looked: Mutex::default(),
            wanted: Notify::new(),
            ending: watch::Sender::new(false),
        }
    }

    /// A stream for somebody who got as far as this cursor, or begins.
    pub(crate) async fn stream(&self, cursor: Option<&str>, now: Timestamp) -> Result<Body, NoStream> {
        let ending = self.ending.subscribe();
        if *ending.borrow() {
            return Err(NoStream::Ending);
        }
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| NoStream::Full)?;
        // Before the beginning is made: what happens meanwhile is sent twice rather than never.
        let news = self.sent.subscribe();
        self.wanted.notify_one();
        let looked = self.look_if_older_than(FRESH, now).await;
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

    /// Whether anybody listens.
    pub(super) fn is_heard(&self) -> bool {
        self.sent.receiver_count() > 0
    }

    /// Returns when somebody begins to listen.
    pub(super) async fn wanted(&self) {
        self.wanted.notified().await;
    }

    /// Looks at the store and tells everybody what is new.
    pub(super) async fn look(&self, now: Timestamp) -> Result<(), FeedError> {
        self.look_if_older_than(Duration::ZERO, now).await
    }

    async fn look_if_older_than(&self, age: Duration, now: Timestamp) -> Result<(), FeedError> {
        let mut looked = self.looked.lock().await;
        if looked.is_some_and(|at| at.elapsed() < age) {
            return Ok(());
        }
        for signed in self.authority.feed().poll(now).await? {
            // Nobody may listen.
            let _ = self.sent.send(frame::of(&signed));
        }
        *looked = Some(Instant::now());
        Ok(())
    }

    /// Returns when the store knows of something new.
    pub(super) async fn written(&self) {
        self.authority.store().revocation_written().await;
    }

    /// Ends every stream, and lets none begin.
    pub(crate) fn end(&self) {
        self.ending.send_replace(true);
    }
}

fn spread((from, to): (u16, u16)) -> Duration {
    let mut random = [0; 2];
    jeton_jose::random::fill(&mut random);
    let range = u32::from(to - from);
    let more = u32::from(u16::from_le_bytes(random)) * range >> 16;
    Duration::from_millis(u64::from(from) + u64::from(more))
}
