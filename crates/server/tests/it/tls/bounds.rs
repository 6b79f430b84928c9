//! What one client can ask of a port with TLS.

use std::time::Duration;

use jeton_server::Limits;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use super::site::Site;

const LONG: Duration = Duration::from_secs(120);
/// How long a handshake may take here: far longer than a whole one does on a busy machine.
const SLOW: Duration = Duration::from_millis(1500);

async fn site(limits: Limits) -> Site {
    Site::with(|settings| settings, |service| service.limits(limits)).await
}

/// A connection on which a handshake begins and goes no further.
async fn stalled(site: &Site, bytes: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(site.address).await.expect("a connection");
    stream.write_all(bytes).await.expect("sent");
    stream
}

#[tokio::test]
async fn a_slow_handshake_ends_and_keeps_nobody_waiting() {
    let site = site(Limits { handshake_time: SLOW, ..Limits::default() }).await;
    let begun = Instant::now();
    let mut slow = vec![];
    for bytes in [&b""[..], b"\x16", b"\x16\x03\x01\x00\xff\x01"] {
        slow.push(stalled(&site, bytes).await);
    }
    assert_eq!(site.visitor().get(site.address, "/healthz", "").await.0, 200);
    assert!(begun.elapsed() < SLOW, "nobody waited for them");
    for stream in &mut slow {
        let mut rest = vec![];
        let _ = timeout(LONG, stream.read_to_end(&mut rest)).await.expect("the server closes the connection");
    }
    assert!(begun.elapsed() >= SLOW);
}

#[tokio::test]
async fn where_too_many_handshakes_are_under_way_the_oldest_gives_way() {
    let site = site(Limits { handshakes: 2, ..Limits::default() }).await;
    let mut oldest = stalled(&site, b"\x16").await;
    let mut others = vec![];
    for _ in 0..20 {
        others.push(stalled(&site, b"\x16").await);
    }
    let begun = Instant::now();
    assert_eq!(site.visitor().get(site.address, "/healthz", "").await.0, 200);
    let mut rest = vec![];
    let _ = timeout(LONG, oldest.read_to_end(&mut rest)).await.expect("the server closes the connection");
    assert!(begun.elapsed() < Duration::from_secs(5), "long before its time was over");
}

#[tokio::test]
async fn a_slow_head_over_tls_is_answered_408() {
    let site = site(Limits { header_time: Duration::from_millis(500), ..Limits::default() }).await;
    let mut stream = site.visitor().connect(site.address).await;
    stream.write_all(b"GET /healthz HTTP/1.1\r\nhost:").await.expect("sent");
    let mut answer = vec![];
    let _ = timeout(LONG, stream.read_to_end(&mut answer)).await.expect("the server closes the connection");
    let answer = String::from_utf8_lossy(&answer);
    assert!(answer.starts_with("HTTP/1.1 408 Request Timeout\r\n"), "{answer}");
}

#[tokio::test]
async fn a_client_that_says_nothing_after_the_handshake_is_disconnected() {
    let site = site(Limits { header_time: Duration::from_millis(500), ..Limits::default() }).await;
    let mut stream = site.visitor().connect(site.address).await;
    let mut answer = vec![];
    let _ = timeout(LONG, stream.read_to_end(&mut answer)).await.expect("the server closes the connection");
    assert!(answer.is_empty());
}

#[tokio::test]
async fn connections_are_counted_over_all_listeners() {
    let site = site(Limits { connections: 1, ..Limits::default() }).await;
    let first = site.visitor().connect(site.mtls).await;
    let second = stalled(&site, b"GET / HTTP/1.1\r\n\r\n").await;
    let mut byte = [0];
    assert!(timeout(Duration::from_millis(300), second.peek(&mut byte)).await.is_err(), "it waits");
    drop(first);
    assert!(timeout(LONG, second.peek(&mut byte)).await.expect("its turn").is_ok());
}
