//! An authority on sockets with TLS, and who comes to it.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jeton_authority::settings::Settings;
use jeton_jose::x509::TrustRoots;
use jeton_server::tls::{AskForCertificates, Tls, TlsFiles};
use jeton_server::{Listener, ServiceBuilder, serve};
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, ServerConfig, SupportedProtocolVersion};
use tokio_rustls::{TlsAcceptor, TlsConnector};

use super::certificates::{Authority, Certified};
use crate::app::TestApp;

/// What the site is called in its certificate.
pub(crate) const NAME: &str = "auth.example";

/// An authority with a listener that asks for certificates and one that does not.
pub(crate) struct Site {
    pub(crate) app: TestApp,
    pub(crate) tls: Tls,
    /// Where nobody is asked for a certificate.
    pub(crate) address: SocketAddr,
    /// Where everybody is.
    pub(crate) mtls: SocketAddr,
    /// Who signed its certificate.
    pub(crate) root: Authority,
    folder: TempDir,
}

impl Site {
    pub(crate) async fn new() -> Self {
        Self::with(|settings| settings, |service| service).await
    }

    pub(crate) async fn with(
        settings: impl FnOnce(Settings) -> Settings,
        service: impl FnOnce(ServiceBuilder) -> ServiceBuilder,
    ) -> Self {
        let root = Authority::new("The root");
        let folder = tempfile::tempdir().expect("a folder");
        let tls = Tls::load(write(folder.path(), &root.server(NAME))).expect("a certificate");
        let app = TestApp::with(settings, service).await;
        let mut listeners = vec![];
        let mut addresses = vec![];
        for ask in [AskForCertificates::No, AskForCertificates::Optional] {
            let socket = TcpListener::bind("127.0.0.1:0").await.expect("a port");
            addresses.push(socket.local_addr().expect("an address"));
            listeners.push(Listener::tls(socket, &tls, ask).expect("a listener"));
        }
        tokio::spawn(serve(listeners, app.service.clone(), std::future::pending()));
        Self { app, tls, address: addresses[0], mtls: addresses[1], root, folder }
    }

    /// Puts another certificate in the place of the one that there is.
    pub(crate) fn renew(&self, certified: &Certified) {
        write(self.folder.path(), certified);
    }

    /// Puts something else in the place of a file.
    pub(crate) fn overwrite(&self, name: &str, content: &str) {
        std::fs::write(self.folder.path().join(name), content).expect("it can be written");
    }

    /// Somebody who comes without a certificate.
    pub(crate) fn visitor(&self) -> Visitor {
        Visitor::trusting(&self.root, None)
    }

    /// Somebody who has a certificate.
    pub(crate) fn client(&self, certified: &Certified) -> Visitor {
        Visitor::trusting(&self.root, Some(certified))
    }
}

/// Writes the files of a certificate.
pub(crate) fn write(folder: &Path, certified: &Certified) -> TlsFiles {
    let file = |name: &str, content: &str| -> PathBuf {
        let path = folder.join(name);
        // As tools that renew certificates do: nobody ever sees half a file.
        let fresh = folder.join(format!("{name}.new"));
        std::fs::write(&fresh, content).expect("it can be written");
        std::fs::rename(&fresh, &path).expect("it can be moved");
        path
    };
    TlsFiles {
        certificate: file("certificate.pem", &certified.pem),
        key: file("key.pem", &certified.key_pem()),
        client_roots: None,
    }
}

/// The roots of an authority, as the setting has them.
pub(crate) fn roots_of(authority: &Authority) -> TrustRoots {
    TrustRoots::from_pem(&authority.pem()).expect("a root")
}

/// Who comes by https. Its sessions are resumed.
#[derive(Clone)]
pub(crate) struct Visitor {
    pub(crate) config: ClientConfig,
    root: CertificateDer<'static>,
}

impl Visitor {
    pub(crate) fn trusting(root: &Authority, certified: Option<&Certified>) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add(root.der()).expect("a root");
        let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_root_certificates(roots);
        let config = match certified {
            None => builder.with_no_client_auth(),
            Some(certified) => builder
                .with_client_auth_cert(vec![certified.der.clone()], certified.key())
                .expect("a certificate and its key"),
        };
        Self { config, root: root.der() }
    }

    /// The same, in this version of TLS alone.
    pub(crate) fn speaking(&self, version: &'static SupportedProtocolVersion) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add(self.root.clone()).expect("a root");
        let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_protocol_versions(&[version])
            .expect("a version")
            .with_root_certificates(roots)
            .with_client_cert_resolver(Arc::clone(&self.config.client_auth_cert_resolver));
        Self { config, root: self.root.clone() }
    }

    /// As [`Visitor::connect`], where that may fail.
    pub(crate) async fn try_connect(&self, address: SocketAddr) -> std::io::Result<TlsStream<TcpStream>> {
        let stream = TcpStream::connect(address).await?;
        let name = ServerName::try_from(NAME).expect("a name");
        TlsConnector::from(Arc::new(self.config.clone())).connect(name, stream).await
    }

    pub(crate) async fn connect(&self, address: SocketAddr) -> TlsStream<TcpStream> {
        self.try_connect(address).await.expect("a connection")
    }

    /// Sends a request on a connection of its own; answers the status and the body.
    pub(crate) async fn send(&self, address: SocketAddr, request: &str) -> (u16, Value) {
        let mut stream = self.connect(address).await;
        stream.write_all(request.as_bytes()).await.expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("an answer");
        let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        let body = answer.split_once("\r\n\r\n").expect("a body").1;
        (status, serde_json::from_str(body).unwrap_or(Value::String(body.to_owned())))
    }

    pub(crate) async fn get(&self, address: SocketAddr, path: &str, headers: &str) -> (u16, Value) {
        let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{headers}\r\n");
        self.send(address, &request).await
    }

    pub(crate) async fn post(
        &self,
        address: SocketAddr,
        path: &str,
        headers: &str,
        fields: &[(&str, &str)],
    ) -> (u16, Value) {
        let body: jeton_oauth::Parameters = fields.iter().copied().collect();
        let body = body.to_query();
        let length = body.len();
        let request = format!(
            "POST {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{headers}\
             content-type: application/x-www-form-urlencoded\r\ncontent-length: {length}\r\n\r\n{body}"
        );
        self.send(address, &request).await
    }
}

/// A web server by https that gives one answer, for this name alone.
pub(crate) async fn https_host(certified: &Certified, answer: String) -> SocketAddr {
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![certified.der.clone()], certified.key())
        .expect("a certificate and its key");
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let _ = stream.read(&mut [0; 4096]).await;
            let _ = stream.write_all(answer.as_bytes()).await;
            let _ = stream.shutdown().await;
        }
    });
    address
}
