//! `tls_client_auth` and `self_signed_tls_client_auth`: the certificate of the client's TLS connection (RFC 8705 §2).
//!
//! Whoever ends TLS has seen that the client holds the certificate's key. Where that is a proxy, it has also seen, for
//! `tls_client_auth`, that an authority which is trusted for this signed it; where TLS ends here, that is looked at here. Then its
//! names or its key are compared.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use jeton_jose::x509::{CertificateChain, Purpose, TrustRoots};
use jeton_jose::{Jwk, Timestamp, base64url};
use jeton_oauth::client::{ClientMetadata, TokenEndpointAuthMethod};
use sha2::{Digest, Sha256};
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

use super::distinguished_name::{self, DistinguishedName};
use crate::authority::Authority;

/// The certificate that a client proved to hold.
#[derive(Clone)]
pub struct ClientCertificate {
    subject: DistinguishedName,
    names: Vec<Name>,
    key: Option<Box<str>>,
    thumbprint: Box<str>,
    /// What leads from it to a root, where nobody has followed that yet.
    unverified: Option<CertificateChain>,
}

#[derive(Clone, PartialEq)]
enum Name {
    Dns(Box<str>),
    Uri(Box<str>),
    Email(Box<str>),
    Ip(IpAddr),
}

impl ClientCertificate {
    /// Reads the certificate that a client showed in its TLS handshake, in DER, with those that lead from it towards a root.
    /// Nothing where one is malformed, or there are more than a chain may have.
    ///
    /// Nothing is known of it but that the client holds its key: `tls_client_auth` wants that it leads to one of the roots of
    /// [`Authority::trust_client_roots`].
    pub fn of_connection<'a>(chain: impl IntoIterator<Item = &'a [u8]>) -> Option<Self> {
        let chain = CertificateChain::from_der(chain).ok()?;
        let read = Self::from_der(chain.der().next()?)?;
        Some(Self { unverified: Some(chain), ..read })
    }

    /// Reads a certificate in DER that a proxy vouches for; nothing where it is none.
    pub fn from_der(der: &[u8]) -> Option<Self> {
        let (rest, certificate) = X509Certificate::from_der(der).ok()?;
        if !rest.is_empty() {
            return None;
        }
        let alternative = certificate.subject_alternative_name().ok()?;
        let names = alternative.map(|extension| &extension.value.general_names).into_iter().flatten();
        Some(Self {
            subject: distinguished_name::of_certificate(certificate.subject())?,
            names: names.filter_map(name).collect(),
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
        let has = |name: &Name| self.names.contains(name);
        if let Some(subject) = &metadata.tls_client_auth_subject_dn {
            return distinguished_name::parse(subject).is_some_and(|subject| subject == self.subject);
        }
        if let Some(dns) = &metadata.tls_client_auth_san_dns {
            return has(&Name::Dns(dns.to_ascii_lowercase().into()));
        }
        if let Some(uri) = &metadata.tls_client_auth_san_uri {
            return has(&Name::Uri(uri.as_str().into()));
        }
        if let Some(email) = &metadata.tls_client_auth_san_email {
            return has(&Name::Email(email.as_str().into()));
        }
        let ip = metadata.tls_client_auth_san_ip.as_deref().and_then(|ip| ip.parse().ok());
        ip.is_some_and(|ip| has(&Name::Ip(ip)))
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

/// What those who end TLS before the authority can tell it of its clients' certificates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CertificatesSeen {
    /// Nothing.
    #[default]
    None,
    /// Who holds which; nobody says which certificate authorities are trusted.
    SelfSigned,
    /// That, and whom a trusted authority signed for.
    Verified,
}

impl CertificatesSeen {
    /// The ways to authenticate that this allows.
    pub const fn methods(self) -> &'static [TokenEndpointAuthMethod] {
        use TokenEndpointAuthMethod::{SelfSignedTlsClientAuth, TlsClientAuth};
        match self {
            Self::None => &[],
            Self::SelfSigned => &[SelfSignedTlsClientAuth],
            Self::Verified => &[TlsClientAuth, SelfSignedTlsClientAuth],
        }
    }
}

impl Authority {
    /// Says what can be known of clients' certificates. What is said first stays; until then nothing is.
    pub fn see_certificates(&self, seen: CertificatesSeen) {
        let _ = self.certificates.set(seen);
    }

    /// What can be known of clients' certificates.
    pub fn certificates_seen(&self) -> CertificatesSeen {
        self.certificates.get().copied().unwrap_or_default()
    }

    /// Trusts these roots, and none before, to sign certificates of clients whose TLS ends here. Setting `tls.client_roots`.
    pub fn trust_client_roots(&self, roots: TrustRoots) {
        self.client_roots.store(Some(Arc::new(roots)));
    }
}

fn name(name: &GeneralName<'_>) -> Option<Name> {
    match name {
        GeneralName::DNSName(dns) => Some(Name::Dns(dns.to_ascii_lowercase().into())),
        GeneralName::URI(uri) => Some(Name::Uri((*uri).into())),
        GeneralName::RFC822Name(email) => Some(Name::Email((*email).into())),
        GeneralName::IPAddress(bytes) => {
            let v4 = <[u8; 4]>::try_from(*bytes).map(IpAddr::from);
            v4.or_else(|_| <[u8; 16]>::try_from(*bytes).map(IpAddr::from)).ok().map(Name::Ip)
        }
        _ => None,
    }
}
