//! Sending spans in batches (OTLP/HTTP with JSON: OpenTelemetry Protocol Specification, "JSON Protobuf Encoding").

use std::fmt::Write;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::span::{Child, Span};
use super::{LAST_TIME, TraceExporter};
use crate::logging::Trouble;

/// How many requests' spans are sent at once.
const BATCH: usize = 256;
/// How long a batch waits for more.
const GATHERING: Duration = Duration::from_secs(1);
/// The pause after a batch could not be sent.
const PAUSE: Duration = Duration::from_secs(5);

impl TraceExporter {
    /// Sends spans until [`Traces::stop`](super::Traces::stop), and then what waits at that moment, within [`LAST_TIME`].
    pub async fn run(mut self) {
        let mut trouble = Trouble::new("traces_not_sent");
        let shared = Arc::clone(&self.shared);
        let mut stopped = pin!(shared.stops.notified());
        let mut batch = vec![];
        loop {
            tokio::select! {
                biased;
                () = stopped.as_mut() => break,
                () = gather(&mut self.queue, &mut batch) => {}
            }
            let sent = tokio::select! {
                biased;
                // What is under way is not waited for: the collector may never answer.
                () = stopped.as_mut() => break,
                sent = self.send(&batch) => sent,
            };
            batch.clear();
            match sent {
                Ok(()) => trouble.over(),
                Err(error) => {
                    trouble.again(&error);
                    tokio::select! {
                        biased;
                        () = stopped.as_mut() => break,
                        () = sleep(PAUSE) => {}
                    }
                }
            }
        }
        while let Ok(span) = self.queue.try_recv() {
            batch.push(span);
        }
        if !batch.is_empty() {
            let _ = timeout(LAST_TIME, self.send(&batch)).await;
        }
    }

    async fn send(&self, batch: &[Span]) -> Result<(), jeton_fetch::FetchError> {
        let body = document(batch, &self.instance).to_string();
        self.fetcher.post_json(&self.endpoint, body.into()).await
    }
}

/// Waits for a span, and a while for more.
async fn gather(queue: &mut mpsc::Receiver<Span>, batch: &mut Vec<Span>) {
    if queue.recv_many(batch, BATCH).await == 0 {
        // The queue is closed, which is the end of the server.
        std::future::pending::<()>().await;
    }
    let until = Instant::now() + GATHERING;
    while batch.len() < BATCH {
        match timeout_at(until, queue.recv_many(batch, BATCH)).await {
            Ok(more) if more > 0 => {}
            _ => break,
        }
    }
}

/// The request's body.
pub(super) fn document(batch: &[Span], instance: &str) -> Value {
    let version = env!("CARGO_PKG_VERSION");
    let spans: Vec<Value> =
        batch.iter().flat_map(|span| std::iter::once(server(span)).chain(children(span))).collect();
    json!({ "resourceSpans": [{
        "resource": { "attributes": [
            text("service.name", "jeton"), text("service.version", version), text("service.instance.id", instance),
        ] },
        "scopeSpans": [{ "scope": { "name": "jeton", "version": version }, "spans": spans }],
    }] })
}

/// The span of a request.
fn server(span: &Span) -> Value {
    const SERVER: u8 = 2;
    const ERROR: u8 = 2;
    let mut value = json!({
        "traceId": hex(&span.trace),
        "spanId": hex(&span.id),
        "name": format!("{} {}", span.method, span.endpoint),
        "kind": SERVER,
        "startTimeUnixNano": span.start.to_string(),
        "endTimeUnixNano": span.end.to_string(),
        "attributes": [
            text("http.request.method", span.method),
            text("http.route", span.endpoint),
            { "key": "http.response.status_code", "value": { "intValue": span.status.to_string() } },
        ],
        "status": {},
    });
    if let Some(parent) = span.parent {
        value["parentSpanId"] = hex(&parent).into();
    }
    if span.status >= 500 {
        value["status"]["code"] = ERROR.into();
    }
    value
}

/// The spans of its parts, with identifiers that follow from its own.
fn children(span: &Span) -> impl Iterator<Item = Value> {
    const INTERNAL: u8 = 1;
    span.children.iter().zip(1_u64..).map(|(Child { name, start, end }, number)| {
        let id = u64::from_be_bytes(span.id).wrapping_add(number).max(1).to_be_bytes();
        json!({
            "traceId": hex(&span.trace),
            "spanId": hex(&id),
            "parentSpanId": hex(&span.id),
            "name": name,
            "kind": INTERNAL,
            "startTimeUnixNano": start.to_string(),
            "endTimeUnixNano": end.to_string(),
        })
    })
}

fn text(key: &str, value: &str) -> Value {
    json!({ "key": key, "value": { "stringValue": value } })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
