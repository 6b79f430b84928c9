//! Why a certificate cannot be used.

use std::io;
use std::path::{Path, PathBuf};

use jeton_jose::KeyError;

/// Why the server's certificate, its key, or the roots of its clients cannot be used. The text contains nothing of a
/// key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A file cannot be read.
    #[error("{} cannot be read: {error}", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// The error.
        error: io::Error,
    },
    /// A file is larger than allowed.
    #[error("{} is longer than {limit} bytes", file.display())]
    TooLarge {
        /// The file.
        file: PathBuf,
        /// The limit.
        limit: usize,
    },
    /// The certificate file contains no certificate.
    #[error("{} contains no certificate in PEM", file.display())]
    NoCertificate {
        /// The file.
        file: PathBuf,
    },
    /// A certificate is malformed.
    #[error("{} contains a certificate that cannot be read", file.display())]
    CertificateMalformed {
        /// The file.
        file: PathBuf,
    },
    /// The key file contains no private key, or an encrypted one.
    #[error("{} contains no unencrypted private key in PEM", file.display())]
    NoKey {
        /// The file.
        file: PathBuf,
    },
    /// TLS does not support this type of key.
    #[error("the key in {} cannot be used: {reason}", file.display())]
    KeyUnusable {
        /// The file.
        file: PathBuf,
        /// rustls's description.
        reason: Box<str>,
    },
    /// The key does not belong to the certificate.
    #[error("the certificate in {} does not match the key in {}", certificate.display(), key.display())]
    KeyMismatch {
        /// The certificate file.
        certificate: PathBuf,
        /// The key file.
        key: PathBuf,
    },
    /// The roots of client certificates cannot be used.
    #[error("{}: {error}", file.display())]
    ClientRoots {
        /// The file.
        file: PathBuf,
        /// The error.
        error: KeyError,
    },
    /// The TLS library refuses the configuration.
    #[error("TLS cannot be set up: {reason}")]
    Setup {
        /// rustls's description.
        reason: Box<str>,
    },
}

impl TlsError {
    /// The file with the error, if there is one.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::Unreadable { file, .. }
            | Self::TooLarge { file, .. }
            | Self::NoCertificate { file }
            | Self::CertificateMalformed { file }
            | Self::NoKey { file }
            | Self::KeyUnusable { file, .. }
            | Self::ClientRoots { file, .. }
            | Self::KeyMismatch { certificate: file, .. } => Some(file),
            Self::Setup { .. } => None,
        }
    }

    /// The stable name of this error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "tls_file_unreadable",
            Self::TooLarge { .. } => "tls_file_too_large",
            Self::NoCertificate { .. } => "tls_certificate_missing",
            Self::CertificateMalformed { .. } => "tls_certificate_malformed",
            Self::NoKey { .. } => "tls_key_missing",
            Self::KeyUnusable { .. } => "tls_key_unusable",
            Self::KeyMismatch { .. } => "tls_key_mismatch",
            Self::ClientRoots { .. } => "tls_client_roots_unusable",
            Self::Setup { .. } => "tls_setup_failed",
        }
    }
}
