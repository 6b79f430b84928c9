//! Limits for clients, in size and time.

use std::time::Duration;

/// The largest request body, in bytes.
pub const BODY_BYTES: usize = 64 * 1024;
/// The largest request head (request line and headers), in bytes.
pub const HEADER_BYTES: usize = 16 * 1024;
/// The largest number of headers in a request.
pub const HEADER_COUNT: usize = 64;
/// The longest request target, in bytes; many proxies forward no longer ones. Requests that send a user here to sign
/// in or out may be as long as a head; the pages that follow have shorter URLs.
pub const TARGET_BYTES: usize = 8 * 1024;
/// The time limit for a TLS handshake.
pub const HANDSHAKE_TIME: Duration = Duration::from_secs(10);
/// How many TLS handshakes may be in progress at once; beyond that, the oldest is dropped.
pub const HANDSHAKES: u32 = 512;
/// The time limit for receiving a request's head.
pub const HEADER_TIME: Duration = Duration::from_secs(10);
/// The time limit for receiving a request's body.
pub const BODY_TIME: Duration = Duration::from_secs(10);
/// The total time limit for a request, including its body.
pub const REQUEST_TIME: Duration = Duration::from_secs(30);
/// How long a connection is kept open between requests.
pub const KEEP_ALIVE_TIME: Duration = Duration::from_secs(75);
/// How long a connection of a trusted proxy is kept open between requests. This is longer than proxies keep theirs
/// (Caddy two minutes, Google's load balancers ten), so that the proxy closes the connection and no request meets a
/// closed one.
pub const PROXY_KEEP_ALIVE_TIME: Duration = Duration::from_secs(11 * 60);
/// How many connections are served at once. Beyond that, the connection that has been idle longest is closed; if none
/// is idle, new ones wait in the system's queue.
pub const CONNECTIONS: u32 = 4096;
/// The default share of all connections that one network may have.
pub const NETWORK_SHARE: u32 = 4;
/// The default minimum for one network.
pub const SMALLEST_NETWORK_SHARE: u32 = 32;
/// How many may listen to the revocation feed at once. Each holds a connection.
pub const FEED_CONNECTIONS: u32 = 512;
/// After how much silence a heartbeat is sent on the revocation feed: well before proxies take a connection for dead.
pub const FEED_HEARTBEAT: Duration = Duration::from_secs(15);
/// How long a server that is about to stop still accepts connections, if somebody asks `/readyz` regularly.
pub const DRAIN_TIME: Duration = Duration::from_secs(5);
/// By how much a node's clock may differ from the database's.
pub const CLOCK_DIFFERENCE: Duration = Duration::from_secs(30);
/// How long a shutdown waits for accepted requests.
pub const SHUTDOWN_TIME: Duration = Duration::from_secs(10);

/// Limits for clients, in size and time. [`Limits::default`] uses the constants of this module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// The largest request body, in bytes. A larger one is answered 413.
    pub body_bytes: usize,
    /// The largest request head, in bytes, at least 8192. A larger one is answered 431.
    pub header_bytes: usize,
    /// The largest number of headers in a request. More are answered 431.
    pub header_count: usize,
    /// The longest request target, in bytes. A longer one is answered 414, except at `/authorize` and `/end_session`.
    pub target_bytes: usize,
    /// The time limit for a TLS handshake. A slower one is disconnected.
    pub handshake_time: Duration,
    /// How many TLS handshakes may be in progress at once; beyond that, the oldest is dropped.
    pub handshakes: u32,
    /// The time limit for receiving a request's head. A slower request is answered 408.
    pub header_time: Duration,
    /// The time limit for receiving a request's body. A slower request is answered 408.
    pub body_time: Duration,
    /// The total time limit for a request, including its body. A request that takes longer is answered 503.
    pub request_time: Duration,
    /// How long a connection is kept open between requests.
    pub keep_alive_time: Duration,
    /// How long a connection of a trusted proxy is kept open between requests.
    pub proxy_keep_alive_time: Duration,
    /// How many connections are served at once. Beyond that, the connection that has been idle longest is closed.
    pub connections: u32,
    /// How many connections one network (IPv4 /24, IPv6 /56) may have; trusted proxies have no limit. 0: a quarter of
    /// all connections, but at least 32.
    pub connections_per_network: u32,
    /// How many may listen to the revocation feed at once. Further ones are answered 503.
    pub feed_connections: u32,
    /// After how much silence a heartbeat is sent on the revocation feed. Guards take twice as long for the end of the connection.
    pub feed_heartbeat: Duration,
    /// How long a server that is about to stop still accepts connections, while `/readyz` says that it is not ready. Without anybody who
    /// asked `/readyz` within the last minute, it does not wait.
    pub drain_time: Duration,
    /// How long a shutdown waits for accepted requests.
    pub shutdown_time: Duration,
    /// By how much a node's clock may differ from the database's before the node stops issuing anything. Zero: by any amount.
    pub clock_difference: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: BODY_BYTES,
            header_bytes: HEADER_BYTES,
            header_count: HEADER_COUNT,
            target_bytes: TARGET_BYTES,
            handshake_time: HANDSHAKE_TIME,
            handshakes: HANDSHAKES,
            header_time: HEADER_TIME,
            body_time: BODY_TIME,
            request_time: REQUEST_TIME,
            keep_alive_time: KEEP_ALIVE_TIME,
            proxy_keep_alive_time: PROXY_KEEP_ALIVE_TIME,
            connections: CONNECTIONS,
            connections_per_network: 0,
            feed_connections: FEED_CONNECTIONS,
            feed_heartbeat: FEED_HEARTBEAT,
            drain_time: DRAIN_TIME,
            shutdown_time: SHUTDOWN_TIME,
            clock_difference: CLOCK_DIFFERENCE,
        }
    }
}

impl Limits {
    /// How many connections one network may have.
    pub(crate) fn network_share(&self) -> u32 {
        match self.connections_per_network {
            0 => (self.connections / NETWORK_SHARE).max(SMALLEST_NETWORK_SHARE),
            share => share,
        }
    }
}
