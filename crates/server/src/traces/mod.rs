//! Traces over OTLP/HTTP: a span for each request, and one for each password that is hashed in it.
//!
//! The spans wait in a bounded queue, and one task sends them as JSON. A collector that is away, slow or silent costs spans and
//! nothing else: no request waits for it, and a shutdown waits for [`LAST_TIME`] at most.

mod exporting;
mod parent;
mod span;

use std::sync::Arc;
use std::time::Duration;

use http::HeaderMap;
use jeton_authority::tally::Count;
use jeton_fetch::{Fetcher, RemoteUrl};
use tokio::sync::{Notify, mpsc};

pub(crate) use span::{OpenSpan, method_name};

use parent::Parent;
use span::Span;

/// How many spans may wait. Further ones are dropped, and counted.
const QUEUE: usize = 4_096;
/// How long the end of a server waits for the last spans to be sent.
pub const LAST_TIME: Duration = Duration::from_millis(400);

/// Begins spans.
#[derive(Debug, Clone)]
pub struct Traces {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    queue: mpsc::Sender<Span>,
    /// Which requests without a parent are traced: those whose random number is below it.
    below: u64,
    dropped: Count,
    stops: Notify,
}

/// Sends spans while it is polled.
#[derive(Debug)]
pub struct TraceExporter {
    queue: mpsc::Receiver<Span>,
    shared: Arc<Shared>,
    fetcher: Fetcher,
    endpoint: RemoteUrl,
    instance: String,
}

impl Traces {
    /// Traces this share of the requests (0 to 1), and sends the spans to a collector at this URL, such as
    /// `http://127.0.0.1:4318/v1/traces`. `instance` names this node.
    pub fn to(endpoint: RemoteUrl, fetcher: Fetcher, share: f64, instance: String) -> (Self, TraceExporter) {
        let (queue, spans) = mpsc::channel(QUEUE);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "saturates, which is what is wanted"
        )]
        let below = if share >= 1.0 { u64::MAX } else { (share * u64::MAX as f64) as u64 };
        let shared = Arc::new(Shared { queue, below, dropped: Count::default(), stops: Notify::new() });
        let exporter =
            TraceExporter { queue: spans, shared: Arc::clone(&shared), fetcher, endpoint, instance };
        (Self { shared }, exporter)
    }

    /// Begins the span of a request, if it is to be traced. `believed`: whether the peer is a trusted proxy, which may say which trace the
    /// request belongs to and whether that is recorded.
    pub(crate) fn begin(&self, headers: &HeaderMap, believed: bool) -> Option<OpenSpan> {
        let parent = if believed { Parent::of(headers) } else { None };
        let mut random = [0; 32];
        jeton_jose::random::fill(&mut random);
        let (trace, rest) = random.split_first_chunk::<16>()?;
        let (span, rest) = rest.split_first_chunk::<8>()?;
        let chance = u64::from_le_bytes(*rest.first_chunk::<8>()?);
        match parent {
            Some(parent) if !parent.sampled => None,
            None if chance >= self.shared.below && self.shared.below != u64::MAX => None,
            parent => Some(OpenSpan::new(self.clone(), *trace, *span, parent)),
        }
    }

    /// Tells the exporter to send what waits, and to end.
    pub fn stop(&self) {
        self.shared.stops.notify_one();
    }

    /// How many spans were dropped because too many waited.
    pub fn dropped(&self) -> u64 {
        self.shared.dropped.get()
    }

    fn send(&self, span: Span) {
        if self.shared.queue.try_send(span).is_err() {
            self.shared.dropped.add_one();
        }
    }
}
