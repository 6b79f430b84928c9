//! Listening sockets, with their protocols.

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use super::tls::{AskForCertificates, Terms, Tls, TlsError};

/// A listening socket with its protocol.
pub struct Listener {
    socket: TcpListener,
    protocol: Protocol,
}

/// The protocol of a connection.
#[derive(Clone)]
pub(crate) enum Protocol {
    Plain,
    Tls(Terms),
}

impl Listener {
    /// Uses TLS, with or without requesting client certificates.
    ///
    /// If it requests them, it ignores a proxy's header with certificates: a proxy must use another listener.
    ///
    /// # Errors
    /// [`TlsError::Setup`] if the library refuses the configuration.
    pub fn tls(socket: TcpListener, tls: &Tls, ask: AskForCertificates) -> Result<Self, TlsError> {
        let config = tls.config(ask).map_err(|error| TlsError::Setup { reason: error.to_string().into() })?;
        let acceptor = TlsAcceptor::from(Arc::new(config));
        Ok(Self { socket, protocol: Protocol::Tls(Terms { acceptor, ask }) })
    }
}

/// Uses plain HTTP.
impl From<TcpListener> for Listener {
    fn from(socket: TcpListener) -> Self {
        Self { socket, protocol: Protocol::Plain }
    }
}

/// The listeners of one server.
pub struct Listeners {
    list: Vec<Listener>,
    /// Which listener is polled first, so that a busy one does not block others.
    turn: AtomicUsize,
}

impl<L: Into<Listener>> From<L> for Listeners {
    fn from(listener: L) -> Self {
        vec![listener.into()].into()
    }
}

impl From<Vec<Listener>> for Listeners {
    fn from(list: Vec<Listener>) -> Self {
        Self { list, turn: AtomicUsize::new(0) }
    }
}

/// A connection, its peer and its protocol.
pub(crate) type Accepted = (TcpStream, SocketAddr, Protocol);

impl Listeners {
    pub(crate) async fn accept(&self) -> io::Result<Accepted> {
        poll_fn(|cx| self.poll_accept(cx)).await
    }

    /// The next connection, if one is waiting.
    pub(crate) async fn accept_waiting(&self) -> Option<io::Result<Accepted>> {
        poll_fn(|cx| match self.poll_accept(cx) {
            Poll::Ready(outcome) => Poll::Ready(Some(outcome)),
            Poll::Pending => Poll::Ready(None),
        })
        .await
    }

    fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<Accepted>> {
        let first = self.turn.fetch_add(1, Ordering::Relaxed) % self.list.len().max(1);
        let (later, earlier) = self.list.split_at(first);
        for listener in earlier.iter().chain(later) {
            if let Poll::Ready(outcome) = listener.socket.poll_accept(cx) {
                return Poll::Ready(outcome.map(|(stream, peer)| (stream, peer, listener.protocol.clone())));
            }
        }
        Poll::Pending
    }
}
