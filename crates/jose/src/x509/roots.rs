//! The certificates where trust begins.

use std::fmt;
use std::sync::Arc;

use rustls_pki_types::{CertificateDer, TrustAnchor};

use crate::certificate::{certificates_of, check_len};
use crate::material::CertificateError;
use crate::material::KeyError;

/// The root certificates that a verifier trusts.
///
/// They are trusted because the caller gives them: their own signature and lifetime do not count (RFC 5280 §6.2). Cloning is
/// cheap.
#[derive(Clone)]
pub struct TrustRoots {
    anchors: Arc<[TrustAnchor<'static>]>,
}

impl TrustRoots {
    /// The most roots: several times what a system trusts.
    pub const MAX_ROOTS: usize = 1024;

    /// Trusts every certificate of this PEM text.
    ///
    /// # Errors
    /// [`KeyError::Pem`] if the text holds something else or nothing; [`KeyError::Certificate`] for a malformed one, or
    /// too many.
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        Ok(Self::from_der(certificates_of(text)?)?)
    }

    /// Trusts these certificates, each in DER.
    ///
    /// # Errors
    /// [`CertificateError::Malformed`], [`CertificateError::TooLarge`]; [`CertificateError::NoRoots`] if there is none,
    /// [`CertificateError::ChainLength`] if there are more than [`TrustRoots::MAX_ROOTS`].
    pub fn from_der<D: Into<Vec<u8>>>(
        certificates: impl IntoIterator<Item = D>,
    ) -> Result<Self, CertificateError> {
        let mut anchors = vec![];
        for der in certificates {
            if anchors.len() == Self::MAX_ROOTS {
                return Err(CertificateError::ChainLength { limit: Self::MAX_ROOTS });
            }
            let der = der.into();
            check_len(&der)?;
            let certificate = CertificateDer::from(der);
            let anchor = webpki::anchor_from_trusted_cert(&certificate);
            anchors.push(anchor.map_err(|_| CertificateError::Malformed)?.to_owned());
        }
        if anchors.is_empty() { Err(CertificateError::NoRoots) } else { Ok(Self { anchors: anchors.into() }) }
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.anchors.len()
    }

    pub(super) fn anchors(&self) -> &[TrustAnchor<'static>] {
        &self.anchors
    }
}

impl fmt::Debug for TrustRoots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TrustRoots").field("count", &self.count()).finish_non_exhaustive()
    }
}
