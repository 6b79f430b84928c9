//! The accept loop: from a listening socket to connections, and back to none when the server shuts down.

use std::future::Future;
use std::io;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use rustix::io::Errno;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use super::Answer;
use super::conversation::{self, Stage};
use super::listener::{Accepted, Listeners, Protocol};
use super::places::{Connections, Holder, NoPlace, OpenConnections, Place};
use super::tls::{Handshakes, Terms, shake_hands};
use crate::logging::Trouble;
use crate::settings::Limits;

/// The smallest buffer that hyper reads a head into, in bytes.
const SMALLEST_HEADER_BYTES: usize = 8192;
/// How long the server waits after a temporary error of `accept`, such as a full file table.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// How a server ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shutdown {
    /// It finished everything that it had accepted.
    Clean,
    /// This many connections were closed when the time for the shutdown was over.
    CutOff {
        /// Their number.
        connections: u32,
    },
}

/// Serves connections on `listeners` (one, or several in a `Vec`) until `shutdown` completes, then finishes accepted
/// requests.
///
/// Neither errors of single connections nor a full file table end it.
pub async fn serve<A: Answer>(
    listeners: impl Into<Listeners>,
    service: A,
    shutdown: impl Future<Output = ()>,
) -> Shutdown {
    serve_unless_hurried(listeners, service, shutdown, std::future::pending()).await
}

/// As [`serve`]. After `shutdown`, the server accepts connections for as long as [`Answer::leave`] says, but no longer
/// once `hurry` completes.
pub async fn serve_unless_hurried<A: Answer>(
    listeners: impl Into<Listeners>,
    service: A,
    shutdown: impl Future<Output = ()>,
    hurry: impl Future<Output = ()>,
) -> Shutdown {
    let limits = service.limits().clone();
    let connections = Connections::at_most(limits.connections, limits.network_share());
    service.watch(OpenConnections(Arc::clone(&connections)));
    let (stage, stages) = watch::channel(Stage::Serving);
    let mut acceptor = Acceptor {
        listeners: listeners.into(),
        connections: Arc::clone(&connections),
        pending: None,
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
    let stays = acceptor.service.leave();
    if !stays.is_zero() {
        tracing::info!(seconds = stays.as_secs(), "about to stop; accepting connections for a while");
        let (mut over, mut hurry) = (pin!(sleep(stays)), pin!(hurry));
        loop {
            tokio::select! {
                biased;
                () = over.as_mut() => break,
                () = hurry.as_mut() => break,
                () = acceptor.accept() => {}
            }
        }
    }
    acceptor.drain_backlog().await;
    acceptor.service.end_streams();
    drop(acceptor);
    stage.send_replace(Stage::Draining);
    tracing::info!(connections = connections.count(), "shutting down");
    if connections.ended(Instant::now() + limits.shutdown_time).await {
        return Shutdown::Clean;
    }
    let left = u32::try_from(connections.count()).unwrap_or(u32::MAX);
    tracing::warn!(
        connections = left,
        "closing connections that did not finish within {:?}",
        limits.shutdown_time
    );
    stage.send_replace(Stage::Closing);
    connections.ended(Instant::now() + ACCEPT_PAUSE).await;
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

struct Acceptor<A> {
    listeners: Listeners,
    connections: Arc<Connections>,
    /// An accepted connection that waits for a place.
    pending: Option<Accepted>,
    handshakes: Arc<Handshakes>,
    service: A,
    http: http1::Builder,
    stages: watch::Receiver<Stage>,
    trouble: Trouble,
}

impl<A: Answer> Acceptor<A> {
    /// Accepts one connection, or makes room for the one that waits for a place.
    async fn accept(&mut self) {
        self.place_pending();
        if self.pending.is_some() {
            self.connections.make_room().await;
            return;
        }
        match self.listeners.accept().await {
            Ok(accepted) => {
                self.trouble.over();
                self.pending = Some(accepted);
                self.place_pending();
            }
            Err(error) if is_the_clients(&error) => {}
            Err(error) => {
                self.trouble.again(&format_args!("cannot accept connections: {error}"));
                if has_no_descriptor(&error) {
                    self.connections.make_room().await;
                } else {
                    sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    /// Accepts the connections in the system's queue, because those clients have been told that they are connected.
    async fn drain_backlog(&mut self) {
        loop {
            self.place_pending();
            if self.pending.is_some() {
                return;
            }
            match self.listeners.accept_waiting().await {
                Some(Ok(accepted)) => self.pending = Some(accepted),
                _ => return,
            }
        }
    }

    /// Serves the connection that waits for a place, if there is one for it. If its network has used up its share and
    /// none of its connections is idle, it is closed.
    fn place_pending(&mut self) {
        let Some(accepted) = self.pending.take() else { return };
        let address = accepted.1.ip();
        let holder =
            if self.service.trusts(address) { Holder::Proxy(address) } else { Holder::network(address) };
        match self.connections.place(holder) {
            Ok(place) => self.spawn(accepted, place),
            Err(NoPlace::Full) => self.pending = Some(accepted),
            Err(NoPlace::ShareReached) => {}
        }
    }

    fn spawn(&self, (stream, peer, protocol): Accepted, mut place: Place) {
        // An answer is one small write: waiting to fill a packet would only delay it.
        let _ = stream.set_nodelay(true);
        let (service, http, stages) = (self.service.clone(), self.http.clone(), self.stages.clone());
        let handshakes = Arc::clone(&self.handshakes);
        tokio::spawn(async move {
            match protocol {
                Protocol::Plain => {
                    conversation::serve(stream, peer.ip().into(), &mut place, service, http, stages).await;
                }
                // In a box, so that connections without it need no room for it.
                Protocol::Tls(terms) => {
                    let serving =
                        over_tls(terms, stream, peer.ip(), &mut place, service, http, stages, handshakes);
                    Box::pin(serving).await;
                }
            }
            drop(place);
        });
    }
}

#[expect(clippy::too_many_arguments, reason = "a step of one function, called once")]
async fn over_tls<A: Answer>(
    terms: Terms,
    stream: TcpStream,
    address: IpAddr,
    place: &mut Place,
    service: A,
    http: http1::Builder,
    mut stages: watch::Receiver<Stage>,
    handshakes: Arc<Handshakes>,
) {
    let limit = service.limits().handshake_time;
    let shaken = tokio::select! {
        shaken = shake_hands(&terms, stream, address, limit, &handshakes, &mut stages) => shaken,
        () = place.asked_to_leave() => return,
    };
    if let Some((stream, peer)) = shaken {
        conversation::serve(stream, peer, place, service, http, stages).await;
    }
}

/// The process or the system has no descriptor left.
fn has_no_descriptor(error: &io::Error) -> bool {
    [Errno::MFILE, Errno::NFILE].iter().any(|full| error.raw_os_error() == Some(full.raw_os_error()))
}

/// Errors of a connection that was gone before it was accepted.
fn is_the_clients(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}
