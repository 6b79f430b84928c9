//! What is allowed and still worth a warning.

use std::net::IpAddr;

use super::Config;

impl Config {
    /// What whoever starts a server with this configuration should know.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let issuer = self.issuer.as_ref().map(|issuer| issuer.0.as_str());
        issuer.filter(|issuer| is_in_the_clear(issuer)).map(in_the_clear).into_iter().collect()
    }
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
