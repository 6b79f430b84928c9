//! Clients that are named by the URL of their description (OAuth Client ID Metadata Document).

use std::sync::{Arc, Mutex};

use http::StatusCode;
use jeton_authority::settings::{RegistrationPolicy, Settings};
use jeton_server::{Fetcher, Reach};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};

use super::browser::{Browser, form, redirected};
use super::client::{VERIFIER, authorize};
use crate::app::TestApp;

const CALLBACK: &str = "http://127.0.0.1/callback";
pub(super) const CERTIFICATE: &[u8] = include_bytes!("../../../../guard/tests/it/remote/localhost.cert.der");
const KEY: &[u8] = include_bytes!("../../../../guard/tests/it/remote/localhost.key.der");

/// The web server of a client, with TLS, as `localhost`.
pub(super) struct Host {
    port: u16,
    answer: Arc<Mutex<String>>,
    asked: Arc<Mutex<usize>>,
}

impl Host {
    pub(super) async fn start() -> Self {
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(vec![CertificateDer::from(CERTIFICATE)], PrivatePkcs8KeyDer::from(KEY).into())
            .expect("a certificate and its key");
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let (answer, asked) = (Arc::<Mutex<String>>::default(), Arc::<Mutex<usize>>::default());
        let (answering, counting) = (Arc::clone(&answer), Arc::clone(&asked));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                *counting.lock().expect("no panic") += 1;
                let Ok(mut stream) = acceptor.accept(stream).await else { continue };
                let _ = stream.read(&mut [0; 4096]).await;
                let answer = answering.lock().expect("no panic").clone();
                let _ = stream.write_all(answer.as_bytes()).await;
                let _ = stream.shutdown().await;
            }
        });
        Self { port, answer, asked }
    }

    pub(super) fn client_id(&self) -> String {
        format!("https://localhost:{}/client.json", self.port)
    }

    /// Serves this document from now on.
    pub(super) fn serve(&self, document: &Value) {
        let json = document.to_string();
        let length = json.len();
        self.answer(format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{json}"
        ));
    }

    pub(super) fn answer(&self, answer: String) {
        *self.answer.lock().expect("no panic") = answer;
    }

    fn asked(&self) -> usize {
        *self.asked.lock().expect("no panic")
    }

    /// What a client says of itself.
    pub(super) fn document(&self) -> Value {
        json!({
            "client_id": self.client_id(),
            "client_name": "An agent",
            "redirect_uris": [CALLBACK],
            "grant_types": ["authorization_code", "refresh_token"],
        })
    }
}

fn open(mut settings: Settings) -> Settings {
    settings.client.metadata_documents = RegistrationPolicy::Open;
    settings.client.registration_resources = vec!["https://mcp.example/mcp".to_owned()];
    settings
}

/// An authority that may ask this machine, and trusts its certificate.
pub(super) async fn app() -> TestApp {
    let fetcher = Fetcher::new().allow(Reach::Loopback).trust_only([CERTIFICATE.to_vec()]);
    let fetcher = fetcher.expect("a certificate");
    TestApp::with(open, |service| service.fetcher(fetcher)).await
}

fn request(client_id: &str) -> String {
    authorize(&[
        ("client_id", client_id),
        ("redirect_uri", CALLBACK),
        ("resource", "https://mcp.example/mcp"),
    ])
}

#[track_caller]
fn unknown(page: &crate::app::Answer) {
    assert_eq!(page.status, StatusCode::BAD_REQUEST, "{}", page.text());
    assert!(page.text().contains("client_unknown"), "{}", page.text());
}

#[tokio::test]
async fn a_client_that_nobody_registered_signs_somebody_in_who_is_asked_first() {
    let (app, host) = (app().await, Host::start().await);
    host.serve(&host.document());
    let id = host.client_id();
    let browser = Browser::new(&app);
    let page = browser.sign_in(&request(&id)).await;
    assert!(page.text().contains("Allow <bdi>An agent</bdi>?"), "{}", page.text());
    let back = redirected(&browser.submit(&form(&page), &[("action", "allow")]).await);
    let fields = [
        ("grant_type", "authorization_code"),
        ("client_id", id.as_str()),
        ("code", back.get("code").expect("a code")),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
        ("resource", "https://mcp.example/mcp"),
    ];
    let tokens = app.post_form("/token", &fields).await;
    assert_eq!(tokens.status, StatusCode::OK, "{}", tokens.text());
    assert!(tokens.json()["refresh_token"].is_string());
    assert_eq!(host.asked(), 1, "the document is kept for a while");
}

#[tokio::test]
async fn no_document_is_fetched_unless_the_operator_lets_it() {
    let (app, host) = (TestApp::new().await, Host::start().await);
    host.serve(&host.document());
    unknown(&app.get(&request(&host.client_id())).await);
    assert_eq!(host.asked(), 0);
    let metadata = app.get("/.well-known/oauth-authorization-server").await.json();
    assert!(metadata.get("client_id_metadata_document_supported").is_none());
    let metadata = self::app().await.get("/.well-known/oauth-authorization-server").await.json();
    assert_eq!(metadata["client_id_metadata_document_supported"], true);
}

#[tokio::test]
async fn a_document_that_names_an_address_inside_is_never_fetched() {
    let host = Host::start().await;
    host.serve(&host.document());
    let app = TestApp::with(open, |service| service).await;
    for id in [
        host.client_id(),
        format!("https://127.0.0.1:{}/client.json", host.port),
        format!("https://[::1]:{}/client.json", host.port),
        format!("https://2130706433:{}/client.json", host.port),
        "https://169.254.169.254/latest/meta-data".to_owned(),
        "https://10.0.0.1/client.json".to_owned(),
        format!("http://localhost:{}/client.json", host.port),
    ] {
        unknown(&app.get(&request(&id)).await);
    }
    assert_eq!(host.asked(), 0, "not even a connection is made");
}

#[tokio::test]
async fn documents_that_will_not_do_make_no_client() {
    let (app, host) = (app().await, Host::start().await);
    let with = |name: &str, value: Value| {
        let mut document = host.document();
        document[name] = value;
        document
    };
    for document in [
        with("client_id", json!("https://localhost/client.json")),
        with("client_id", Value::Null),
        with("client_secret", json!("public")),
        with("token_endpoint_auth_method", json!("client_secret_basic")),
        with("token_endpoint_auth_method", json!("client_secret_jwt")),
        with("redirect_uris", json!(["javascript:alert(1)"])),
        with("redirect_uris", json!([])),
        with("grant_types", json!(["client_credentials"])),
        with("client_name", json!("Bank\u{202e}elpmaxe")),
        with("software_id", json!("x".repeat(6 * 1024))),
        json!([host.document()]),
    ] {
        host.serve(&document);
        unknown(&app.get(&request(&host.client_id())).await);
        app.hand.step(301);
    }
    for answer in
        ["HTTP/1.1 302 Found\r\nlocation: /other.json\r\n\r\n", "HTTP/1.1 404 Not Found\r\n\r\n", "nonsense"]
    {
        host.answer(answer.to_owned());
        unknown(&app.get(&request(&host.client_id())).await);
        app.hand.step(301);
    }
    host.serve(&host.document());
    // What could be read before is used for an hour while a newer document is fetched.
    app.hand.step(60 * 60);
    assert_eq!(app.get(&request(&host.client_id())).await.status, StatusCode::OK, "the next one is good");
}

#[tokio::test]
async fn a_document_that_cannot_be_fetched_is_left_alone_for_a_while() {
    let (app, host) = (app().await, Host::start().await);
    host.answer("HTTP/1.1 404 Not Found\r\n\r\n".to_owned());
    for _ in 0..5 {
        unknown(&app.get(&request(&host.client_id())).await);
    }
    assert_eq!(host.asked(), 1);
}

/// Waits until the document that was fetched meanwhile counts.
async fn renamed(app: &TestApp, host: &Host) {
    for _ in 0..10_000 {
        if app.get(&request(&host.client_id())).await.text().contains("Renamed") {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("the newer document does not count");
}

#[tokio::test]
async fn a_changed_document_counts_after_a_while_and_a_lost_one_does_not_lock_out_at_once() {
    let (app, host) = (app().await, Host::start().await);
    host.serve(&host.document());
    let page = app.get(&request(&host.client_id())).await;
    assert!(page.text().contains("An agent"), "{}", page.text());
    let mut document = host.document();
    document["client_name"] = json!("Renamed");
    host.serve(&document);
    app.hand.step(299);
    assert!(app.get(&request(&host.client_id())).await.text().contains("An agent"));
    app.hand.step(1);
    // Nobody waits for the newer one.
    assert!(app.get(&request(&host.client_id())).await.text().contains("An agent"));
    renamed(&app, &host).await;
    app.hand.step(3_600);
    document["client_name"] = json!("Renamed again");
    host.serve(&document);
    assert!(
        app.get(&request(&host.client_id())).await.text().contains("Renamed again"),
        "after an hour they do"
    );
    host.answer("HTTP/1.1 503 Unavailable\r\n\r\n".to_owned());
    app.hand.step(3_600);
    assert!(app.get(&request(&host.client_id())).await.text().contains("Renamed again"));
    app.hand.step(24 * 3600);
    unknown(&app.get(&request(&host.client_id())).await);
}

#[tokio::test]
async fn a_resource_that_the_operator_did_not_name_is_refused() {
    let (app, host) = (app().await, Host::start().await);
    host.serve(&host.document());
    let target = authorize(&[
        ("client_id", &host.client_id()),
        ("redirect_uri", CALLBACK),
        ("resource", "https://bank.example/"),
    ]);
    assert_eq!(redirected(&app.get(&target).await).get("error"), Some("invalid_target"));
}
