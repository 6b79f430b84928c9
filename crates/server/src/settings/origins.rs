//! Origins (RFC 6454): whose scripts may use the token API.

use http::HeaderValue;

/// The origins whose scripts may use the token API, besides the authority's own, which always may. Setting
/// `token_api.origins`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origins {
    /// These; none by default.
    Listed(Vec<Origin>),
    /// Every origin.
    Every,
}

/// An origin as browsers write it: `https://app.example.com`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin(Box<str>);

/// Why a text is not a list of origins.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OriginError {
    /// The text is not an origin.
    #[error(
        "{0:?} is not an origin: write the scheme, the host and, if it is not the default, the port, such as https://app.example.com"
    )]
    Malformed(Box<str>),
    /// The text contains more than an origin.
    #[error(
        "{0:?} is more than an origin: remove everything after the host and the port, including the slash"
    )]
    Path(Box<str>),
    /// The host contains characters outside ASCII.
    #[error(
        "{0:?} has a host that is not ASCII: write it as browsers send it, such as https://xn--mnchen-3ya.example"
    )]
    NotAscii(Box<str>),
    /// The text contains `*`.
    #[error("{0:?} is a pattern: name each origin, or write * alone for every origin")]
    Pattern(Box<str>),
    /// `*` is combined with others.
    #[error("* means every origin: remove the others")]
    EveryAndOthers,
}

impl Default for Origins {
    fn default() -> Self {
        Self::Listed(Vec::new())
    }
}

impl Origins {
    /// Parses a list of origins, or `*` alone.
    ///
    /// # Errors
    /// [`OriginError`] for the first text that is not an origin.
    pub fn parse<'t>(texts: impl IntoIterator<Item = &'t str>) -> Result<Self, OriginError> {
        let texts: Vec<_> = texts.into_iter().collect();
        match texts.as_slice() {
            ["*"] => Ok(Self::Every),
            texts if texts.contains(&"*") => Err(OriginError::EveryAndOthers),
            texts => texts.iter().map(|text| Origin::parse(text)).collect::<Result<_, _>>().map(Self::Listed),
        }
    }

    /// Whether the scripts of an origin may use the token API.
    pub fn allow(&self, origin: &HeaderValue) -> bool {
        match self {
            Self::Every => true,
            Self::Listed(listed) => listed.iter().any(|listed| listed.0.as_bytes() == origin.as_bytes()),
        }
    }
}

impl Origin {
    /// Parses an origin: of the web, of an application with its own browser (`capacitor://localhost`), or `null`,
    /// which pages from a file have.
    ///
    /// Case and default port are normalised as browsers do.
    ///
    /// # Errors
    /// [`OriginError`] says what is wrong.
    pub fn parse(text: &str) -> Result<Self, OriginError> {
        let malformed = || OriginError::Malformed(text.into());
        if text == "null" {
            return Ok(Self(text.into()));
        }
        if text.contains('*') {
            return Err(OriginError::Pattern(text.into()));
        }
        let (scheme, rest) = text.split_once("://").ok_or_else(malformed)?;
        let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
        if !is_scheme {
            return Err(malformed());
        }
        if rest.contains(['/', '?', '#']) {
            return Err(OriginError::Path(text.into()));
        }
        if !rest.is_ascii() {
            return Err(OriginError::NotAscii(text.into()));
        }
        let authority: http::uri::Authority = rest.parse().map_err(|_| malformed())?;
        // A port that is none, such as 99999, is left out as if there were none.
        let has_bad_port = authority.port().is_none() && rest.len() > authority.host().len();
        let has_bad_port = has_bad_port || rest.contains('@');
        if authority.host().is_empty() || has_bad_port {
            return Err(malformed());
        }
        let (scheme, host) = (scheme.to_ascii_lowercase(), authority.host().to_ascii_lowercase());
        let default = match &*scheme {
            "https" => Some(443),
            "http" => Some(80),
            _ => None,
        };
        let port = match authority.port() {
            None => None,
            Some(port) => Some(port.as_str().parse::<u16>().map_err(|_| malformed())?),
        };
        Ok(Self(match port.filter(|port| Some(*port) != default) {
            Some(port) => format!("{scheme}://{host}:{port}").into(),
            None => format!("{scheme}://{host}").into(),
        }))
    }

    /// The origin, as browsers write it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_written_as_browsers_write_it() {
        for (text, written) in [
            ("https://app.example.com", "https://app.example.com"),
            ("HTTPS://App.Example.com:443", "https://app.example.com"),
            ("http://localhost:5173", "http://localhost:5173"),
            ("http://localhost:80", "http://localhost"),
            ("http://[::1]:3000", "http://[::1]:3000"),
            ("https://xn--mnchen-3ya.example:8443", "https://xn--mnchen-3ya.example:8443"),
            ("capacitor://localhost", "capacitor://localhost"),
            ("null", "null"),
        ] {
            assert_eq!(Origin::parse(text).as_ref().map(Origin::as_str), Ok(written), "{text}");
        }
    }

    #[test]
    fn what_browsers_never_send_as_an_origin_is_refused() {
        let kind =
            |text: &str| Origins::parse(text.split(',').map(str::trim)).map_err(|error| error.to_string());
        for (text, said) in [
            ("https://app.example.com/", "more than an origin"),
            ("https://app.example.com/login", "more than an origin"),
            ("https://app.example.com?x", "more than an origin"),
            ("app.example.com", "not an origin"),
            ("https://", "not an origin"),
            ("https://app.example.com:", "not an origin"),
            ("https://app.example.com:99999", "not an origin"),
            ("https://ada@app.example.com", "not an origin"),
            ("1https://app.example.com", "not an origin"),
            ("https://*.example.com", "is a pattern"),
            ("https://münchen.example", "not ASCII"),
            ("*, https://app.example.com", "remove the others"),
        ] {
            let refused = kind(text).expect_err(text);
            assert!(refused.contains(said), "{text}: {refused}");
        }
        assert_eq!(kind("*"), Ok(Origins::Every));
    }
}
