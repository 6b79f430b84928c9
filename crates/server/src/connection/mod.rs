//! Connections: accepting them, TLS, their limits, and HTTP/1.1 on each.

mod accept;
mod conversation;
pub(crate) mod deadline;
mod line_ends;
mod listener;
mod peer;
mod places;
mod progress;
pub mod tls;

use std::net::IpAddr;
use std::time::Duration;

use axum::response::Response;
use http::Request;
use hyper::body::Incoming;

use crate::settings::Limits;

pub use accept::{Shutdown, serve, serve_unless_hurried};
pub use listener::{Listener, Listeners};
pub use peer::Peer;
pub(crate) use peer::{Shown, Transport};
pub use places::OpenConnections;

/// Among the extensions of an answer: its body goes on for as long as anybody reads it, and says something every now and then.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Streams;

/// Answers incoming requests: [`Service`](crate::Service).
pub trait Answer: Clone + Send + Sync + 'static {
    /// The limits for clients.
    fn limits(&self) -> &Limits;

    /// Whether this address is a trusted proxy.
    fn trusts(&self, address: IpAddr) -> bool;

    /// Told about the connections before the first one is accepted.
    fn watch(&self, _: OpenConnections) {}

    /// Says to whoever asks that the server is about to stop, and answers for how long it should still accept connections, so that a load
    /// balancer has time to notice.
    fn leave(&self) -> Duration {
        Duration::ZERO
    }

    /// Ends the answers that would go on for as long as the server does: it is about to stop.
    fn end_streams(&self) {}

    /// Answers a request from a connection.
    fn answer(&self, peer: Peer, request: Request<Incoming>) -> impl Future<Output = Response> + Send;
}
