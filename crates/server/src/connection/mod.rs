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

use axum::response::Response;
use http::Request;
use hyper::body::Incoming;

use crate::settings::Limits;

pub use accept::{Shutdown, serve};
pub use listener::{Listener, Listeners};
pub use peer::Peer;
pub(crate) use peer::{Shown, Transport};

/// Answers incoming requests: [`Service`](crate::Service).
pub trait Answer: Clone + Send + Sync + 'static {
    /// The limits for clients.
    fn limits(&self) -> &Limits;

    /// Whether this address is a trusted proxy.
    fn trusts(&self, address: IpAddr) -> bool;

    /// Answers a request from a connection.
    fn answer(&self, peer: Peer, request: Request<Incoming>) -> impl Future<Output = Response> + Send;
}
