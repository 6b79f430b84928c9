//! TLS to the issuer.

use std::sync::Arc;

use jeton_guard::remote::{FetchError, RemoteUrl};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};

use super::origin::{Reply, fetcher};
use crate::world::Issuer;

/// Serves a JWK Set over TLS for `localhost`. The certificate is its own root, and good for a hundred years:
/// `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -days 36500 -subj /CN=localhost
/// -addext subjectAltName=DNS:localhost -addext basicConstraints=critical,CA:FALSE`.
async fn serve() -> (u16, Vec<u8>) {
    let certificate = CertificateDer::from(&include_bytes!("localhost.cert.der")[..]);
    let key = PrivatePkcs8KeyDer::from(&include_bytes!("localhost.key.der")[..]);
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key.into())
        .expect("a certificate and its key");
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    let reply = Reply::keys(&[&Issuer::new("k")]).bytes;
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let _ = stream.read(&mut [0; 4096]).await;
            let _ = stream.write_all(&reply).await;
            let _ = stream.shutdown().await;
        }
    });
    (port, certificate.to_vec())
}

#[tokio::test]
async fn the_certificate_must_be_trusted_and_be_for_the_host() {
    let (port, root) = serve().await;
    let url = |host: &str| RemoteUrl::parse(&format!("https://{host}:{port}/jwks")).expect("a URL");
    let trusting = fetcher().trust_only([root]).expect("a certificate");
    assert_eq!(trusting.jwk_set(&url("localhost")).await.expect("a set").keys().len(), 1);
    assert!(matches!(trusting.jwk_set(&url("127.0.0.1")).await, Err(FetchError::Tls { .. })), "another name");
    let distrusting = fetcher().jwk_set(&url("localhost")).await;
    assert!(
        matches!(distrusting, Err(FetchError::Tls { .. } | FetchError::NoTrustedRoots)),
        "{distrusting:?}"
    );
    assert!(matches!(fetcher().trust_only([b"no certificate".to_vec()]), Err(FetchError::Tls { .. })));
}
