//! Certificate-bound tokens (RFC 8705 §3): a request passes on a connection whose client presented the certificate.

use std::fmt;

use jeton_jose::KeyError;
use jeton_jose::x509::CertificateChain;

/// The certificate whose key the client of a connection proved to have in its TLS handshake.
///
/// The TLS terminator adds it to the extensions of each request, where a client cannot add anything. Take it from a
/// proxy's header only if the request is known to come from the proxy. A token bound to a certificate then passes only
/// with that certificate. Its issuer and validity do not matter here, because the authority has authenticated the
/// client.
#[derive(Clone, PartialEq, Eq)]
pub struct ClientCertificate {
    thumbprint: Box<str>,
}

impl ClientCertificate {
    /// Parses a certificate in DER: the first one that the client presented.
    ///
    /// # Errors
    /// [`KeyError`] if it is not a certificate, or if its kind of key is not supported.
    pub fn from_der(der: &[u8]) -> Result<Self, KeyError> {
        let chain = CertificateChain::from_der([der])?;
        Ok(Self { thumbprint: chain.thumbprint().into() })
    }

    /// Its thumbprint: `x5t#S256` (RFC 8705 §3.1).
    #[must_use]
    pub fn thumbprint(&self) -> &str {
        &self.thumbprint
    }
}

impl fmt::Debug for ClientCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ClientCertificate").field(&self.thumbprint).finish()
    }
}
