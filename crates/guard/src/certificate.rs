//! Tokens that are bound to a certificate (RFC 8705 §3): a request passes on a connection whose client showed it.

use std::fmt;

use jeton_jose::KeyError;
use jeton_jose::x509::CertificateChain;

/// The certificate that the client of a connection proved to hold in its TLS handshake.
///
/// The TLS terminator adds it to the extensions of each request, where no client can add anything; a proxy's header only when
/// the request is known to come from the proxy. A token that is bound to a certificate then passes with that one alone. Whether
/// the certificate is good otherwise does not matter: the authority has seen that the token's client is who it says.
#[derive(Clone, PartialEq, Eq)]
pub struct ClientCertificate {
    thumbprint: Box<str>,
}

impl ClientCertificate {
    /// Reads a certificate in DER: the first that the client showed.
    ///
    /// # Errors
    /// [`KeyError`] where it is none, or for a key of a kind that is not known.
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
