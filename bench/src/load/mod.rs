//! The load tool: requests over keep-alive connections, as fast as they are answered or at a fixed rate.
//!
//! One thread makes all the requests and reads the server's CPU time from `/proc` over the window. Only loopback is
//! accepted: this is no tool to aim at somebody else's server.

mod connection;
mod latency;
mod request;
mod window;

use std::net::SocketAddr;
use std::time::Duration;

pub(crate) use connection::Connection;
pub use latency::Latencies;
pub use request::{Presented, Request};
pub use window::Measurement;

use crate::proc::Pid;

/// How requests follow each other.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Pace {
    /// Closed loop: each connection sends as soon as it has been answered.
    Saturating,
    /// Open loop: so many requests a second in all, each timed from when it was due if its connection was still busy.
    PerSecond(f64),
}

/// A load to be made.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The server, on loopback.
    pub server: SocketAddr,
    /// The server's process, then those of its database; their children count too.
    pub processes: Vec<Pid>,
    /// What to send.
    pub request: Request,
    /// Keep-alive connections.
    pub connections: usize,
    /// How requests follow each other.
    pub pace: Pace,
    /// Load before anything is counted.
    pub warm_up: Duration,
    /// How long is counted.
    pub window: Duration,
}

/// Why a load could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The server is not on this machine.
    #[error("{0} is not a loopback address")]
    NotLoopback(SocketAddr),
    /// Each connection needs a text of its own to present.
    #[error("{connections} connections need as many texts to present, there are {texts}")]
    TooFewTexts {
        /// Connections of the plan.
        connections: usize,
        /// Texts it came with.
        texts: usize,
    },
    /// What can be presented once was used up before anything was counted.
    #[error("there was nothing left to present before the warm-up was over")]
    UsedUp,
    /// The connection failed.
    #[error("the connection failed: {0}")]
    Io(#[from] std::io::Error),
    /// The answer is not one that this small client reads.
    #[error("the answer is not HTTP/1.1 with a Content-Length")]
    Unreadable,
    /// The server refused what it should have accepted.
    #[error("the server answered {status}: {body}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The body.
        body: String,
    },
    /// The answer lacks a member.
    #[error("the answer has no member {0:?}")]
    NoMember(&'static str),
}

/// Makes the load and measures it.
///
/// # Errors
/// When it cannot be made at all; requests that fail on the way are counted in the measurement.
pub fn run(plan: &Plan) -> Result<Measurement, LoadError> {
    check_loopback(plan.server)?;
    window::run(plan)
}

/// What a server answered to a request that is not part of a load.
#[derive(Debug, Clone, Default)]
pub struct Reply {
    /// Where it sends whoever asked.
    pub location: Option<String>,
    /// The cookies that it sets, each with its value and without attributes.
    pub cookies: Vec<String>,
    /// The body.
    pub body: String,
}

/// Sends one request and answers what the server said, if it did not refuse.
///
/// # Errors
/// When the server refuses it or does not answer.
pub fn send_once(server: SocketAddr, request: &Request) -> Result<Reply, LoadError> {
    send_many(server, request, 1, 1).map(|mut replies| replies.pop().unwrap_or_default())
}

/// Sends the same request so many times over several connections.
///
/// # Errors
/// When the server refuses one or does not answer.
pub fn send_many(
    server: SocketAddr,
    request: &Request,
    times: usize,
    connections: usize,
) -> Result<Vec<Reply>, LoadError> {
    check_loopback(server)?;
    window::send_many(server, request, times, connections)
}

/// The text of a JSON body's string member.
///
/// # Errors
/// When there is none.
pub fn member(body: &str, name: &'static str) -> Result<String, LoadError> {
    request::string_member(body, name).map(str::to_owned).ok_or(LoadError::NoMember(name))
}

fn check_loopback(server: SocketAddr) -> Result<(), LoadError> {
    if server.ip().is_loopback() { Ok(()) } else { Err(LoadError::NotLoopback(server)) }
}
