//! https without a proxy.

use std::sync::Arc;
use std::time::Duration;

use http::header;
use jeton_server::tls::{AskForCertificates, LOOK_EVERY};
use jeton_server::{Listener, Shutdown, Signals, serve};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{ProtocolVersion, SupportedProtocolVersion};

use super::certificates::{Authority, Certified};
use super::site::{NAME, Site, Visitor};
use crate::app::{PASSWORD, TestApp};
use crate::sockets::exchange;

#[tokio::test]
async fn https_is_spoken_without_a_proxy() {
    let site = Site::new().await;
    for address in [site.address, site.mtls] {
        assert_eq!(site.visitor().get(address, "/healthz", "").await.0, 200);
        let body = json!({"username": "ada", "password": PASSWORD}).to_string();
        let request = format!(
            "POST /api/token/ HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n\r\n{body}",
            body.len()
        );
        assert_eq!(site.visitor().send(address, &request).await.0, 200);
    }
}

#[tokio::test]
async fn tls_1_2_and_1_3_are_spoken_and_a_stranger_of_that_name_is_not_believed() {
    let site = Site::new().await;
    let versions: [(&'static SupportedProtocolVersion, _); 2] =
        [(&TLS12, ProtocolVersion::TLSv1_2), (&TLS13, ProtocolVersion::TLSv1_3)];
    for (supported, version) in versions {
        let visitor = site.client(&site.root.client("web")).speaking(supported);
        let stream = visitor.connect(site.mtls).await;
        assert_eq!(stream.get_ref().1.protocol_version(), Some(version));
        assert_eq!(visitor.get(site.mtls, "/healthz", "").await.0, 200);
    }
    let elsewhere = Visitor::trusting(&Authority::new("Another root"), None);
    assert!(elsewhere.try_connect(site.address).await.is_err());
}

#[tokio::test]
async fn http_1_1_is_agreed_upon_and_nothing_else_is() {
    let site = Site::new().await;
    let mut visitor = site.visitor();
    visitor.config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let stream = visitor.connect(site.address).await;
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
    visitor.config.alpn_protocols = vec![b"h2".to_vec()];
    assert!(visitor.try_connect(site.address).await.is_err());
}

#[tokio::test]
async fn plain_http_to_the_port_for_https_is_told_so() {
    let site = Site::new().await;
    let answer = exchange(site.address, b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{answer}");
    assert!(answer.contains("This port speaks https."), "{answer}");
    // Other nonsense gets an alert of TLS, or nothing.
    let mut stream = TcpStream::connect(site.address).await.expect("a connection");
    stream.write_all(b"\x16\x03\x01\xff\xff\x00\x01\x02").await.expect("sent");
    let _ = stream.shutdown().await;
    let mut rest = vec![];
    let _ = stream.read_to_end(&mut rest).await;
    assert!(!rest.starts_with(b"HTTP"), "{rest:?}");
    assert_eq!(site.visitor().get(site.address, "/healthz", "").await.0, 200);
}

/// The certificate that a new connection is shown.
async fn shown(site: &Site, visitor: &Visitor) -> Option<Vec<u8>> {
    let stream = visitor.try_connect(site.address).await.ok()?;
    Some(stream.get_ref().1.peer_certificates()?.first()?.to_vec())
}

async fn eventually_shown(site: &Site, visitor: &Visitor, certified: &Certified) {
    for _ in 0..500 {
        if shown(site, visitor).await.as_deref() == Some(certified.der.as_ref()) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the certificate was not shown");
}

#[tokio::test]
async fn a_renewed_certificate_is_shown_without_a_restart_and_a_broken_one_never() {
    let site = Site::new().await;
    let (authority, clock) = (Arc::clone(site.app.service.authority()), site.app.service.clock().clone());
    assert!(LOOK_EVERY >= Duration::from_secs(1), "files are not looked at all the time");
    let look_every = Duration::from_millis(10);
    let (_, hang_ups) = Signals::take_over().expect("signals").split();
    tokio::spawn(site.tls.follow(authority, clock, hang_ups, look_every));
    let visitor = site.visitor();
    let mut open = visitor.connect(site.address).await;

    let second = site.root.server(NAME);
    site.renew(&second);
    eventually_shown(&site, &visitor, &second).await;

    let (other, seconds_key) = (site.root.server(NAME), second.key_pem());
    for (name, content) in [
        ("certificate.pem", "garbage"),
        ("certificate.pem", &other.pem),
        ("certificate.pem", ""),
        ("key.pem", &other.pem),
        ("key.pem", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"),
    ] {
        site.renew(&second);
        site.overwrite(name, content);
        assert!(site.tls.reload().is_err(), "{name}: {content}");
        tokio::time::sleep(look_every * 5).await;
        assert_eq!(shown(&site, &visitor).await.as_deref(), Some(second.der.as_ref()), "{name}: {content}");
    }
    site.overwrite("key.pem", &seconds_key);
    let third = site.root.server(NAME);
    site.renew(&third);
    eventually_shown(&site, &visitor, &third).await;

    // What was connected before stays so.
    open.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.expect("sent");
    let mut answer = String::new();
    open.read_to_string(&mut answer).await.expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
}

#[tokio::test]
async fn a_shutdown_finishes_what_came_by_tls_and_waits_for_no_handshake() {
    let root = Authority::new("The root");
    let folder = tempfile::tempdir().expect("a folder");
    let files = super::site::write(folder.path(), &root.server(NAME));
    let tls = jeton_server::tls::Tls::load(files).expect("a certificate");
    let app = TestApp::new().await;
    let socket = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = socket.local_addr().expect("an address");
    let listener = Listener::tls(socket, &tls, AskForCertificates::No).expect("a listener");
    let (stop, stopped) = oneshot::channel::<()>();
    let service = app.service.clone();
    let server = tokio::spawn(serve(listener, service, async {
        let _ = stopped.await;
    }));
    let visitor = Visitor::trusting(&root, None);
    let _silent = TcpStream::connect(address).await.expect("a connection");
    let mut open = visitor.connect(address).await;
    open.write_all(b"POST /api/token/ HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{").await.expect("sent");
    tokio::time::sleep(Duration::from_millis(200)).await;
    stop.send(()).expect("it runs");
    tokio::time::sleep(Duration::from_millis(200)).await;
    open.write_all(b"}").await.expect("sent");
    let mut answer = String::new();
    open.read_to_string(&mut answer).await.expect("an answer, and then the end as TLS has it");
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    assert_eq!(server.await.expect("no panic"), Shutdown::Clean);
}

#[tokio::test]
async fn pages_over_https_set_cookies_for_https_alone() {
    let site = Site::new().await;
    site.app.add_client("web", crate::sso::client::web()).await;
    let request = format!(
        "GET {} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
        crate::sso::client::authorize(&[])
    );
    let mut stream = site.visitor().connect(site.address).await;
    stream.write_all(request.as_bytes()).await.expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer");
    let cookie =
        answer.lines().find(|line| line.to_ascii_lowercase().starts_with(header::SET_COOKIE.as_str()));
    assert!(
        cookie.is_some_and(|cookie| cookie.contains("__Host-") && cookie.contains("; Secure")),
        "{answer}"
    );
}

#[tokio::test]
async fn a_browser_that_came_by_https_is_told_to_stay_with_it() {
    let site = Site::new().await;
    let told = async |address, host: &str, path: &str| {
        let mut stream = site.visitor().connect(address).await;
        let request = format!("GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.expect("sent");
        let mut answer = String::new();
        let _ = stream.read_to_string(&mut answer).await;
        assert!(answer.starts_with("HTTP/1.1 "), "{answer}");
        answer.to_ascii_lowercase().contains("\r\nstrict-transport-security: max-age=31536000\r\n")
    };
    for address in [site.address, site.mtls] {
        for path in ["/healthz", "/jwks.json", "/.well-known/openid-configuration", "/authorize", "/nowhere"]
        {
            assert!(told(address, NAME, path).await, "{path}");
        }
        assert!(
            !told(address, "localhost:8443", "/healthz").await,
            "other programs speak http under that name"
        );
    }
    let app = TestApp::new().await;
    let plain = app.get("/healthz").await;
    assert_eq!(plain.header("strict-transport-security"), None, "a proxy in front says it, if it likes");
}
