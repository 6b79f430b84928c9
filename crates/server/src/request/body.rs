//! Reading a body within limits of size and time.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, header};
use http_body::Body;

use crate::connection::deadline::poll_deadline;
use crate::settings::Limits;

/// How many times the limit is read and discarded, so that a client that reads the response only after it has sent
/// everything still learns that its body was too large. Beyond that, the connection is closed.
const DISCARDED: usize = 64;

/// Whether these headers say that the body is not compressed (RFC 9110 §8.4). Compressed bodies are not decompressed:
/// a few bytes may expand to gigabytes.
pub(super) fn is_plain(headers: &HeaderMap) -> bool {
    let names = [(header::CONTENT_ENCODING, b"identity".as_slice()), (header::TRANSFER_ENCODING, b"chunked")];
    names.iter().all(|(name, plain)| {
        let codings =
            headers.get_all(name).iter().flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
        codings.map(<[u8]>::trim_ascii).all(|coding| coding.is_empty() || coding.eq_ignore_ascii_case(plain))
    })
}

/// Why the body could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BodyError {
    /// The body is larger than the limit.
    #[error("body is larger than {limit} bytes")]
    TooLarge { limit: usize },
    /// The body did not arrive in time.
    #[error("body did not arrive within {limit:?}")]
    TooSlow { limit: Duration },
    /// The connection was closed, or the framing of the body is wrong.
    #[error("the body is incomplete")]
    BrokenOff,
    #[error("body is compressed")]
    Compressed,
}

/// Reads the whole body of a request with these headers. A body that arrived in one piece is not copied.
pub(crate) async fn read<B>(headers: &HeaderMap, body: B, limits: &Limits) -> Result<Bytes, BodyError>
where
    B: Body<Data = Bytes> + Unpin,
{
    if !is_plain(headers) {
        return Err(BodyError::Compressed);
    }
    let mut timer = pin!(None);
    let mut body = body;
    let mut read = Read { limit: limits.body_bytes, first: Bytes::new(), rest: BytesMut::new(), length: 0 };
    poll_fn(move |cx| match read.poll(Pin::new(&mut body), cx) {
        Poll::Ready(result) => Poll::Ready(result),
        Poll::Pending => poll_deadline(timer.as_mut(), limits.body_time, cx).map(|()| {
            // What is too large stays too large, however slowly the rest of it drips in.
            if read.length > read.limit {
                Err(BodyError::TooLarge { limit: read.limit })
            } else {
                Err(BodyError::TooSlow { limit: limits.body_time })
            }
        }),
    })
    .await
}

struct Read {
    limit: usize,
    first: Bytes,
    rest: BytesMut,
    length: usize,
}

impl Read {
    fn poll<B>(&mut self, mut body: Pin<&mut B>, cx: &mut Context<'_>) -> Poll<Result<Bytes, BodyError>>
    where
        B: Body<Data = Bytes>,
    {
        let too_large = BodyError::TooLarge { limit: self.limit };
        loop {
            // Nothing is discarded for a client that announces more than would be.
            let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
            if self.length.saturating_add(announced) > self.limit.saturating_mul(DISCARDED) {
                return Poll::Ready(Err(too_large));
            }
            let frame = match body.as_mut().poll_frame(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(None) if self.length > self.limit => return Poll::Ready(Err(too_large)),
                Poll::Ready(None) => return Poll::Ready(Ok(self.take())),
                Poll::Ready(Some(Err(_))) => return Poll::Ready(Err(BodyError::BrokenOff)),
                Poll::Ready(Some(Ok(frame))) => frame,
            };
            // Trailers mean nothing here.
            if let Ok(data) = frame.into_data() {
                self.push(data);
            }
        }
    }

    fn push(&mut self, data: Bytes) {
        self.length = self.length.saturating_add(data.len());
        if self.length > self.limit {
            (self.first, self.rest) = (Bytes::new(), BytesMut::new());
        } else if self.length == data.len() {
            self.first = data;
        } else {
            if self.rest.is_empty() {
                self.rest.extend_from_slice(&self.first);
            }
            self.rest.extend_from_slice(&data);
        }
    }

    fn take(&mut self) -> Bytes {
        let rest = std::mem::take(&mut self.rest);
        if rest.is_empty() { std::mem::take(&mut self.first) } else { rest.freeze() }
    }
}
