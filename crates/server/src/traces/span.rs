//! Spans: open while a request is answered, then finished and sent.

use std::time::Duration;

use http::{Method, StatusCode};
use tokio::time::Instant;

use super::Traces;
use super::parent::Parent;
use crate::machine::unix_nanos;
use crate::parts::{Part, Parts};
use crate::tally::Endpoint;

/// A finished span with its parts.
#[derive(Debug)]
pub(super) struct Span {
    pub(super) trace: [u8; 16],
    pub(super) id: [u8; 8],
    pub(super) parent: Option<[u8; 8]>,
    pub(super) method: &'static str,
    pub(super) endpoint: &'static str,
    pub(super) status: u16,
    /// In nanoseconds since 1970.
    pub(super) start: u64,
    pub(super) end: u64,
    pub(super) children: Vec<Child>,
}

/// A part of a request, with its times in nanoseconds since 1970.
#[derive(Debug)]
pub(super) struct Child {
    pub(super) name: &'static str,
    pub(super) start: u64,
    pub(super) end: u64,
}

/// The span of a request that is being answered.
#[derive(Debug)]
pub(crate) struct OpenSpan {
    traces: Traces,
    trace: [u8; 16],
    id: [u8; 8],
    parent: Option<[u8; 8]>,
    began: Instant,
    parts: Parts,
}

impl OpenSpan {
    pub(super) fn new(traces: Traces, trace: [u8; 16], id: [u8; 8], parent: Option<Parent>) -> Self {
        let trace = parent.map_or(trace, |parent| parent.trace);
        let parent = parent.map(|parent| parent.span);
        Self { traces, trace, id, parent, began: Instant::now(), parts: Parts::default() }
    }

    /// The parts of the request so far.
    pub(crate) fn parts(&self) -> &Parts {
        &self.parts
    }

    /// Finishes the span, and hands it over to be sent.
    pub(crate) fn finish(self, method: &'static str, endpoint: Endpoint, status: StatusCode) {
        let end = unix_nanos();
        let start = end.saturating_sub(nanos(self.began.elapsed()));
        let child = |Part { name, began, took }: Part| {
            let start = start.saturating_add(nanos(began.saturating_duration_since(self.began)));
            Child { name, start, end: start.saturating_add(nanos(took)).min(end) }
        };
        self.traces.send(Span {
            trace: self.trace,
            id: self.id,
            parent: self.parent,
            method,
            endpoint: endpoint.as_str(),
            status: status.as_u16(),
            start,
            end,
            children: self.parts.take().into_iter().map(child).collect(),
        });
    }
}

/// The name of a method. A name that a client made up is not repeated (as OpenTelemetry's conventions want it).
pub(crate) fn method_name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::HEAD => "HEAD",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "_OTHER",
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
