//! The limits, as a client on a real socket meets them.

use std::net::SocketAddr;
use std::time::Duration;

use jeton_server::{ForwardingHeader, Limits, TrustedProxies, serve};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, timeout};

use crate::app::TestApp;

/// Longer than anything here should take.
const LONG: Duration = Duration::from_secs(120);

/// Serves an app for as long as the test lasts.
pub(crate) async fn start(app: &TestApp) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(serve(listener, app.service.clone(), std::future::pending()));
    address
}

/// Sends bytes and reads until the server closes the connection.
pub(crate) async fn exchange(address: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    stream.write_all(bytes).await.expect("sent");
    read_to_end(&mut stream).await
}

pub(crate) async fn read_to_end(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    let _ = timeout(LONG, stream.read_to_end(&mut answer)).await.expect("the server closes the connection");
    String::from_utf8(answer).expect("text")
}

/// Reads one answer off a connection that stays open.
pub(crate) async fn read_answer(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&answer).to_ascii_lowercase();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.split("content-length: ").nth(1).and_then(|rest| rest.split("\r\n").next());
            if body.len() >= length.and_then(|length| length.parse().ok()).unwrap_or(0) {
                return String::from_utf8(answer).expect("text");
            }
        }
        let mut chunk = [0; 4096];
        let read = timeout(LONG, stream.read(&mut chunk)).await.expect("an answer").expect("no error");
        assert!(read > 0, "the connection closed: {text}");
        answer.extend_from_slice(&chunk[..read]);
    }
}

fn post(path: &str, body: &str) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

#[tokio::test]
async fn requests_follow_one_another_on_a_connection() {
    let app = TestApp::new().await;
    let mut stream = TcpStream::connect(start(&app).await).await.expect("a connection");
    for _ in 0..3 {
        let body = r#"{"username":"ada","password":"correct horse"}"#;
        stream.write_all(post("/api/token/", body).as_bytes()).await.expect("sent");
        let answer = read_answer(&mut stream).await;
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        let lower = answer.to_ascii_lowercase();
        assert!(!lower.contains("\r\nserver:"), "the server does not say what it is: {answer}");
        assert!(lower.contains("\r\nx-request-id: ") && lower.contains("\r\ndate: "), "{answer}");
    }
}

#[tokio::test]
async fn a_slow_head_is_answered_408() {
    let app =
        TestApp::with_limits(Limits { header_time: Duration::from_millis(300), ..Limits::default() }).await;
    let address = start(&app).await;
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    let started = Instant::now();
    let drip = async {
        for byte in b"GET /healthz HTTP/1.1\r\nhost: x\r\nx-slow: ".iter().chain(std::iter::repeat(&b'y')) {
            if stream.write_all(&[*byte]).await.is_err() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
            if started.elapsed() > Duration::from_millis(800) {
                break;
            }
        }
    };
    drip.await;
    let answer = read_to_end(&mut stream).await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408 Request Timeout\r\n"), "{answer}");

    // Without bytes on the way that the closing would trample on, the answer always arrives.
    let answer = exchange(address, b"GET /healthz HTTP/1.1\r\nhost:").await;
    assert!(answer.starts_with("HTTP/1.1 408 Request Timeout\r\n"), "{answer}");
    assert!(answer.ends_with(r#"{"detail":"Request header did not arrive in time."}"#), "{answer}");
    assert!(started.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn a_connection_that_says_nothing_is_closed() {
    let app = TestApp::with_limits(Limits {
        header_time: Duration::from_millis(200),
        keep_alive_time: Duration::from_millis(200),
        ..Limits::default()
    })
    .await;
    let address = start(&app).await;
    assert_eq!(exchange(address, b"").await, "");
    let answer = exchange(address, b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && !answer.contains("408"), "{answer}");
}

#[tokio::test]
async fn a_head_that_is_late_on_a_used_connection_is_answered_408() {
    let app =
        TestApp::with_limits(Limits { header_time: Duration::from_millis(300), ..Limits::default() }).await;
    let mut stream = TcpStream::connect(start(&app).await).await.expect("a connection");
    stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await.expect("sent");
    assert!(read_answer(&mut stream).await.starts_with("HTTP/1.1 200 OK\r\n"));
    tokio::time::sleep(Duration::from_millis(500)).await;
    stream.write_all(b"GET /healthz HTT").await.expect("the connection is still open");
    let answer = read_to_end(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 408 Request Timeout\r\n"), "{answer}");
}

#[tokio::test]
async fn a_slow_body_is_answered_408() {
    let app =
        TestApp::with_limits(Limits { body_time: Duration::from_millis(200), ..Limits::default() }).await;
    let answer = exchange(
        start(&app).await,
        b"POST /api/token/ HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 10\r\n\r\n{",
    )
    .await;
    assert!(answer.starts_with("HTTP/1.1 408 Request Timeout\r\n"), "{answer}");
    assert!(answer.ends_with(r#"{"detail":"Request body did not arrive in time."}"#), "{answer}");
}

#[tokio::test]
async fn a_large_body_is_answered_413_even_to_who_sends_it_all_first() {
    let app = TestApp::new().await;
    let address = start(&app).await;
    let body = format!(r#"{{"username":"ada","password":"{}"}}"#, "x".repeat(1 << 20));
    let request = post("/api/token/", &body).replace("host: x", "host: x\r\nconnection: close");
    let answer = exchange(address, request.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 413 Payload Too Large\r\n"), "{answer}");
    assert!(answer.ends_with(r#"{"detail":"Request body is larger than 65536 bytes."}"#), "{answer}");

    // In chunks, where the length is not announced.
    let mut request =
        b"POST /api/token/ HTTP/1.1\r\nhost: x\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n"
            .to_vec();
    for _ in 0..100 {
        request.extend_from_slice(b"1000\r\n");
        request.extend_from_slice(&[b'x'; 0x1000]);
        request.extend_from_slice(b"\r\n");
    }
    request.extend_from_slice(b"0\r\n\r\n");
    let answer = exchange(address, &request).await;
    assert!(answer.starts_with("HTTP/1.1 413 Payload Too Large\r\n"), "{answer}");
}

#[tokio::test]
async fn a_large_body_is_refused_before_it_is_sent_to_who_asks() {
    let app = TestApp::new().await;
    let mut stream = TcpStream::connect(start(&app).await).await.expect("a connection");
    stream
        .write_all(b"POST /api/token/ HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 1000000\r\n\r\n")
        .await
        .expect("sent");
    let answer = read_to_end(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 413 Payload Too Large\r\n"), "{answer}");
}

#[tokio::test]
async fn a_large_head_is_answered_431_and_a_long_target_414() {
    let app = TestApp::new().await;
    let address = start(&app).await;
    let long = format!("GET /healthz HTTP/1.1\r\nhost: x\r\nx-long: {}\r\n\r\n", "y".repeat(20_000));
    let answer = exchange(address, long.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
    let many = format!("GET /healthz HTTP/1.1\r\nhost: x\r\n{}\r\n", "x-many: y\r\n".repeat(100));
    let answer = exchange(address, many.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
    let target = format!("GET /{} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n", "z".repeat(10_000));
    let answer = exchange(address, target.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 414 URI Too Long\r\n"), "{answer}");
    assert!(answer.ends_with(r#"{"detail":"Request target is too long."}"#), "{answer}");
}

/// A connection over which a request was answered.
async fn idle(address: SocketAddr) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await.expect("sent");
    assert!(read_answer(&mut stream).await.starts_with("HTTP/1.1 200 OK\r\n"));
    stream
}

/// A connection whose request never ends.
async fn busy(address: SocketAddr) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    let head = b"POST /api/token/ HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 10\r\n\r\n{";
    stream.write_all(head).await.expect("sent");
    stream
}

#[tokio::test]
async fn too_many_requests_wait_their_turn() {
    let app = TestApp::with_limits(Limits { connections: 2, ..Limits::default() }).await;
    let address = start(&app).await;
    let mut open = vec![busy(address).await, busy(address).await];
    tokio::time::sleep(Duration::from_millis(100)).await;
    let mut third = TcpStream::connect(address).await.expect("the system queues it");
    third.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await.expect("sent");
    let mut byte = [0];
    assert!(timeout(Duration::from_millis(300), third.peek(&mut byte)).await.is_err(), "it waits");
    open.pop();
    assert!(read_answer(&mut third).await.starts_with("HTTP/1.1 200 OK\r\n"));
}

#[tokio::test]
async fn the_longest_idle_connection_gives_way_to_a_new_one() {
    let app = TestApp::with_limits(Limits { connections: 8, ..Limits::default() }).await;
    let address = start(&app).await;
    let mut open = Vec::new();
    for _ in 0..100 {
        open.push(idle(address).await);
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let mut served = 0;
    for mut stream in open.split_off(92) {
        stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await.expect("sent");
        served += usize::from(read_answer(&mut stream).await.starts_with("HTTP/1.1 200 OK\r\n"));
    }
    assert_eq!(served, 8, "those that came last are still open");
    for mut stream in open {
        assert_eq!(read_to_end(&mut stream).await, "", "the others were closed");
    }
}

#[tokio::test]
async fn one_network_leaves_room_for_others_whatever_it_does() {
    let limits = Limits { connections: 16, connections_per_network: 4, ..Limits::default() };
    let app = TestApp::with_limits(limits).await;
    let address = start(&app).await;
    let mut open = Vec::new();
    for _ in 0..4 {
        open.push(busy(address).await);
    }
    tokio::time::sleep(Duration::from_millis(100)).await;
    for _ in 0..50 {
        let mut refused = TcpStream::connect(address).await.expect("the system connects it");
        let _ = refused.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await;
        let mut answer = Vec::new();
        let _ = timeout(LONG, refused.read_to_end(&mut answer)).await.expect("it is closed");
        assert_eq!(answer, b"");
    }
    // Another network of this machine.
    let socket = tokio::net::TcpSocket::new_v4().expect("a socket");
    socket.bind("127.0.1.1:0".parse().expect("an address")).expect("it is of this machine");
    let mut other = socket.connect(address).await.expect("a connection");
    other.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await.expect("sent");
    assert!(read_answer(&mut other).await.starts_with("HTTP/1.1 200 OK\r\n"));
}

#[tokio::test]
async fn a_trusted_proxy_may_hold_any_number_and_keeps_its_connections_longer() {
    let limits = Limits {
        connections_per_network: 2,
        keep_alive_time: Duration::from_millis(100),
        header_time: Duration::from_millis(100),
        ..Limits::default()
    };
    let proxies =
        TrustedProxies::new(["127.0.0.0/8".parse().expect("a network")], ForwardingHeader::XForwardedFor);
    let app =
        TestApp::with(|settings| settings, |service| service.limits(limits).trusted_proxies(proxies)).await;
    let address = start(&app).await;
    let mut open = Vec::new();
    for _ in 0..20 {
        open.push(idle(address).await);
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    for mut stream in open {
        stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await.expect("sent");
        assert!(read_answer(&mut stream).await.starts_with("HTTP/1.1 200 OK\r\n"));
    }
}

#[tokio::test]
async fn garbage_is_answered_400_or_with_silence() {
    let app = TestApp::new().await;
    let address = start(&app).await;
    for garbage in [
        &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"[..],
        b"GET\r\n\r\n",
        b"\0\0\0\0\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
    ] {
        let answer = exchange(address, garbage).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 400 "), "{answer}");
    }
    assert!(app.get("/healthz").await.status.is_success());
}

#[tokio::test]
async fn a_request_says_which_host_it_is_for_and_says_it_once() {
    let app = TestApp::new().await;
    let address = start(&app).await;
    for path in ["/healthz", "/jwks.json", "/.well-known/openid-configuration", "/authorize", "/nowhere"] {
        for (version, hosts, refused) in [
            ("1.1", "", true),
            ("1.1", "host: a\r\nhost: a\r\n", true),
            ("1.1", "host: a\r\nHost: b\r\n", true),
            ("1.0", "host: a\r\nhost: b\r\n", true),
            ("1.1", "host: a b\r\n", true),
            ("1.1", "host: ada@a\r\n", true),
            ("1.1", "host: a:8000\r\n", false),
            ("1.1", "host: [::1]:8000\r\n", false),
            ("1.0", "", false),
        ] {
            let request = format!("GET {path} HTTP/{version}\r\n{hosts}connection: close\r\n\r\n");
            let answer = exchange(address, request.as_bytes()).await;
            let is_refused =
                answer.contains(r#"{"detail":"The Host header is missing, repeated or invalid."}"#);
            assert_eq!(is_refused, refused, "{request:?}: {answer}");
            assert_eq!(
                answer.contains(" 400 Bad Request\r\n"),
                refused || path == "/authorize",
                "{request:?}: {answer}"
            );
            assert!(answer.to_ascii_lowercase().contains("\r\nx-request-id: "), "{answer}");
        }
    }
}

#[tokio::test]
async fn a_line_of_a_head_ends_with_carriage_return_and_line_feed() {
    let app = TestApp::new().await;
    let address = start(&app).await;
    let body = r#"{"username":"ada",\n"password":"correct horse"}"#.replace("\\n", "\n");
    let good = post("/api/token/", &body).replacen("host: x", "host: x\r\nconnection: close", 1);
    let answer = exchange(address, good.as_bytes()).await;
    assert!(
        answer.starts_with("HTTP/1.1 200 OK\r\n"),
        "a line feed in a body is nobody's business: {answer}"
    );
    let chunked = format!(
        "POST /api/token/ HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\n\
         transfer-encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n",
        body.len()
    );
    assert!(exchange(address, chunked.as_bytes()).await.starts_with("HTTP/1.1 200 OK\r\n"));
    for (bad, what) in [
        (good.replacen("\r\n", "\n", 1), "the request line"),
        (good.replacen("host: x\r\n", "host: x\n", 1), "a header"),
        (good.replacen("\r\n\r\n", "\r\n\n", 1), "the end of the head"),
        (good.replacen("\r\n\r\n", "\n\n", 1), "all of the end"),
        (format!("\n{good}"), "an empty line before"),
    ] {
        let answer = exchange(address, bad.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{what}: {answer}");
    }
    // One that comes behind another in the same packet is seen as well.
    let first = post("/api/token/verify/", "{}");
    for second in ["GET /healthz HTTP/1.1\r\nhost: x\n\r\n", "GET /healthz HTTP/1.1\nhost: x\r\n\r\n"] {
        let answer = exchange(address, format!("{first}{second}").as_bytes()).await;
        let statuses: Vec<_> =
            answer.match_indices("HTTP/1.1 ").map(|(at, _)| &answer[at + 9..at + 12]).collect();
        assert_eq!(statuses, ["400", "400"], "{answer}");
        assert!(
            answer.contains("This field is required") && !answer.contains(r#"{"status":"ok"}"#),
            "{answer}"
        );
    }
}

#[tokio::test]
async fn a_long_target_is_refused_at_every_path() {
    let app = TestApp::new().await;
    let address = start(&app).await;
    let long = "z".repeat(9_000);
    for path in [
        "/jwks.json",
        "/.well-known/openid-configuration",
        "/.well-known/oauth-authorization-server",
        "/healthz",
        "/authorize/sign-in",
        "/device",
    ] {
        for origin in ["", "http://x"] {
            let request =
                format!("GET {origin}{path}?{long} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
            let answer = exchange(address, request.as_bytes()).await;
            assert!(answer.starts_with("HTTP/1.1 414 URI Too Long\r\n"), "{path}: {answer}");
        }
    }
    let request = format!("GET http://{long}/jwks.json HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    assert!(
        exchange(address, request.as_bytes()).await.starts_with("HTTP/1.1 414 "),
        "a long host is a long target"
    );
}
