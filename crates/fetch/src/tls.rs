//! TLS to the host, with rustls and AWS-LC, the library that also verifies tokens.

use std::fmt;
use std::sync::Arc;

use tokio::net::TcpStream;
use tokio::sync::OnceCell;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::client::WebPkiServerVerifier;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::error::FetchError;
use crate::own_certificate::OwnCertificates;

/// Trusted root certificates. The system's roots are read when they are first needed.
pub(crate) struct Tls {
    connector: OnceCell<TlsConnector>,
    /// Trusted besides the system's.
    also: Vec<CertificateDer<'static>>,
}

impl Tls {
    /// Trusts the system's certification authorities, including a company's own; `SSL_CERT_FILE` is honoured.
    pub(crate) fn of_system() -> Self {
        Self { connector: OnceCell::new(), also: vec![] }
    }

    /// Also trusts the certificates in this PEM text, besides the system's.
    pub(crate) fn of_system_and(pem: &[u8]) -> Result<Self, FetchError> {
        let refused = |reason: String| FetchError::Tls { reason: reason.into() };
        let also: Vec<_> = CertificateDer::pem_slice_iter(pem)
            .collect::<Result<_, _>>()
            .map_err(|_| refused("the roots are not in PEM".to_owned()))?;
        if also.is_empty() {
            return Err(FetchError::NoTrustedRoots);
        }
        let mut store = RootCertStore::empty();
        for root in &also {
            store.add(root.clone()).map_err(|error| refused(error.to_string()))?;
        }
        Ok(Self { connector: OnceCell::new(), also })
    }

    pub(crate) fn trusting(roots: impl IntoIterator<Item = Vec<u8>>) -> Result<Self, FetchError> {
        let mut store = RootCertStore::empty();
        let roots: Vec<_> = roots.into_iter().map(CertificateDer::from).collect();
        for root in &roots {
            store.add(root.clone()).map_err(|error| FetchError::Tls { reason: error.to_string().into() })?;
        }
        Ok(Self { connector: OnceCell::new_with(Some(connector(store, roots)?)), also: vec![] })
    }

    pub(crate) async fn connect(
        &self,
        host: &str,
        stream: TcpStream,
    ) -> Result<TlsStream<TcpStream>, FetchError> {
        let name = ServerName::try_from(host.to_owned()).map_err(|_| FetchError::HostUnknown)?;
        let connector = self.connector.get_or_try_init(|| system_connector(self.also.clone())).await?;
        connector
            .connect(name, stream)
            .await
            .map_err(|error| FetchError::Tls { reason: error.to_string().into() })
    }
}

async fn system_connector(also: Vec<CertificateDer<'static>>) -> Result<TlsConnector, FetchError> {
    // Some 150 certificates are read from disk, which is no work for a thread that serves requests.
    tokio::task::spawn_blocking(|| {
        let mut store = RootCertStore::empty();
        store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        store.add_parsable_certificates(also.iter().cloned());
        connector(store, also)
    })
    .await
    .unwrap_or(Err(FetchError::NoRuntime))
}

/// Trusts these roots, and servers that present one of `own`.
fn connector(roots: RootCertStore, own: Vec<CertificateDer<'static>>) -> Result<TlsConnector, FetchError> {
    if roots.is_empty() {
        return Err(FetchError::NoTrustedRoots);
    }
    let refused = |reason: String| FetchError::Tls { reason: reason.into() };
    // The provider is named, so that no other one in the program can take its place.
    let provider = Arc::new(aws_lc_rs::default_provider());
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
        .build()
        .map_err(|error| refused(error.to_string()))?;
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| refused(error.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(OwnCertificates::new(verifier, own)))
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tls")
    }
}
