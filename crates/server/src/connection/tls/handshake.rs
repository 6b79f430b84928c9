//! TLS handshakes, within limits.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use jeton_authority::client_auth::ClientCertificate;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::{AskForCertificates, Handshakes};
use crate::connection::Peer;
use crate::connection::conversation::{LAST_HEADER_TIME, Stage};

/// The response to plain HTTP on a port for https.
const PLAIN_HTTP: &[u8] = b"HTTP/1.1 400 Bad Request\r\n\
    content-type: application/json\r\n\
    content-length: 37\r\n\
    connection: close\r\n\
    \r\n\
    {\"detail\":\"This port speaks https.\"}\n";
/// The type of the record that every handshake begins with (RFC 8446 §5.1).
const HANDSHAKE_RECORD: u8 = 22;

/// The TLS settings of a connection's listener.
#[derive(Clone)]
pub(crate) struct Terms {
    pub(crate) acceptor: TlsAcceptor,
    pub(crate) ask: AskForCertificates,
}

/// Performs the handshake with a client. `None` if it fails, which is the client's concern.
pub(crate) async fn shake_hands(
    terms: &Terms,
    stream: TcpStream,
    address: IpAddr,
    limit: Duration,
    handshakes: &Arc<Handshakes>,
    stage: &mut watch::Receiver<Stage>,
) -> Option<(TlsStream<TcpStream>, Peer)> {
    let mut place = handshakes.begin();
    let mut deadline = Box::pin(sleep_until(Instant::now() + limit));
    let mut accepted = Box::pin(accept(&terms.acceptor, stream));
    let failed = |why: &dyn std::fmt::Display| {
        tracing::debug!(code = "tls_handshake_failed", peer = %address, "TLS handshake failed: {why}");
    };
    let stream = loop {
        match *stage.borrow_and_update() {
            Stage::Serving => {}
            Stage::Draining => {
                let last = Instant::now() + LAST_HEADER_TIME;
                if last < deadline.deadline() {
                    deadline.as_mut().reset(last);
                }
            }
            Stage::Closing => return None,
        }
        tokio::select! {
            biased;
            outcome = accepted.as_mut() => match outcome {
                Ok(stream) => break stream,
                Err(error) => {
                    failed(&error);
                    return None;
                }
            },
            () = deadline.as_mut() => {
                failed(&"it took too long");
                return None;
            }
            () = place.taken_away() => {
                failed(&"too many handshakes at once");
                return None;
            }
            changed = stage.changed() => if changed.is_err() {
                return None;
            },
        }
    };
    let peer = match terms.ask {
        AskForCertificates::No => Peer::from(address).over_tls(),
        AskForCertificates::Optional => Peer::asked(address, certificate(&stream)),
    };
    Some((stream, peer))
}

async fn accept(acceptor: &TlsAcceptor, mut stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
    let mut first = [0];
    stream.peek(&mut first).await?;
    if first[0] != HANDSHAKE_RECORD && first[0].is_ascii_alphabetic() {
        // What was sent is read, since closing a connection with something unread in it loses the answer.
        let _ = stream.try_read(&mut [0; 4096]);
        stream.write_all(PLAIN_HTTP).await?;
        stream.shutdown().await?;
        return Err(io::Error::new(io::ErrorKind::InvalidData, "it speaks plain HTTP"));
    }
    acceptor.accept(stream).await
}

/// The certificate whose key the client proved to have, in this handshake or in the one that began the session.
fn certificate(stream: &TlsStream<TcpStream>) -> Option<ClientCertificate> {
    let chain = stream.get_ref().1.peer_certificates()?;
    ClientCertificate::of_connection(chain.iter().map(AsRef::as_ref))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_to_plain_http_is_as_long_as_it_says() {
        let text = std::str::from_utf8(PLAIN_HTTP).expect("ASCII");
        let (head, body) = text.split_once("\r\n\r\n").expect("a head and a body");
        assert!(head.contains(&format!("content-length: {}\r\n", body.len())), "{}", body.len());
    }
}
