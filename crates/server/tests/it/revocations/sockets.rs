//! The feed over real sockets: the end of a server, and readers that do not read.

use std::time::Duration;

use jeton_authority::GrantId;
use jeton_authority::audit::Actor;
use jeton_server::{Background, Shutdown, serve};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout};

use super::feed::sid;
use crate::app::TestApp;
use crate::sockets::read_to_end;

const REQUEST: &[u8] = b"GET /revocations HTTP/1.1\r\nhost: x\r\n\r\n";

/// Reads until this has come.
async fn read_until(stream: &mut TcpStream, what: &str) -> String {
    let mut text = String::new();
    while !text.contains(what) {
        let mut chunk = [0; 4096];
        let read = timeout(Duration::from_secs(120), stream.read(&mut chunk))
            .await
            .expect("it comes")
            .expect("no error");
        assert!(read > 0, "the connection closed: {text}");
        text += &String::from_utf8_lossy(&chunk[..read]);
    }
    text
}

#[tokio::test]
async fn each_stream_ends_at_once_when_the_server_stops() {
    let app = TestApp::new().await;
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
    let mut readers = Vec::new();
    for _ in 0..100 {
        let mut stream = TcpStream::connect(address).await.expect("a connection");
        stream.write_all(REQUEST).await.expect("sent");
        let text = read_until(&mut stream, "event: list").await;
        assert!(text.to_ascii_lowercase().starts_with("http/1.1 200 ok\r\n"), "{text}");
        readers.push(stream);
    }
    let asked = Instant::now();
    stop.send(()).expect("the server runs");
    for mut reader in readers {
        let rest = read_to_end(&mut reader).await;
        assert!(rest.contains("retry: ") && rest.ends_with("0\r\n\r\n"), "it ends properly: {rest}");
    }
    assert_eq!(server.await.expect("no panic"), Shutdown::Clean);
    assert!(asked.elapsed() < Duration::from_secs(2), "{:?}", asked.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_that_do_not_read_keep_nobody_else_waiting() {
    let app = TestApp::new().await;
    let _background = Background::start(&app.service);
    let address = crate::sockets::start(&app).await;
    let mut stalled = Vec::new();
    for _ in 0..50 {
        let mut stream = TcpStream::connect(address).await.expect("a connection");
        stream.write_all(REQUEST).await.expect("sent");
        stalled.push(stream);
    }
    let mut reader = TcpStream::connect(address).await.expect("a connection");
    reader.write_all(REQUEST).await.expect("sent");
    read_until(&mut reader, "event: list").await;
    for _ in 0..20 {
        let pair = app.sign_in().await;
        let grant: GrantId = sid(&pair).parse().expect("a grant");
        let ended = Instant::now();
        app.store.revoke_grant(grant, Actor::Operator, app.service.clock().now()).await.expect("a store");
        read_until(&mut reader, "event: event").await;
        assert!(ended.elapsed() < Duration::from_secs(1), "{:?}", ended.elapsed());
    }
}
