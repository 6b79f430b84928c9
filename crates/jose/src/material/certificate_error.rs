//! Why a certificate was refused.

use crate::timestamp::Timestamp;

/// Why a certificate, or a chain of them, was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// The bytes are not the DER of a certificate, or say critical things that are not understood.
    #[error("malformed or unsupported certificate")]
    Malformed,
    /// A certificate is too large.
    #[error("a certificate is longer than {limit} bytes")]
    TooLarge {
        /// What is allowed.
        limit: usize,
    },
    /// The chain has no certificate, or too many.
    #[error("a certificate chain must have 1 to {limit} certificates")]
    ChainLength {
        /// What is allowed.
        limit: usize,
    },
    /// There are no certificates to trust.
    #[error("no root certificate is given")]
    NoRoots,
    /// The first certificate of the chain is for another key (RFC 7517 §4.7).
    #[error("the certificate is for another key")]
    KeyMismatch,
    /// `x5t#S256` is the thumbprint of another certificate (RFC 7517 §4.9).
    #[error("the thumbprint does not match the certificate")]
    ThumbprintMismatch,
    /// The chain does not lead to a root that is trusted, a signature in it is wrong, or one of its certificates does not
    /// allow the next (RFC 5280 §6).
    #[error("the certificate does not lead to a trusted root")]
    Untrusted,
    /// A certificate of the chain has expired.
    #[error("a certificate expired at {not_after}, now is {now}")]
    Expired {
        /// When it expired.
        not_after: Timestamp,
        /// The time of the check.
        now: Timestamp,
    },
    /// A certificate of the chain is not valid yet.
    #[error("a certificate is not valid before {not_before}, now is {now}")]
    NotYetValid {
        /// When it begins to be valid.
        not_before: Timestamp,
        /// The time of the check.
        now: Timestamp,
    },
    /// Key usage or extended key usage forbid it to sign (RFC 5280 §4.2.1.3, §4.2.1.12).
    #[error("the certificate is not valid for this purpose")]
    Purpose,
    /// The certificate is for another name.
    #[error("the certificate is for another name")]
    NameMismatch,
}

impl CertificateError {
    /// The stable name of this error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Malformed => "certificate_malformed",
            Self::TooLarge { .. } => "certificate_too_large",
            Self::ChainLength { .. } => "certificate_chain_length",
            Self::NoRoots => "certificate_no_roots",
            Self::KeyMismatch => "certificate_key_mismatch",
            Self::ThumbprintMismatch => "certificate_thumbprint_mismatch",
            Self::Untrusted => "certificate_untrusted",
            Self::Expired { .. } => "certificate_expired",
            Self::NotYetValid { .. } => "certificate_not_yet_valid",
            Self::Purpose => "certificate_purpose",
            Self::NameMismatch => "certificate_name_mismatch",
        }
    }

    /// What it means when path validation fails so.
    pub(crate) fn of(error: &webpki::Error, now: Timestamp) -> Self {
        use webpki::Error as Cause;
        let time = |time: &rustls_pki_types::UnixTime| {
            Timestamp::from_unix(i64::try_from(time.as_secs()).unwrap_or(i64::MAX))
        };
        match error {
            Cause::CertExpired { not_after, .. } => Self::Expired { not_after: time(not_after), now },
            Cause::CertNotValidYet { not_before, .. } => {
                Self::NotYetValid { not_before: time(not_before), now }
            }
            Cause::CertNotValidForName(_) => Self::NameMismatch,
            Cause::RequiredEkuNotFoundContext(_) | Cause::EmptyEkuExtension => Self::Purpose,
            Cause::BadDer
            | Cause::BadDerTime
            | Cause::TrailingData(_)
            | Cause::ExtensionValueInvalid
            | Cause::InvalidCertValidity
            | Cause::InvalidSerialNumber
            | Cause::MalformedExtensions
            | Cause::SignatureAlgorithmMismatch
            | Cause::UnsupportedCertVersion
            | Cause::UnsupportedCriticalExtension => Self::Malformed,
            _ => Self::Untrusted,
        }
    }
}
