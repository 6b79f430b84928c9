//! `tls_client_auth` and `self_signed_tls_client_auth`: the certificate of the client's TLS connection (RFC 8705 §2).
//!
//! Whoever ends TLS has seen that the client holds the certificate's key. Where that is a proxy, it has also seen, for
//! `tls_client_auth`, that an authority which is trusted for this signed it; where TLS ends here, that is looked at here. Then its
//! names or its key are compared.

use std::fmt;

use jeton_jose::x509::{AlternativeName, Certificate, CertificateChain, Purpose, TrustRoots};
use jeton_jose::{Jwk, Timestamp, base64url};
use jeton_oauth::client::{ClientMetadata, Written};
use sha2::{Digest, Sha256};

use crate::distinguished_name::{self, DistinguishedName};

/// The certificate that a client proved to hold.
#[derive(Clone)]
pub struct ClientCertificate {
    subject: DistinguishedName,
    names: Vec<AlternativeName>,
    key: Option<Box<str>>,
    thumbprint: Box<str>,
    /// What leads from it to a root, where nobody has followed that yet.
    unverified: Option<CertificateChain>,
}

impl ClientCertificate {
    /// Reads the certificate that a client showed in its TLS handshake, in DER, with those that lead from it towards a root.
    /// Nothing where one is malformed, or there are more than a chain may have.
    ///
    /// Nothing is known of it but that the client holds its key: `tls_client_auth` wants that it leads to one of the roots of
    /// [`ClientAuth::trust_roots`](super::ClientAuth::trust_roots).
    pub fn of_connection<'a>(chain: impl IntoIterator<Item = &'a [u8]>) -> Option<Self> {
        let chain = CertificateChain::from_der(chain).ok()?;
        let read = Self::from_der(chain.der().next()?)?;
        Some(Self { unverified: Some(chain), ..read })
    }

    /// Reads a certificate in DER that a proxy vouches for; nothing where it is none.
    pub fn from_der(der: &[u8]) -> Option<Self> {
        let certificate = Certificate::parse(der).ok()?;
        Some(Self {
            subject: distinguished_name::of_certificate(certificate.subject().ok()?),
            names: certificate.alternative_names().ok()?.into_iter().map(in_lower_case).collect(),
            // A key of a kind that is not known here matches none that a client registered.
            key: Jwk::from_der(der).ok().map(|key| key.thumbprint().into()),
            thumbprint: base64url::encode(Sha256::digest(der)).into(),
            unverified: None,
        })
    }

    /// Its thumbprint, to which tokens are bound: `x5t#S256` (RFC 8705 §3.1).
    pub fn thumbprint(&self) -> &str {
        &self.thumbprint
    }

    /// Whether an authority that is trusted for this signed it, for a client of TLS, and it is in force.
    pub(super) fn is_vouched_for(&self, roots: Option<&TrustRoots>, now: Timestamp) -> bool {
        let Some(chain) = &self.unverified else { return true };
        roots.is_some_and(|roots| roots.verify(chain, Purpose::ClientAuth, now).is_ok())
    }

    /// Whether it has the name that a client registered (RFC 8705 §2.1.2).
    pub(super) fn is_named_by(&self, metadata: &ClientMetadata) -> bool {
        let has = |name: AlternativeName| self.names.contains(&name);
        if let Some(subject) = &metadata.tls_client_auth_subject_dn {
            return distinguished_name::parse(subject).is_some_and(|subject| subject == self.subject);
        }
        if let Some(dns) = &metadata.tls_client_auth_san_dns {
            return has(AlternativeName::Dns(dns.to_ascii_lowercase().into()));
        }
        if let Some(uri) = &metadata.tls_client_auth_san_uri {
            return has(AlternativeName::Uri(uri.as_str().into()));
        }
        if let Some(email) = &metadata.tls_client_auth_san_email {
            return has(AlternativeName::Email(email.as_str().into()));
        }
        // No client is taken whose address cannot be read.
        let ip = metadata.tls_client_auth_san_ip.as_ref().and_then(Written::value);
        ip.is_some_and(|ip| has(AlternativeName::Ip(*ip)))
    }

    /// Whether its key is one of these (RFC 8705 §2.2). When the certificate ends does not matter: the client vouches for itself,
    /// by the keys that it publishes.
    pub(super) fn is_of(&self, keys: &[Jwk]) -> bool {
        self.key.as_deref().is_some_and(|key| keys.iter().any(|known| known.thumbprint() == key))
    }
}

impl fmt::Debug for ClientCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ClientCertificate").field(&self.thumbprint).finish()
    }
}

/// Names of hosts are the same in either case.
fn in_lower_case(name: AlternativeName) -> AlternativeName {
    match name {
        AlternativeName::Dns(dns) => AlternativeName::Dns(dns.to_ascii_lowercase().into()),
        name => name,
    }
}
