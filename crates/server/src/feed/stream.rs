//! The stream of one reader: the first lists, new events, and heartbeats in between.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http_body::Frame;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{OwnedSemaphorePermit, broadcast, watch};
use tokio::time::timeout;

use super::frame::BEAT;

/// A reader.
pub(super) struct Reader {
    /// The first frames.
    pub(super) first: VecDeque<Bytes>,
    /// New events, shared by all readers.
    pub(super) news: broadcast::Receiver<Bytes>,
    /// Changes when the stream is to end.
    pub(super) ending: watch::Receiver<()>,
    /// The last frame when the server stops. It is sent once.
    pub(super) farewell: Option<Bytes>,
    /// The time without a frame after which a heartbeat is sent.
    pub(super) heartbeat: Duration,
    /// Counts among the readers until it is dropped.
    pub(super) _place: OwnedSemaphorePermit,
}

impl Reader {
    /// The next frame; `None` at the end.
    async fn next(mut self) -> Option<(Bytes, Self)> {
        // Nothing follows the farewell.
        self.farewell.as_ref()?;
        if let Some(frame) = self.first.pop_front() {
            return Some((frame, self));
        }
        let next = tokio::select! {
            biased;
            _ = self.ending.changed() => Next::End,
            news = timeout(self.heartbeat, self.news.recv()) => match news {
                Ok(Ok(frame)) => Next::Send(frame),
                Err(_) => Next::Send(BEAT),
                // A reader that is too far behind is disconnected and resumes with its cursor, so it misses no event.
                Ok(Err(RecvError::Lagged(_))) => return None,
                Ok(Err(RecvError::Closed)) => Next::End,
            },
        };
        match next {
            Next::Send(frame) => Some((frame, self)),
            Next::End => self.farewell.take().map(|farewell| (farewell, self)),
        }
    }
}

enum Next {
    Send(Bytes),
    End,
}

/// The body of the response.
pub(super) fn body(reader: Reader) -> Body {
    Body::new(Stream { next: Box::pin(reader.next()) })
}

/// The next frame, and the reader that goes on from it.
type NextFrame = dyn Future<Output = Option<(Bytes, Reader)>> + Send;

struct Stream {
    next: Pin<Box<NextFrame>>,
}

impl http_body::Body for Stream {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let next = ready!(self.next.as_mut().poll(cx));
        Poll::Ready(next.map(|(frame, reader)| {
            self.next = Box::pin(reader.next());
            Ok(Frame::data(frame))
        }))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use http_body_util::BodyExt;
    use tokio::sync::Semaphore;

    use super::*;

    struct World {
        news: broadcast::Sender<Bytes>,
        ending: watch::Sender<()>,
        places: Arc<Semaphore>,
    }

    impl World {
        fn new() -> Self {
            let (news, ending) = (broadcast::Sender::new(2), watch::Sender::new(()));
            Self { news, ending, places: Arc::new(Semaphore::new(1)) }
        }

        fn body(&self) -> Body {
            body(Reader {
                first: [Bytes::from_static(b"first")].into(),
                news: self.news.subscribe(),
                ending: self.ending.subscribe(),
                farewell: Some(Bytes::from_static(b"last")),
                heartbeat: Duration::from_secs(15),
                _place: Arc::clone(&self.places).try_acquire_owned().expect("a place"),
            })
        }

        fn tell(&self, news: &'static str) {
            self.news.send(Bytes::from_static(news.as_bytes())).expect("somebody listens");
        }
    }

    async fn next(body: &mut Body) -> Option<Bytes> {
        let frame = body.frame().await?;
        Some(frame.expect("no error").into_data().expect("data"))
    }

    #[tokio::test(start_paused = true)]
    async fn news_come_in_their_order_and_silence_is_broken_by_heartbeats() {
        let world = World::new();
        let mut body = world.body();
        world.tell("a");
        world.tell("b");
        for expected in ["first", "a", "b", ": beat\n\n", ": beat\n\n"] {
            assert_eq!(next(&mut body).await.as_deref(), Some(expected.as_bytes()));
        }
        world.tell("c");
        assert_eq!(next(&mut body).await.as_deref(), Some(&b"c"[..]));
    }

    #[tokio::test(start_paused = true)]
    async fn a_reader_that_falls_behind_is_cut_off_rather_than_told_a_part() {
        let world = World::new();
        let mut body = world.body();
        assert_eq!(next(&mut body).await.as_deref(), Some(&b"first"[..]));
        ["a", "b", "c"].into_iter().for_each(|news| world.tell(news));
        assert_eq!(next(&mut body).await, None);
        drop(body);
        assert_eq!(world.places.available_permits(), 1, "its place is free");
    }

    #[tokio::test(start_paused = true)]
    async fn the_end_of_the_server_is_the_end_of_the_stream_at_once() {
        let world = World::new();
        let mut body = world.body();
        assert_eq!(next(&mut body).await.as_deref(), Some(&b"first"[..]));
        world.ending.send_replace(());
        assert_eq!(next(&mut body).await.as_deref(), Some(&b"last"[..]));
        assert_eq!(next(&mut body).await, None);
    }
}
