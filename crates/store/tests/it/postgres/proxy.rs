//! A connection to the server that fails as it is told to.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::sleep;

use super::recording::Recorder;

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    None,
    /// Whoever connects is turned away, and connections have ended.
    Away,
    /// Nothing arrives any more, in either direction, and nobody is told.
    Silent,
    /// Whatever is sent arrives later.
    Slow(Duration),
    /// The connection ends when the server says that it has done this, before that arrives. Once.
    LoseAnswer(&'static str),
    /// The connection ends when this is asked for, before that arrives. Once.
    LoseQuestion(&'static str),
}

/// The proxy; it ends with this.
pub(crate) struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: tokio::task::JoinHandle<()>,
}

struct Shared {
    server: String,
    fault: Mutex<Fault>,
    /// Raised to end all connections.
    cut: watch::Sender<u64>,
    accepted: AtomicUsize,
    /// How often a fault happened that happens once.
    struck: AtomicUsize,
    /// Where statements are written down.
    statements: Option<PathBuf>,
}

impl Proxy {
    /// Before the server of this `postgres://user@host:port/…`.
    pub(crate) async fn before(url: &str) -> Self {
        Self::recording(url, None).await
    }

    /// The same, which also writes down the statements.
    pub(crate) async fn recording(url: &str, statements: Option<PathBuf>) -> Self {
        let (_, rest) = url.split_once('@').expect("a user");
        let server = rest.split(['/', '?']).next().expect("a host").to_owned();
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let shared = Arc::new(Shared {
            server,
            fault: Mutex::new(Fault::None),
            cut: watch::Sender::new(0),
            accepted: AtomicUsize::new(0),
            struck: AtomicUsize::new(0),
            statements,
        });
        let accepting = tokio::spawn(accept(listener, Arc::clone(&shared)));
        Self { address, shared, accepting }
    }

    /// Where it is, as a host of a URL.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The same URL through the proxy.
    pub(crate) fn through(&self, url: &str) -> String {
        url.replace(&self.shared.server, &self.address.to_string())
    }

    pub(crate) fn set(&self, fault: Fault) {
        *self.shared.fault.lock().expect("no panic") = fault;
        if fault == Fault::Away {
            self.cut();
        }
    }

    /// Ends all connections.
    pub(crate) fn cut(&self) {
        self.shared.cut.send_modify(|times| *times += 1);
    }

    /// How often somebody connected.
    pub(crate) fn accepted(&self) -> usize {
        self.shared.accepted.load(Ordering::SeqCst)
    }

    /// How often a fault happened that happens once.
    pub(crate) fn struck(&self) -> usize {
        self.shared.struck.load(Ordering::SeqCst)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
        self.cut();
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    while let Ok((client, _)) = listener.accept().await {
        shared.accepted.fetch_add(1, Ordering::SeqCst);
        if shared.fault() != Fault::Away {
            tokio::spawn(carry(client, Arc::clone(&shared)));
        }
    }
}

async fn carry(client: TcpStream, shared: Arc<Shared>) {
    let mut cut = shared.cut.subscribe();
    cut.mark_unchanged();
    let Ok(server) = TcpStream::connect(&shared.server).await else { return };
    for stream in [&client, &server] {
        stream.set_nodelay(true).expect("a socket");
    }
    let ((from_client, to_client), (from_server, to_server)) = (client.into_split(), server.into_split());
    tokio::select! {
        _ = cut.changed() => {}
        () = pass(from_client, to_server, &shared, Direction::Question) => {}
        () = pass(from_server, to_client, &shared, Direction::Answer) => {}
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    Question,
    Answer,
}

async fn pass(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, shared: &Shared, direction: Direction) {
    let mut buffer = vec![0; 1 << 16];
    let recorded = shared.statements.clone().filter(|_| direction == Direction::Question);
    let mut recorder = recorded.map(Recorder::new);
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        let bytes = &buffer[..length];
        if let Some(recorder) = &mut recorder {
            recorder.take(bytes);
        }
        let lost = match (shared.fault(), direction) {
            (Fault::Silent, _) => continue,
            (Fault::Slow(by), _) => {
                sleep(by).await;
                None
            }
            (Fault::LoseAnswer(tag), Direction::Answer) => position(bytes, tag.as_bytes()),
            (Fault::LoseQuestion(text), Direction::Question) => position(bytes, text.as_bytes()),
            _ => None,
        };
        // A message begins with its kind and four bytes of length.
        let whole = lost.map_or(length, |at| at.saturating_sub(5));
        if to.write_all(&bytes[..whole]).await.is_err() {
            return;
        }
        if lost.is_some() {
            shared.strike();
            // So that what was before it arrives.
            sleep(Duration::from_millis(50)).await;
            return;
        }
    }
}

fn position(bytes: &[u8], part: &[u8]) -> Option<usize> {
    bytes.windows(part.len()).position(|window| window == part)
}

impl Shared {
    fn fault(&self) -> Fault {
        *self.fault.lock().expect("no panic")
    }

    fn strike(&self) {
        self.struck.fetch_add(1, Ordering::SeqCst);
        *self.fault.lock().expect("no panic") = Fault::None;
    }
}
