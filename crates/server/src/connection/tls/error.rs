//! Why a certificate cannot be used.

use std::io;
use std::path::{Path, PathBuf};

use jeton_jose::KeyError;

/// Why the certificate of the server, its key, or the roots of its clients cannot be used. Nothing of a key is in the text.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A file cannot be read.
    #[error("{} cannot be read: {error}", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// A file is larger than such a file may be.
    #[error("{} is longer than {limit} bytes", file.display())]
    TooLarge {
        /// The file.
        file: PathBuf,
        /// What is allowed.
        limit: usize,
    },
    /// The file of the certificate holds none.
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
    /// The file of the key holds none, or an encrypted one.
    #[error("{} contains no unencrypted private key in PEM", file.display())]
    NoKey {
        /// The file.
        file: PathBuf,
    },
    /// The key is of a kind that TLS cannot sign with.
    #[error("the key in {} cannot be used: {reason}", file.display())]
    KeyUnusable {
        /// The file.
        file: PathBuf,
        /// In rustls's words.
        reason: Box<str>,
    },
    /// The certificate is for another key.
    #[error("the certificate in {} does not match the key in {}", certificate.display(), key.display())]
    KeyMismatch {
        /// The file of the certificate.
        certificate: PathBuf,
        /// The file of the key.
        key: PathBuf,
    },
    /// The roots of clients cannot be used.
    #[error("{}: {error}", file.display())]
    ClientRoots {
        /// The file.
        file: PathBuf,
        /// Why.
        error: KeyError,
    },
    /// The library that speaks TLS refuses.
    #[error("TLS cannot be set up: {reason}")]
    Setup {
        /// In rustls's words.
        reason: Box<str>,
    },
}

impl TlsError {
    /// The file at fault, where it is one.
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
