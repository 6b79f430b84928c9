//! Redirect URIs: where the response to an authorization request goes (RFC 6749 §3.1.2).

use std::fmt;

use serde::{Deserialize, Serialize};

/// A redirect URI in a registration or a request: absolute, without a fragment, at most [`RedirectUri::MAX_LEN`] bytes
/// of printable ASCII. It is compared as a string, character by character (RFC 9700 §2.1).
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RedirectUri(Box<str>);

/// Why a text is not a redirect URI.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RedirectUriError {
    /// The text is not an absolute URI of printable ASCII, or is too long.
    #[error(
        "a redirect URI must be an absolute URI of printable ASCII, at most {} bytes",
        RedirectUri::MAX_LEN
    )]
    Malformed,
    /// It has a fragment.
    #[error("a redirect URI must not have a fragment")]
    Fragment,
    /// It contains a username or a password.
    #[error("a redirect URI must not contain user information")]
    UserInformation,
    /// Its scheme runs something in the browser, or cannot belong to an app.
    #[error("the scheme of a redirect URI must be https, http (loopback only), or a private-use scheme")]
    Scheme,
    /// It uses plain http to another machine.
    #[error("a redirect URI must use https, or http with a loopback host")]
    PlainHttp,
}

impl RedirectUriError {
    /// The stable name of this error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Malformed => "redirect_uri_malformed",
            Self::Fragment => "redirect_uri_fragment",
            Self::UserInformation => "redirect_uri_user_information",
            Self::Scheme => "redirect_uri_scheme",
            Self::PlainHttp => "redirect_uri_plain_http",
        }
    }
}

impl RedirectUri {
    /// The longest redirect URI, in bytes.
    pub const MAX_LEN: usize = 2048;

    /// Parses a redirect URI.
    ///
    /// Accepts https with any host; http with a loopback address (RFC 8252 §7.3) or `localhost`; and private-use
    /// schemes (RFC 8252 §7.1), with or without a dot. Schemes with another meaning, such as `javascript` and `data`,
    /// are refused.
    ///
    /// # Errors
    /// [`RedirectUriError`] names the violated rule.
    pub fn parse(text: impl Into<Box<str>>) -> Result<Self, RedirectUriError> {
        let text = text.into();
        let printable = |byte: u8| byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte);
        if text.len() > Self::MAX_LEN || !text.bytes().all(printable) {
            return Err(RedirectUriError::Malformed);
        }
        if text.contains('#') {
            return Err(RedirectUriError::Fragment);
        }
        let (scheme, rest) = text.split_once(':').ok_or(RedirectUriError::Malformed)?;
        if !is_scheme(scheme) {
            return Err(RedirectUriError::Malformed);
        }
        match scheme {
            "https" | "http" => {
                let authority = authority(rest).ok_or(RedirectUriError::Malformed)?;
                if authority.contains('@') {
                    return Err(RedirectUriError::UserInformation);
                }
                let (host, port) = split_port(authority).ok_or(RedirectUriError::Malformed)?;
                if !is_host(host) || port.is_some_and(|port| port.parse::<u16>().is_err()) {
                    return Err(RedirectUriError::Malformed);
                }
                if scheme == "http" && !is_loopback(host) {
                    return Err(RedirectUriError::PlainHttp);
                }
            }
            own if Self::is_app_scheme(own) && !rest.is_empty() => {}
            _ => return Err(RedirectUriError::Scheme),
        }
        Ok(Self(text))
    }

    /// The text.
    #[must_use]
    pub const fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the response to a request that names `requested` may go to this registered URI: they must be the same
    /// text. Only the port of an http URI with a loopback address may differ (RFC 8252 §7.3), because the system
    /// assigns it.
    #[must_use]
    pub fn permits(&self, requested: &Self) -> bool {
        // `localhost` may be made to resolve elsewhere (RFC 8252 §8.3), so its port has to be the registered one.
        self.permits_port(requested, |host| matches!(host, "127.0.0.1" | "[::1]"))
    }

    /// The same for a native application (RFC 8252), which often names its loopback address `localhost`: it may listen
    /// on any free port there as well.
    #[must_use]
    pub fn permits_native(&self, requested: &Self) -> bool {
        self.permits_port(requested, |host| matches!(host, "127.0.0.1" | "[::1]" | "localhost"))
    }

    fn permits_port(&self, requested: &Self, may_differ: impl Fn(&str) -> bool) -> bool {
        let own = self.without_port().filter(|(host, _)| may_differ(host));
        self == requested || own.is_some() && own == requested.without_port()
    }

    /// The host of an http URI, and the part after its port.
    fn without_port(&self) -> Option<(&str, &str)> {
        let rest = self.0.strip_prefix("http:")?;
        let authority = authority(rest)?;
        let (host, _) = split_port(authority)?;
        Some((host, rest.get(2 + authority.len()..)?))
    }

    /// Whether an app may have this scheme (RFC 8252 §7.1). The standard recommends a reversed domain name, which has
    /// dots; many apps use a plain word.
    #[must_use]
    pub fn is_app_scheme(scheme: &str) -> bool {
        is_scheme(scheme) && !OTHER_SCHEMES.contains(&scheme) && !matches!(scheme, "http" | "https")
    }

    /// Its scheme.
    #[must_use]
    pub fn scheme(&self) -> &str {
        self.0.split_once(':').map_or("", |(scheme, _)| scheme)
    }

    /// The scheme, host and port of an http or https URI, as a browser writes an origin; for others, the scheme and a
    /// colon. A page's policy uses this to permit forms that lead there.
    #[must_use]
    pub fn origin(&self) -> &str {
        let (scheme, rest) = self.0.split_once(':').unwrap_or((&self.0, ""));
        let end = match authority(rest) {
            Some(authority) if matches!(scheme, "http" | "https") => scheme.len() + 3 + authority.len(),
            _ => scheme.len() + 1,
        };
        self.0.get(..end).unwrap_or(&self.0)
    }

    /// Whether it belongs to a native application (RFC 8252): a loopback address or a private-use scheme.
    #[must_use]
    pub fn is_native(&self) -> bool {
        !self.0.starts_with("https:")
    }

    /// The host of an http or https URI.
    #[must_use]
    pub fn host(&self) -> Option<&str> {
        let rest = self.0.strip_prefix("https:").or_else(|| self.0.strip_prefix("http:"))?;
        split_port(authority(rest)?).map(|(host, _)| host)
    }
}

impl TryFrom<String> for RedirectUri {
    type Error = RedirectUriError;

    fn try_from(text: String) -> Result<Self, RedirectUriError> {
        Self::parse(text)
    }
}

impl From<RedirectUri> for String {
    fn from(uri: RedirectUri) -> Self {
        uri.0.into()
    }
}

impl fmt::Display for RedirectUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for RedirectUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RedirectUri({})", self.0)
    }
}

/// The part between `//` and the path.
fn authority(after_scheme: &str) -> Option<&str> {
    let rest = after_scheme.strip_prefix("//")?;
    rest.split(['/', '?']).next()
}

fn split_port(authority: &str) -> Option<(&str, Option<&str>)> {
    if authority.starts_with('[') {
        let end = authority.find(']')? + 1;
        let (host, rest) = authority.split_at(end);
        return match rest.strip_prefix(':') {
            Some(port) => Some((host, Some(port))),
            None if rest.is_empty() => Some((host, None)),
            None => None,
        };
    }
    Some(match authority.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (authority, None),
    })
}

/// A name or an address, without characters that have another meaning elsewhere, such as in a page's policy.
fn is_host(host: &str) -> bool {
    match host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => {
            !host.is_empty()
                && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
        }
    }
}

/// Schemes without a dot that do not belong to an app: they run or show something in the browser, lead to another
/// service of the system, or are names instead of locations.
const OTHER_SCHEMES: [&str; 32] = [
    "about",
    "blob",
    "cid",
    "content",
    "data",
    "facetime",
    "feed",
    "file",
    "filesystem",
    "ftp",
    "ftps",
    "intent",
    "jar",
    "javascript",
    "livescript",
    "ldap",
    "ldaps",
    "mailto",
    "mid",
    "mocha",
    "news",
    "resource",
    "sftp",
    "sms",
    "ssh",
    "tel",
    "urn",
    "vbscript",
    "view-source",
    "ws",
    "wss",
    "wyciwyg",
];

fn is_scheme(text: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"+-.".contains(&byte);
    text.starts_with(|c: char| c.is_ascii_lowercase()) && text.bytes().all(letter)
}

/// `localhost` and names below it never leave the machine (RFC 6761 §6.3).
fn is_loopback(host: &str) -> bool {
    matches!(host, "127.0.0.1" | "[::1]" | "localhost") || host.ends_with(".localhost")
}
