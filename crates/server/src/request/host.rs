//! The `Host` header: exactly one, with a valid host (RFC 9112 §3.2).

use http::uri::Authority;
use http::{HeaderMap, HeaderValue, Request, Version, header};

/// Whether a request has exactly one valid host, usually `ours`. If there were two, a proxy and a server could choose
/// differently.
pub(crate) fn is_clear<B>(request: &Request<B>, ours: &str) -> bool {
    let mut values = request.headers().get_all(header::HOST).iter();
    match (values.next(), values.next()) {
        (Some(host), None) => host == ours || is_host(host),
        (None, _) => request.version() < Version::HTTP_11,
        (Some(_), Some(_)) => false,
    }
}

/// Whether a request is for a name of this machine itself.
pub(crate) fn is_localhost(headers: &HeaderMap) -> bool {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = host.split(':').next().unwrap_or_default().trim_end_matches('.');
    name.eq_ignore_ascii_case("localhost")
        || name.len() > 10 && name.as_bytes()[name.len() - 10..].eq_ignore_ascii_case(b".localhost")
}

fn is_host(value: &HeaderValue) -> bool {
    // Nothing at all is what a request says whose target has no host. A comma is what joins two headers.
    value.is_empty()
        || Authority::try_from(value.as_bytes()).is_ok_and(|host| !host.as_str().contains(['@', ',']))
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: &str = "auth.example";

    fn request(version: Version, hosts: &[&str]) -> Request<()> {
        let mut request = Request::new(());
        *request.version_mut() = version;
        for host in hosts {
            request.headers_mut().append(header::HOST, host.parse().expect("a header"));
        }
        request
    }

    #[test]
    fn a_request_names_one_host() {
        for host in ["auth.example", "auth.example:8443", "127.0.0.1:8000", "[::1]:8000", "x", ""] {
            assert!(is_clear(&request(Version::HTTP_11, &[host]), OURS), "{host}");
        }
        for host in ["a b", "a,b", "a/b", "ada@auth.example", "http://auth.example"] {
            assert!(!is_clear(&request(Version::HTTP_11, &[host]), OURS), "{host}");
        }
        assert!(!is_clear(&request(Version::HTTP_11, &[]), OURS));
        assert!(is_clear(&request(Version::HTTP_10, &[]), OURS), "HTTP/1.0 knew no host");
        for version in [Version::HTTP_10, Version::HTTP_11] {
            assert!(!is_clear(&request(version, &[OURS, OURS]), OURS));
        }
    }

    #[test]
    fn localhost_is_known_by_each_of_its_names() {
        for (host, is) in [
            ("localhost", true),
            ("LOCALHOST:8443", true),
            ("app.localhost", true),
            ("localhost.:1", true),
            ("localhost.example", false),
            ("notlocalhost", false),
            ("auth.example", false),
            ("127.0.0.1", false),
        ] {
            assert_eq!(is_localhost(request(Version::HTTP_11, &[host]).headers()), is, "{host}");
        }
    }
}
