//! Whom passkeys are for.

/// The relying party that passkeys are made for: the host of the issuer. Passkeys of one host are worth nothing at another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelyingParty {
    id: Box<str>,
    origin: Box<str>,
}

/// Why browsers make no passkeys for an issuer (Web Authentication §5.1.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoRelyingParty {
    /// The host is an IP address.
    #[error("its host is an IP address, and browsers make passkeys for names only")]
    IpAddress,
    /// Pages come without TLS.
    #[error("its pages come without TLS, and browsers make passkeys over https only, or for localhost")]
    Insecure,
}

impl RelyingParty {
    /// The relying party of an issuer.
    ///
    /// # Errors
    /// [`NoRelyingParty`] if browsers make no passkeys there.
    pub fn of(issuer: &str) -> Result<Self, NoRelyingParty> {
        let (scheme, rest) = issuer.split_once("://").unwrap_or(("https", issuer));
        let authority = rest.split('/').next().unwrap_or_default().to_ascii_lowercase();
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => (host, Some(port)),
            _ => (&*authority, None),
        };
        if host.starts_with('[') || host.parse::<std::net::Ipv4Addr>().is_ok() {
            return Err(NoRelyingParty::IpAddress);
        }
        if scheme != "https" && host != "localhost" && !host.ends_with(".localhost") {
            return Err(NoRelyingParty::Insecure);
        }
        // Browsers leave out the port that goes without saying.
        let said = port.filter(|port| !matches!((scheme, *port), ("https", "443") | ("http", "80")));
        let origin =
            said.map_or_else(|| format!("{scheme}://{host}"), |port| format!("{scheme}://{host}:{port}"));
        Ok(Self { id: host.into(), origin: origin.into() })
    }

    /// The relying party's identifier: the host.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The origin of the pages, as browsers write it.
    pub fn origin(&self) -> &str {
        &self.origin
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(issuer: &str) -> Result<(String, String), NoRelyingParty> {
        RelyingParty::of(issuer).map(|party| (party.id().to_owned(), party.origin().to_owned()))
    }

    #[test]
    fn it_is_the_host_of_the_issuer_and_ports_that_go_without_saying_are_not_said() {
        for (issuer, id, origin) in [
            ("https://auth.example", "auth.example", "https://auth.example"),
            ("https://Auth.Example:443/sso", "auth.example", "https://auth.example"),
            ("https://auth.example:8443", "auth.example", "https://auth.example:8443"),
            ("http://localhost:8000", "localhost", "http://localhost:8000"),
            ("http://localhost:80", "localhost", "http://localhost"),
            ("https://localhost:80", "localhost", "https://localhost:80"),
        ] {
            assert_eq!(of(issuer), Ok((id.to_owned(), origin.to_owned())), "{issuer}");
        }
    }

    #[test]
    fn addresses_and_pages_without_tls_have_none() {
        for issuer in ["https://127.0.0.1:8000", "http://10.0.0.1", "https://[::1]:8000", "https://[::1]"] {
            assert_eq!(of(issuer), Err(NoRelyingParty::IpAddress), "{issuer}");
        }
        assert_eq!(of("http://auth.example"), Err(NoRelyingParty::Insecure));
    }
}
