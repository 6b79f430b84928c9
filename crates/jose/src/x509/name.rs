//! Whose certificate is wanted.

use std::net::IpAddr;

use rustls_pki_types::ServerName;
use webpki::EndEntityCert;

use crate::material::CertificateError;

/// The name that a certificate must be for: one of its subject alternative names (RFC 5280 §4.2.1.6). The common name of old
/// does not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateName(Wanted);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Wanted {
    Dns(Box<str>),
    Ip(IpAddr),
    Uri(Box<str>),
    Any,
}

impl CertificateName {
    /// This host name. A certificate for `*.example` is for `host.example` too.
    #[must_use]
    pub fn dns(name: impl Into<String>) -> Self {
        Self(Wanted::Dns(name.into().into()))
    }

    /// This address.
    #[must_use]
    pub fn ip(address: IpAddr) -> Self {
        Self(Wanted::Ip(address))
    }

    /// This URI, compared exactly.
    #[must_use]
    pub fn uri(uri: impl Into<String>) -> Self {
        Self(Wanted::Uri(uri.into().into()))
    }

    /// Any name. Anyone with a certificate from one of the roots may then sign: suitable for roots that certify only
    /// the expected signers, never for those that the web trusts.
    #[must_use]
    pub fn any() -> Self {
        Self(Wanted::Any)
    }

    pub(super) fn check(&self, certificate: &EndEntityCert<'_>) -> Result<(), CertificateError> {
        let fits = match &self.0 {
            Wanted::Any => true,
            Wanted::Dns(name) => ServerName::try_from(&**name).is_ok_and(|name| {
                matches!(name, ServerName::DnsName(_))
                    && certificate.verify_is_valid_for_subject_name(&name).is_ok()
            }),
            Wanted::Ip(address) => {
                certificate.verify_is_valid_for_subject_name(&ServerName::from(*address)).is_ok()
            }
            Wanted::Uri(uri) => certificate.valid_uri_names().any(|name| name == &**uri),
        };
        if fits { Ok(()) } else { Err(CertificateError::NameMismatch) }
    }
}
