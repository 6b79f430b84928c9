//! TLS in the server itself: https without a proxy, and client certificates (RFC 8705).
//!
//! [`Tls`] contains the server's certificate and watches its files. A [`Listener`](crate::Listener) uses it.

mod certificate;
mod client_certificates;
mod error;
mod follow;
mod handshake;
mod handshakes;

pub use certificate::TlsFiles;
pub use client_certificates::AskForCertificates;
pub use error::TlsError;
pub use follow::LOOK_EVERY;
pub(crate) use handshake::{Terms, shake_hands};
pub(crate) use handshakes::Handshakes;

use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwap;
use jeton_jose::Timestamp;
use jeton_jose::x509::TrustRoots;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert};
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::{self, ServerConfig};

use certificate::{Loaded, load};
use client_certificates::AnyCertificate;

/// The only supported protocol (RFC 7301). A client that requires HTTP/2 is told so in the handshake.
const HTTP_1_1: &[u8] = b"http/1.1";

/// The server's certificate, read from files. Cloning is cheap, and all clones share one certificate.
#[derive(Clone)]
pub struct Tls {
    shared: Arc<Shared>,
}

struct Shared {
    files: TlsFiles,
    loaded: ArcSwap<Loaded>,
}

impl Tls {
    /// Reads the files.
    ///
    /// # Errors
    /// [`TlsError`] names the file and the error.
    pub fn load(files: TlsFiles) -> Result<Self, TlsError> {
        let loaded = ArcSwap::from_pointee(load(&files)?);
        Ok(Self { shared: Arc::new(Shared { files, loaded }) })
    }

    /// When the certificate expires.
    pub fn not_after(&self) -> Timestamp {
        self.shared.loaded.load().not_after
    }

    /// The trusted roots of client certificates, if a file contains them.
    pub fn client_roots(&self) -> Option<TrustRoots> {
        self.shared.loaded.load().client_roots.clone()
    }

    /// The TLS settings of a listener.
    pub(crate) fn config(&self, ask: AskForCertificates) -> Result<ServerConfig, rustls::Error> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let algorithms = provider.signature_verification_algorithms;
        // The provider is named, so that no other one in the program can take its place.
        let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
        let builder = match ask {
            AskForCertificates::No => builder.with_no_client_auth(),
            AskForCertificates::Optional => {
                builder.with_client_cert_verifier(Arc::new(AnyCertificate::new(algorithms)))
            }
        };
        let mut config = builder.with_cert_resolver(Arc::new(self.clone()));
        config.alpn_protocols = vec![HTTP_1_1.to_vec()];
        Ok(config)
    }
}

impl ResolvesServerCert for Tls {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.shared.loaded.load().key))
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").field("files", &self.shared.files).finish_non_exhaustive()
    }
}
