//! The accept loop: from a listening socket to connections, and back to none when the server shuts down.

use std::future::Future;
use std::io;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{sleep, timeout};

use crate::connection::{self, Stage};
use crate::limits::Limits;
use crate::listener::{Accepted, Listeners, Protocol};
use crate::service::Service;
use crate::tls::{Handshakes, Terms, shake_hands};
use crate::trouble::Trouble;

/// Smallest buffer that hyper reads a head into, in bytes.
const SMALLEST_HEADER_BYTES: usize = 8192;
/// How long the server waits after an error of `accept` that may pass, such as a full file table.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// How a server ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shutdown {
    /// It finished everything that it had accepted.
    Clean,
    /// So many connections were cut off when the time for the shutdown was over.
    CutOff {
        /// How many.
        connections: u32,
    },
}

/// Serves what comes in on `listeners` (one, or several in a `Vec`) until `shutdown` is ready, then finishes what was accepted.
///
/// Errors of single connections never end it, nor does a full file table.
pub async fn serve(
    listeners: impl Into<Listeners>,
    service: Service,
    shutdown: impl Future<Output = ()>,
) -> Shutdown {
    let limits = service.limits().clone();
    // More than the semaphore can count is no limit at all.
    let connections = limits.connections.max(1);
    let permits = Arc::new(Semaphore::new(usize::try_from(connections).unwrap_or(Semaphore::MAX_PERMITS)));
    let (stage, stages) = watch::channel(Stage::Serving);
    let mut acceptor = Acceptor {
        listeners: listeners.into(),
        permits: Arc::clone(&permits),
        handshakes: Handshakes::at_most(limits.handshakes),
        service,
        http: http(&limits),
        stages,
        trouble: Trouble::new("accept_failed"),
    };

    {
        let mut shutdown = pin!(shutdown);
        loop {
            tokio::select! {
                biased;
                () = shutdown.as_mut() => break,
                () = acceptor.accept() => {}
            }
        }
    }
    acceptor.drain_backlog().await;
    drop(acceptor);
    stage.send_replace(Stage::Draining);
    let open = || connections.saturating_sub(u32::try_from(permits.available_permits()).unwrap_or(u32::MAX));
    tracing::info!(connections = open(), "shutting down");
    if timeout(limits.shutdown_time, permits.acquire_many(connections)).await.is_ok() {
        return Shutdown::Clean;
    }
    let left = open();
    tracing::warn!(connections = left, "cutting off what did not finish in {:?}", limits.shutdown_time);
    stage.send_replace(Stage::Closing);
    let _ = timeout(ACCEPT_PAUSE, permits.acquire_many(connections)).await;
    Shutdown::CutOff { connections: left }
}

fn http(limits: &Limits) -> http1::Builder {
    let mut http = http1::Builder::new();
    http.max_headers(limits.header_count)
        .max_header_size(limits.header_bytes)
        .max_buf_size(limits.header_bytes.max(SMALLEST_HEADER_BYTES))
        .header_read_timeout(None);
    http
}

struct Acceptor {
    listeners: Listeners,
    permits: Arc<Semaphore>,
    handshakes: Arc<Handshakes>,
    service: Service,
    http: http1::Builder,
    stages: watch::Receiver<Stage>,
    trouble: Trouble,
}

impl Acceptor {
    /// Accepts one connection as soon as there may be one more.
    async fn accept(&mut self) {
        let Ok(permit) = Arc::clone(&self.permits).acquire_owned().await else { return };
        match self.listeners.accept().await {
            Ok(accepted) => {
                self.trouble.over();
                self.spawn(accepted, permit);
            }
            Err(error) if is_the_clients(&error) => {}
            Err(error) => {
                self.trouble.again(&format_args!("cannot accept connections: {error}"));
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }

    /// Accepts what waits in the system's queue: those clients have been told that they are connected.
    async fn drain_backlog(&self) {
        while let Ok(permit) = Arc::clone(&self.permits).try_acquire_owned() {
            match self.listeners.accept_waiting().await {
                Some(Ok(accepted)) => self.spawn(accepted, permit),
                _ => return,
            }
        }
    }

    fn spawn(&self, (stream, peer, protocol): Accepted, permit: OwnedSemaphorePermit) {
        // An answer is one small write: waiting to fill a packet would only delay it.
        let _ = stream.set_nodelay(true);
        let (service, http, stages) = (self.service.clone(), self.http.clone(), self.stages.clone());
        let handshakes = Arc::clone(&self.handshakes);
        tokio::spawn(async move {
            match protocol {
                Protocol::Plain => connection::serve(stream, peer.ip().into(), service, http, stages).await,
                // In a box, so that connections without it need no room for it.
                Protocol::Tls(terms) => {
                    Box::pin(over_tls(terms, stream, peer.ip(), service, http, stages, handshakes)).await;
                }
            }
            drop(permit);
        });
    }
}

async fn over_tls(
    terms: Terms,
    stream: TcpStream,
    address: IpAddr,
    service: Service,
    http: http1::Builder,
    mut stages: watch::Receiver<Stage>,
    handshakes: Arc<Handshakes>,
) {
    let limit = service.limits().handshake_time;
    if let Some((stream, peer)) = shake_hands(&terms, stream, address, limit, &handshakes, &mut stages).await
    {
        connection::serve(stream, peer, service, http, stages).await;
    }
}

/// Errors of a connection that was gone before it was accepted.
fn is_the_clients(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}
