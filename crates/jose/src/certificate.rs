//! Chains of certificates, as a key's owner shows them.

use std::fmt;
use std::sync::Arc;

use base64_turbo::STANDARD;
use rustls_pki_types::CertificateDer;

use crate::base64url;
use crate::crypto;
use crate::encoding::certificate::Certificate;
use crate::encoding::pem;
use crate::json::Value;
use crate::material::{CertificateError, KeyError, Public};

/// A certificate for a key, and those that lead from it towards a root: what `x5c` holds (RFC 7515 §4.1.6).
///
/// **Nothing is verified**: anybody can have made them. A [`Verifier`](crate::x509::Verifier) tells whether they lead to a root.
/// Cloning is cheap.
#[derive(Clone, PartialEq, Eq)]
pub struct CertificateChain {
    /// The first is for the key.
    certificates: Arc<[CertificateDer<'static>]>,
    key: Arc<Public>,
}

impl CertificateChain {
    /// The most certificates that a chain may have.
    pub const MAX_CERTIFICATES: usize = 8;
    /// The longest certificate (bytes of its DER): one of ML-DSA-87 for a key of ML-DSA-87 takes half of it.
    pub const MAX_CERTIFICATE_LEN: usize = 16 * 1024;

    /// Takes the certificates of a PEM text in their order: first the one for the key, then the one that certifies it, and so
    /// on. The root may be left out.
    ///
    /// # Errors
    /// [`KeyError::Pem`] where the text holds something else; [`KeyError::Certificate`] where there are none or too many, or
    /// one is malformed; others where the first one's key is refused.
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        Self::from_der(certificates_of(text)?)
    }

    /// Takes certificates in DER, in the same order.
    ///
    /// # Errors
    /// As [`CertificateChain::from_pem`].
    pub fn from_der<D: Into<Vec<u8>>>(certificates: impl IntoIterator<Item = D>) -> Result<Self, KeyError> {
        let mut key = None;
        let mut list = Vec::new();
        for der in certificates {
            if list.len() == Self::MAX_CERTIFICATES {
                return Err(CertificateError::ChainLength { limit: Self::MAX_CERTIFICATES }.into());
            }
            let der = der.into();
            check_len(&der)?;
            let certificate = Certificate::parse(&der).map_err(|_| CertificateError::Malformed)?;
            if key.is_none() {
                key = Some(certificate.public_key()?);
            }
            list.push(CertificateDer::from(der));
        }
        let key = key.ok_or(CertificateError::ChainLength { limit: Self::MAX_CERTIFICATES })?;
        Ok(Self { certificates: list.into(), key: Arc::new(key) })
    }

    /// Reads `x5c`, and sees that `x5t#S256` fits it. Other than everything else in JOSE, `x5c` is in plain base64 with padding.
    /// The SHA-1 thumbprint `x5t` is never read.
    ///
    /// The outer error is about the JSON, and names the member.
    pub(crate) fn from_members(
        object: Value<'_, '_>,
    ) -> Result<Result<Option<Self>, KeyError>, MalformedMember> {
        let thumbprint = thumbprint(object)?;
        let Some(member) = object.get("x5c") else { return Ok(Ok(None)) };
        let malformed = MalformedMember("x5c");
        let mut certificates = vec![];
        for element in member.elements().ok_or(malformed)? {
            let text = element.as_str().ok_or(malformed)?;
            if certificates.len() == Self::MAX_CERTIFICATES || text.len() > 2 * Self::MAX_CERTIFICATE_LEN {
                return Err(malformed);
            }
            certificates.push(STANDARD.decode(text.as_bytes()).map_err(|_| malformed)?);
        }
        if certificates.is_empty() {
            return Err(malformed);
        }
        let chain = Self::from_der(certificates).and_then(|chain| match thumbprint {
            Some(thumbprint) if thumbprint != chain.sha256() => {
                Err(CertificateError::ThumbprintMismatch.into())
            }
            _ => Ok(Some(chain)),
        });
        Ok(chain)
    }

    /// The DER of the certificates, in their order.
    pub fn der(&self) -> impl Iterator<Item = &[u8]> {
        self.certificates.iter().map(AsRef::as_ref)
    }

    /// The SHA-256 thumbprint of the first certificate in base64url: `x5t#S256` (RFC 7515 §4.1.8).
    #[must_use]
    pub fn thumbprint(&self) -> String {
        base64url::encode(self.sha256())
    }

    /// The certificates in plain base64: `x5c`.
    pub(crate) fn x5c(&self) -> Vec<String> {
        self.der().map(|der| STANDARD.encode(der)).collect()
    }

    /// Refuses to vouch for any key but that of the first certificate.
    pub(crate) fn check_key(&self, key: &Public) -> Result<(), KeyError> {
        if *self.key == *key { Ok(()) } else { Err(CertificateError::KeyMismatch.into()) }
    }

    pub(crate) fn split(&self) -> Option<(&CertificateDer<'static>, &[CertificateDer<'static>])> {
        self.certificates.split_first()
    }

    fn sha256(&self) -> [u8; 32] {
        self.der().next().map_or([0; 32], crypto::sha256)
    }
}

impl fmt::Debug for CertificateChain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CertificateChain")
            .field("certificates", &self.certificates.len())
            .field("thumbprint", &self.thumbprint())
            .finish()
    }
}

/// A member of a key or header that has the wrong form.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MalformedMember(pub(crate) &'static str);

/// Reads `x5t#S256`. The SHA-1 thumbprint `x5t` is never read.
pub(crate) fn thumbprint(object: Value<'_, '_>) -> Result<Option<[u8; 32]>, MalformedMember> {
    const NAME: &str = "x5t#S256";
    let malformed = MalformedMember(NAME);
    let Some(value) = object.get(NAME) else { return Ok(None) };
    let text = value.as_str().ok_or(malformed)?;
    let sha256 = base64url::decode(text.as_bytes()).map_err(|_| malformed)?;
    sha256.try_into().map(Some).map_err(|_| malformed)
}

/// The certificates of a PEM text. Whatever else it holds is refused: a private key does not belong among them.
pub(crate) fn certificates_of(text: &str) -> Result<Vec<Vec<u8>>, KeyError> {
    let mut certificates = vec![];
    let mut rest = text;
    while rest.contains("-----BEGIN ") {
        let (block, after) = pem::read(rest)?;
        if block.label != "CERTIFICATE" {
            return Err(KeyError::Pem);
        }
        check_len(&block.der)?;
        certificates.push(block.der.to_vec());
        rest = after;
    }
    if certificates.is_empty() { Err(KeyError::Pem) } else { Ok(certificates) }
}

pub(crate) fn check_len(der: &[u8]) -> Result<(), CertificateError> {
    let limit = CertificateChain::MAX_CERTIFICATE_LEN;
    if der.len() > limit { Err(CertificateError::TooLarge { limit }) } else { Ok(()) }
}
