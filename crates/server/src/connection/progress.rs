//! The progress of a connection with its current request, as seen from its socket.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

use super::line_ends::LineEnds;

/// The response to a client that did not send a request's head in time.
const HEAD_TOO_SLOW: &[u8] = b"HTTP/1.1 408 Request Timeout\r\n\
    content-type: application/json\r\n\
    content-length: 51\r\n\
    connection: close\r\n\
    \r\n\
    {\"detail\":\"Request header did not arrive in time.\"}";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// The client must send something, on a new connection.
    Fresh = 0,
    /// The client must send the rest of a request's head.
    ReadingHead = 1,
    /// The server must respond.
    Answering = 2,
    /// The client may send another request.
    Idle = 3,
    /// Whoever reads an answer that goes on and on.
    Streaming = 4,
}

/// How long the reader of such an answer may take nothing: several times as long as it is silent.
const STALLED: Duration = Duration::from_secs(45);

/// How long a client may be slow to send before its connection may be closed for another one.
const SLOW: Duration = Duration::from_secs(1);

/// Why a connection may be closed for another one, the best reason first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Idleness {
    /// It is idle between requests.
    Idle,
    /// Its client is slow to send its first request, or the rest of a request's head.
    Slow,
}

/// How long a client may keep a connection waiting.
pub(crate) struct Patience {
    /// For a request's head, or for anything at all on a new connection.
    pub(crate) header_time: Duration,
    pub(crate) keep_alive_time: Duration,
}

/// The phase of a connection, and its start. Only the connection's own task changes it; it is atomic because that task
/// may move between threads.
#[derive(Debug)]
pub(crate) struct Progress {
    started: Instant,
    /// Milliseconds since `started`, times eight, plus the phase.
    state: AtomicU64,
    given_up: AtomicBool,
}

impl Progress {
    pub(crate) fn new() -> Self {
        Self { started: Instant::now(), state: AtomicU64::new(0), given_up: AtomicBool::new(false) }
    }

    pub(crate) fn enter(&self, phase: Phase) {
        let millis = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX >> 3);
        self.state.store(millis << 3 | phase as u64, Ordering::Relaxed);
    }

    /// Makes the next read answer 408 and fail.
    pub(crate) fn give_up(&self) {
        self.given_up.store(true, Ordering::Relaxed);
    }

    /// When to check again, or the phase that has lasted too long.
    pub(crate) fn late(&self, patience: &Patience, now: Instant) -> Result<Instant, Phase> {
        let (phase, since) = self.phase();
        let soon = now + patience.header_time;
        let deadline = match phase {
            Phase::Fresh | Phase::ReadingHead => since + patience.header_time,
            Phase::Idle => since + patience.keep_alive_time,
            Phase::Streaming => since + STALLED,
            // The request has limits of its own.
            Phase::Answering => return Ok(soon),
        };
        // A head may begin at any moment, and then has its own time from there.
        if deadline <= now { Err(phase) } else { Ok(deadline.min(soon)) }
    }

    /// Why the connection may be closed for another one, if it may, and since when.
    pub(crate) fn idleness(&self, now: Instant) -> Option<(Idleness, Instant)> {
        let (phase, since) = self.phase();
        match phase {
            Phase::Idle => Some((Idleness::Idle, since)),
            Phase::Fresh | Phase::ReadingHead if now >= since + SLOW => Some((Idleness::Slow, since)),
            Phase::Fresh | Phase::ReadingHead | Phase::Answering | Phase::Streaming => None,
        }
    }

    fn phase(&self) -> (Phase, Instant) {
        let state = self.state.load(Ordering::Relaxed);
        let phase = match state & 7 {
            0 => Phase::Fresh,
            1 => Phase::ReadingHead,
            2 => Phase::Answering,
            3 => Phase::Idle,
            _ => Phase::Streaming,
        };
        (phase, self.started + Duration::from_millis(state >> 3))
    }

    fn received(&self) {
        let state = self.state.load(Ordering::Relaxed);
        match state & 7 {
            // The time for the first head runs from the start of the connection.
            0 => self.state.store(state | Phase::ReadingHead as u64, Ordering::Relaxed),
            3 => self.enter(Phase::ReadingHead),
            _ => {}
        }
    }

    /// The client took a part of the answer.
    fn sent(&self) {
        if self.state.load(Ordering::Relaxed) & 7 == Phase::Streaming as u64 {
            self.enter(Phase::Streaming);
        }
    }
}

/// A stream that tells its connection's [`Progress`] when data arrive, and checks the line ends in them.
pub(crate) struct Watched<S> {
    stream: S,
    progress: Arc<Progress>,
    line_ends: LineEnds,
}

impl<S> Watched<S> {
    pub(crate) fn new(stream: S, progress: Arc<Progress>) -> Self {
        Self { stream, progress, line_ends: LineEnds::new() }
    }

    fn tell_sent(&self, poll: &Poll<io::Result<usize>>) {
        if matches!(poll, Poll::Ready(Ok(_))) {
            self.progress.sent();
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.progress.given_up.load(Ordering::Relaxed) {
            // Nothing of an answer is under way while a head is read, so this fits into the socket's buffer; if it does
            // not, the client is past listening.
            let _ = Pin::new(&mut self.stream).poll_write(cx, HEAD_TOO_SLOW);
            let _ = Pin::new(&mut self.stream).poll_flush(cx);
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        let before = buffer.filled().len();
        let poll = Pin::new(&mut self.stream).poll_read(cx, buffer);
        if buffer.filled().len() > before {
            self.progress.received();
            self.line_ends.check(&mut buffer.filled_mut()[before..]);
        }
        poll
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let poll = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.tell_sent(&poll);
        poll
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let poll = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.tell_sent(&poll);
        poll
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_reader_is_late_once_it_takes_nothing_for_a_while_and_never_gives_way() {
        let patience =
            Patience { header_time: Duration::from_secs(10), keep_alive_time: Duration::from_secs(75) };
        let progress = Progress::new();
        progress.enter(Phase::Streaming);
        for _ in 0..10 {
            tokio::time::advance(STALLED - Duration::from_secs(1)).await;
            assert!(progress.late(&patience, Instant::now()).is_ok());
            assert_eq!(progress.idleness(Instant::now()), None);
            progress.sent();
        }
        tokio::time::advance(STALLED).await;
        assert_eq!(progress.late(&patience, Instant::now()), Err(Phase::Streaming));
        progress.enter(Phase::Idle);
        progress.sent();
        assert!(progress.idleness(Instant::now()).is_some(), "an answer that ended is none of these");
    }

    #[test]
    fn the_answer_to_a_slow_head_is_as_long_as_it_says() {
        let text = std::str::from_utf8(HEAD_TOO_SLOW).expect("ASCII");
        let (head, body) = text.split_once("\r\n\r\n").expect("a head and a body");
        assert!(head.contains(&format!("content-length: {}\r\n", body.len())), "{}", body.len());
    }
}
