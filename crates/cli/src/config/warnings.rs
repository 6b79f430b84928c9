//! What is allowed and still worth a warning.

use std::net::IpAddr;

use super::Config;

impl Config {
    /// What whoever starts a server with this configuration should know.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let Some(issuer) = self.issuer.as_ref().map(|issuer| issuer.0.as_str()) else { return vec![] };
        let mut warnings = Vec::new();
        if is_in_the_clear(issuer) {
            warnings.push(in_the_clear(issuer));
        }
        if let Some(path) = ambiguous_path(issuer) {
            warnings.push(ambiguous(path));
        }
        warnings
    }
}

/// The authority's own paths, and those that they lie below.
const OWN_PATHS: [&str; 20] = [
    "/.well-known",
    "/api",
    "/api/token",
    "/api/token/blacklist",
    "/api/token/refresh",
    "/api/token/verify",
    "/assets",
    "/authorize",
    "/device",
    "/device_authorization",
    "/end_session",
    "/healthz",
    "/introspect",
    "/par",
    "/readyz",
    "/register",
    "/revoke",
    "/startupz",
    "/token",
    "/userinfo",
];

/// The path of an issuer, where the authority's own paths begin with it: a request for one of them may come with that path or
/// without it, and nothing tells which.
fn ambiguous_path(issuer: &str) -> Option<&str> {
    let rest = issuer.split_once("://")?.1;
    let path = rest.get(rest.find('/')?..)?;
    OWN_PATHS.contains(&path).then_some(path)
}

fn ambiguous(path: &str) -> String {
    format!(
        "warning: the authority has other paths that begin with {path}, the path of the issuer: a proxy has to pass that path on and not \
         take it away"
    )
}

fn in_the_clear(issuer: &str) -> String {
    format!(
        "warning: the issuer {issuer} is plain http: passwords and tokens cross the network unencrypted. Serve it over TLS, by a proxy \
         or with tls.certificate, and set `issuer` to the https URL"
    )
}

/// Whether a URL leads over a network without TLS.
fn is_in_the_clear(url: &str) -> bool {
    let Some(rest) = url.strip_prefix("http://") else { return false };
    let authority = rest.split('/').next().unwrap_or_default();
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => host,
        _ => authority,
    };
    let name = host.trim_start_matches('[').trim_end_matches(']').trim_end_matches('.').to_ascii_lowercase();
    match name.parse::<IpAddr>() {
        Ok(address) => !address.is_loopback(),
        Err(_) => name != "localhost" && !name.ends_with(".localhost"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_the_authoritys_own_begin_with_cannot_be_taken_away_by_a_proxy() {
        for (issuer, path) in [
            ("https://host.example/api", Some("/api")),
            ("https://host.example:8443/token", Some("/token")),
            ("https://host.example/device", Some("/device")),
            ("https://host.example/auth", None),
            ("https://host.example/api/auth", None),
            ("https://host.example/tokens", None),
            ("https://host.example", None),
        ] {
            assert_eq!(ambiguous_path(issuer), path, "{issuer}");
        }
    }

    #[test]
    fn plain_http_is_in_the_clear_beyond_the_machine_itself() {
        for url in [
            "http://login.example",
            "http://10.0.0.1:8000/auth",
            "http://[2001:db8::1]:8000",
            "http://localhost.example",
            "http://notlocalhost",
        ] {
            assert!(is_in_the_clear(url), "{url}");
        }
        for url in [
            "https://login.example",
            "http://localhost",
            "http://LocalHost.:8000/auth",
            "http://app.localhost:1",
            "http://127.0.0.1:8000",
            "http://127.1.2.3",
            "http://[::1]:8000",
            "http://[::1]",
        ] {
            assert!(!is_in_the_clear(url), "{url}");
        }
    }
}
