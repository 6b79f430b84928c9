//! Shutting down over a real socket.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use jeton_authority::password::Argon2Params;
use jeton_server::hashing::HashPool;
use jeton_server::{Background, Limits, Shutdown, serve, serve_unless_hurried};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use crate::app::{PASSWORD, TestApp};
use crate::sockets::{exchange, read_answer, read_to_end};

struct Running {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    server: JoinHandle<Shutdown>,
}

async fn start(app: &TestApp) -> Running {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let (stop, stopped) = oneshot::channel::<()>();
    let service = app.service.clone();
    let server = tokio::spawn(async move {
        serve(listener, service, async {
            let _ = stopped.await;
        })
        .await
    });
    Running { address, stop, server }
}

/// An app whose sign-ins take a while, since the password hash does.
async fn slow_sign_ins(limits: Limits) -> TestApp {
    let params = Argon2Params::new(128 * 1024, 6, 1).expect("within what argon2 allows");
    let pool = HashPool::with_threads(params, 1, 64).expect("a thread");
    TestApp::with_hashing(
        Arc::new(pool),
        |mut settings| {
            settings.password.argon2 = params;
            settings
        },
        |service| service.limits(limits),
    )
    .await
}

fn sign_in() -> String {
    let body = format!(r#"{{"username":"ada","password":"{PASSWORD}"}}"#);
    format!(
        "POST /api/token/ HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

#[tokio::test]
async fn what_was_accepted_is_finished_and_nothing_more_is_taken() {
    // A busy machine may need longer for the hash than a server waits by default.
    let limits = Limits { shutdown_time: Duration::from_secs(600), ..Limits::default() };
    let app = slow_sign_ins(limits).await;
    let running = start(&app).await;
    let mut idle = TcpStream::connect(running.address).await.expect("a connection");
    idle.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await.expect("sent");
    read_answer(&mut idle).await;
    let mut busy = TcpStream::connect(running.address).await.expect("a connection");
    busy.write_all(sign_in().as_bytes()).await.expect("sent");
    sleep(Duration::from_millis(30)).await;

    running.stop.send(()).expect("the server runs");
    assert_eq!(read_to_end(&mut idle).await, "", "an idle connection is closed");
    let answer = read_to_end(&mut busy).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert_eq!(running.server.await.expect("no panic"), Shutdown::Clean);
    assert!(TcpStream::connect(running.address).await.is_err(), "nothing listens any more");
}

#[tokio::test]
async fn a_shutdown_does_not_wait_for_ever() {
    let app =
        TestApp::with_limits(Limits { shutdown_time: Duration::from_millis(200), ..Limits::default() }).await;
    let running = start(&app).await;
    let mut stuck = TcpStream::connect(running.address).await.expect("a connection");
    stuck
        .write_all(b"POST /api/token/ HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n{")
        .await
        .expect("sent");
    sleep(Duration::from_millis(50)).await;
    let started = Instant::now();
    running.stop.send(()).expect("the server runs");
    assert_eq!(running.server.await.expect("no panic"), Shutdown::CutOff { connections: 1 });
    assert!(started.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn a_connection_that_says_nothing_does_not_hold_up_a_shutdown() {
    let app = TestApp::new().await;
    let running = start(&app).await;
    let _silent = TcpStream::connect(running.address).await.expect("a connection");
    sleep(Duration::from_millis(50)).await;
    let started = Instant::now();
    running.stop.send(()).expect("the server runs");
    assert_eq!(running.server.await.expect("no panic"), Shutdown::Clean);
    assert!(started.elapsed() < Duration::from_secs(5));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn tasks_beside_the_requests_do_not_hold_up_the_end() {
    let app = TestApp::new().await;
    let mut background = Background::start(&app.service);
    // A client that never answers, and a thread that waits for something.
    background.add(std::future::pending());
    let (_never, answer) = std::sync::mpsc::channel::<()>();
    background.add(async move {
        let _ = answer.recv();
    });
    sleep(Duration::from_millis(50)).await;
    let started = Instant::now();
    background.stop().await;
    assert!(started.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn a_server_that_a_balancer_watches_leaves_before_it_closes_the_door() {
    // Only the second signal ends the wait, so that the test does not depend on time.
    let limits = Limits { drain_time: Duration::from_secs(600), ..Limits::default() };
    let app = TestApp::with_limits(limits).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let (stop, stopped) = oneshot::channel::<()>();
    let (hurry, hurried) = oneshot::channel::<()>();
    let service = app.service.clone();
    let server =
        tokio::spawn(serve_unless_hurried(listener, service, async { drop(stopped.await) }, async {
            drop(hurried.await)
        }));
    let mut kept = TcpStream::connect(address).await.expect("a connection");
    let readyz = b"GET /readyz HTTP/1.1\r\nhost: x\r\n\r\n";
    kept.write_all(readyz).await.expect("sent");
    assert!(read_answer(&mut kept).await.starts_with("HTTP/1.1 200 OK\r\n"));

    stop.send(()).expect("the server runs");
    while app.get("/readyz").await.status != 503 {
        sleep(Duration::from_millis(5)).await;
    }
    app.get("/readyz").await.expect(503, r#"{"status":"unavailable","reason":"stopping"}"#);
    app.get("/readyz?exclude=store").await.expect(503, r#"{"status":"unavailable","reason":"stopping"}"#);
    app.get("/healthz").await.expect(200, r#"{"status":"ok"}"#);
    // Somebody who has not heard of it yet is served, over a kept connection as over a new one, and sent away with the answer.
    kept.write_all(sign_in().as_bytes()).await.expect("sent");
    for answer in [read_to_end(&mut kept).await, exchange(address, sign_in().as_bytes()).await] {
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        assert!(answer.to_ascii_lowercase().contains("\r\nconnection: close\r\n"), "{answer}");
    }

    hurry.send(()).expect("the server waits");
    assert_eq!(server.await.expect("no panic"), Shutdown::Clean);
    assert!(TcpStream::connect(address).await.is_err(), "nothing listens any more");
}
