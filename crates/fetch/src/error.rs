//! Why a document could not be fetched.

use std::net::IpAddr;
use std::time::Duration;

use jeton_jose::KeyError;

use crate::url::RemoteUrlError;

/// Why a document could not be fetched, or a form posted. Nothing of the answer is in the text, but the issuer that metadata name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// The URL may not be fetched.
    #[error(transparent)]
    Url(#[from] RemoteUrlError),
    /// Plain http leads to another machine.
    #[error(
        "plain http is for this machine alone, and has to be allowed even there (fetch.allow of an authority: loopback)"
    )]
    PlainHttp,
    /// The host has no address.
    #[error("the host has no address")]
    HostUnknown,
    /// Every address of the host is of a kind that is not allowed.
    #[error("the address {address} is not allowed: it is private, local or reserved")]
    AddressRefused {
        /// The last one that was looked at.
        address: IpAddr,
    },
    /// No connection came about.
    #[error("no connection to the host: {kind}")]
    Connection {
        /// What kind of failure.
        kind: std::io::ErrorKind,
    },
    /// TLS failed: the certificate does not verify, most often.
    #[error("no TLS connection to the host: {reason}")]
    Tls {
        /// In rustls's words.
        reason: Box<str>,
    },
    /// There is no certificate authority to trust at all.
    #[error("no trusted root certificates")]
    NoTrustedRoots,
    /// The host does not speak HTTP, or broke off.
    #[error("the host closed the connection, or its response is not HTTP")]
    Http,
    /// The answer is a redirect. None is followed.
    #[error("the host answered with a redirect ({status}), which is not followed")]
    Redirected {
        /// Its status.
        status: u16,
    },
    /// The answer is not 200.
    #[error("the host answered {status}")]
    Status {
        /// Its status.
        status: u16,
    },
    /// The answer is encoded, which was not asked for.
    #[error("the response is compressed, which was not requested")]
    Encoded,
    /// The answer is of another media type than was asked for.
    #[error("the response's media type is not JSON")]
    MediaType,
    /// The answer is too large.
    #[error("the response is larger than {limit} bytes")]
    TooLarge {
        /// What is allowed.
        limit: usize,
    },
    /// It took too long, all in all.
    #[error("it took longer than {limit:?}")]
    Timeout {
        /// What is allowed.
        limit: Duration,
    },
    /// The JWK Set is malformed, or holds what it must not.
    #[error("the JWK Set was refused: {0}")]
    Keys(#[from] KeyError),
    /// The JWK Set holds no key that can be used. It takes the place of no other set.
    #[error("the JWK Set contains no usable key")]
    NoUsableKey,
    /// The issuer's metadata are malformed.
    #[error("the issuer's metadata is malformed")]
    MetadataMalformed,
    /// The metadata are another issuer's (RFC 8414 §3.3).
    #[error("the metadata names the issuer {found:?}, expected {wanted:?}")]
    IssuerMismatch {
        /// The issuer whose metadata they should be.
        wanted: Box<str>,
        /// The issuer that they name, at most 256 characters of it.
        found: Box<str>,
    },
    /// There is no tokio runtime to fetch in, or it shut down meanwhile.
    #[error("no tokio runtime")]
    NoRuntime,
}

impl FetchError {
    /// The stable name of this error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Url(error) => error.code(),
            Self::PlainHttp => "fetch_plain_http",
            Self::HostUnknown => "fetch_host_unknown",
            Self::AddressRefused { .. } => "fetch_address_refused",
            Self::Connection { .. } => "fetch_connection",
            Self::Tls { .. } => "fetch_tls",
            Self::NoTrustedRoots => "fetch_no_trusted_roots",
            Self::Http => "fetch_http",
            Self::Redirected { .. } => "fetch_redirected",
            Self::Status { .. } => "fetch_status",
            Self::Encoded => "fetch_encoded",
            Self::MediaType => "fetch_media_type",
            Self::TooLarge { .. } => "fetch_too_large",
            Self::Timeout { .. } => "fetch_timeout",
            Self::Keys(error) => error.code(),
            Self::NoUsableKey => "fetch_no_usable_key",
            Self::MetadataMalformed => "metadata_malformed",
            Self::IssuerMismatch { .. } => "metadata_issuer_mismatch",
            Self::NoRuntime => "fetch_no_runtime",
        }
    }
}
