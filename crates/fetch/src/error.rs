//! Why a document could not be fetched.

use std::net::IpAddr;
use std::time::Duration;

use jeton_jose::KeyError;

use crate::url::RemoteUrlError;

/// Why a document could not be fetched, or a form not posted. The text contains nothing of the response except the
/// issuer in its metadata.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// The URL may not be fetched.
    #[error(transparent)]
    Url(#[from] RemoteUrlError),
    /// The URL uses plain http to another machine.
    #[error(
        "plain http is for this machine alone, and has to be allowed even there (fetch.allow of an authority: loopback)"
    )]
    PlainHttp,
    /// The host has no address.
    #[error("the host has no address")]
    HostUnknown,
    /// No address of the host is allowed.
    #[error("the address {address} is not allowed: it is private, local or reserved")]
    AddressRefused {
        /// The last address that was checked.
        address: IpAddr,
    },
    /// The connection failed.
    #[error("no connection to the host: {kind}")]
    Connection {
        /// The kind of failure.
        kind: std::io::ErrorKind,
    },
    /// TLS failed, usually because the certificate could not be verified.
    #[error("no TLS connection to the host: {reason}")]
    Tls {
        /// rustls's description.
        reason: Box<str>,
    },
    /// There are no trusted root certificates.
    #[error("no trusted root certificates")]
    NoTrustedRoots,
    /// The host does not speak HTTP, or closed the connection.
    #[error("the host closed the connection, or its response is not HTTP")]
    Http,
    /// The response is a redirect, which is never followed.
    #[error("the host answered with a redirect ({status}), which is not followed")]
    Redirected {
        /// The status.
        status: u16,
    },
    /// The status of the response is not 200.
    #[error("the host answered {status}")]
    Status {
        /// The status.
        status: u16,
    },
    /// The response is compressed, although the request did not allow it.
    #[error("the response is compressed, which was not requested")]
    Encoded,
    /// The response has another media type than requested.
    #[error("the response is of another media type than was requested")]
    MediaType,
    /// The response is too large.
    #[error("the response is larger than {limit} bytes")]
    TooLarge {
        /// The limit.
        limit: usize,
    },
    /// The fetch took too long in total.
    #[error("it took longer than {limit:?}")]
    Timeout {
        /// The limit.
        limit: Duration,
    },
    /// The JWK Set is malformed, or contains forbidden keys.
    #[error("the JWK Set was refused: {0}")]
    Keys(#[from] KeyError),
    /// The JWK Set contains no usable key. It replaces no other set.
    #[error("the JWK Set contains no usable key")]
    NoUsableKey,
    /// The issuer's metadata are malformed.
    #[error("the issuer's metadata is malformed")]
    MetadataMalformed,
    /// The metadata name another issuer (RFC 8414 §3.3).
    #[error("the metadata names the issuer {found:?}, expected {wanted:?}")]
    IssuerMismatch {
        /// The expected issuer.
        wanted: Box<str>,
        /// The issuer in the metadata, at most 256 characters of it.
        found: Box<str>,
    },
    /// The issuer's metadata name no revocation feed.
    #[error("the issuer's metadata names no revocation feed")]
    NoFeed,
    /// There is no tokio runtime to fetch in, or it has shut down.
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
            Self::NoFeed => "metadata_without_feed",
            Self::NoRuntime => "fetch_no_runtime",
        }
    }
}
