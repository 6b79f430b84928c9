//! The URL of a document to fetch: https, or http to this machine.

use std::fmt;
use std::str::FromStr;

use http::Uri;
use http::uri::{PathAndQuery, Scheme};

/// A URL that may be fetched: `https`, or `http` for loopback addresses only. It has a host, and neither user
/// information nor a fragment.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct RemoteUrl(Uri);

/// Why a text is not a URL that may be fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RemoteUrlError {
    /// The text is not a URL with a scheme and a host, or is too long.
    #[error("not an absolute URL")]
    Malformed,
    /// The scheme is neither `https` nor `http`.
    #[error("the scheme of the URL is neither https nor http")]
    Scheme,
    /// The URL contains user information, which is often a password, or a fragment, which is never sent.
    #[error("the URL contains user information or a fragment")]
    Parts,
}

impl RemoteUrlError {
    /// The stable name of this error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Malformed => "url_malformed",
            Self::Scheme => "url_scheme",
            Self::Parts => "url_parts",
        }
    }
}

impl RemoteUrl {
    /// Parses a URL.
    ///
    /// # Errors
    /// [`RemoteUrlError`] if the URL may never be fetched, whatever its host resolves to.
    pub fn parse(text: &str) -> Result<Self, RemoteUrlError> {
        if text.contains('#') {
            return Err(RemoteUrlError::Parts);
        }
        let uri: Uri = text.parse().map_err(|_| RemoteUrlError::Malformed)?;
        match uri.scheme() {
            Some(scheme) if *scheme == Scheme::HTTPS || *scheme == Scheme::HTTP => {}
            Some(_) => return Err(RemoteUrlError::Scheme),
            None => return Err(RemoteUrlError::Malformed),
        }
        let authority = uri.authority().ok_or(RemoteUrlError::Malformed)?;
        if authority.as_str().contains('@') {
            return Err(RemoteUrlError::Parts);
        }
        // `Uri` takes a port that is no number, or too large, for none at all.
        let port = authority.as_str().strip_prefix(authority.host()).ok_or(RemoteUrlError::Malformed)?;
        if authority.host().is_empty() || !(port.is_empty() || authority.port_u16().is_some()) {
            return Err(RemoteUrlError::Malformed);
        }
        Ok(Self(uri))
    }

    /// Whether the URL uses TLS.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.0.scheme() == Some(&Scheme::HTTPS)
    }

    /// The host: a name, or an address without the brackets of IPv6.
    #[must_use]
    pub fn host(&self) -> &str {
        self.0.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']')
    }

    /// The port, or the default port of the scheme.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.0.port_u16().unwrap_or(if self.is_https() { 443 } else { 80 })
    }

    /// The host with its port, as in the `Host` header.
    pub(crate) fn authority(&self) -> &str {
        self.0.authority().map(http::uri::Authority::as_str).unwrap_or_default()
    }

    /// The request target: path and query.
    pub(crate) fn path_and_query(&self) -> &str {
        self.0.path_and_query().map_or("/", PathAndQuery::as_str)
    }
}

impl FromStr for RemoteUrl {
    type Err = RemoteUrlError;

    fn from_str(text: &str) -> Result<Self, RemoteUrlError> {
        Self::parse(text)
    }
}

impl fmt::Display for RemoteUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for RemoteUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RemoteUrl({})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_and_http_with_a_host_may_be_fetched() {
        for (text, error) in [
            ("https://auth.example/jwks.json", None),
            ("https://auth.example:8443", None),
            ("https://[2606:2800::1]:8443/jwks", None),
            ("http://localhost:8000/jwks", None),
            ("HTTPS://auth.example/", None),
            ("file:///etc/passwd", Some(RemoteUrlError::Malformed)),
            ("ftp://auth.example/jwks", Some(RemoteUrlError::Scheme)),
            ("data:application/json,{}", Some(RemoteUrlError::Malformed)),
            ("gopher://127.0.0.1:25/", Some(RemoteUrlError::Scheme)),
            ("/jwks.json", Some(RemoteUrlError::Malformed)),
            ("auth.example", Some(RemoteUrlError::Malformed)),
            ("", Some(RemoteUrlError::Malformed)),
            ("https://", Some(RemoteUrlError::Malformed)),
            ("https:///jwks", Some(RemoteUrlError::Malformed)),
            ("https://auth.example:/jwks", Some(RemoteUrlError::Malformed)),
            ("https://auth.example:65536/jwks", Some(RemoteUrlError::Malformed)),
            ("https://auth.example:port/jwks", Some(RemoteUrlError::Malformed)),
            ("https://user:secret@auth.example/jwks", Some(RemoteUrlError::Parts)),
            ("https://auth.example@127.0.0.1/jwks", Some(RemoteUrlError::Parts)),
            ("https://auth.example/jwks#keys", Some(RemoteUrlError::Parts)),
            ("https://auth.example/a b", Some(RemoteUrlError::Malformed)),
            ("https://auth.example/\r\nHost: evil", Some(RemoteUrlError::Malformed)),
        ] {
            assert_eq!(RemoteUrl::parse(text).err(), error, "{text:?}");
        }
    }

    #[test]
    fn the_parts_of_a_url_are_what_is_connected_to_and_asked_for() {
        let url = RemoteUrl::parse("https://[::1]/keys?v=2").expect("a URL");
        assert_eq!((url.host(), url.port(), url.authority()), ("::1", 443, "[::1]"));
        assert_eq!(url.path_and_query(), "/keys?v=2");
        let url = RemoteUrl::parse("http://localhost:8000").expect("a URL");
        assert_eq!((url.host(), url.port(), url.path_and_query()), ("localhost", 8000, "/"));
    }
}
