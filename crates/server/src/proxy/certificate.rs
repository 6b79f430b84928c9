//! The client's certificate, in the header of a proxy that terminates TLS.

use base64_turbo::STANDARD;
use http::{HeaderMap, HeaderName};
use jeton_authority::client_auth::ClientCertificate;
use percent_encoding::percent_decode_str;

/// The longest header value that is parsed, in bytes.
const MAX_LEN: usize = 16 * 1024;
const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";

/// The certificate in this header; `None` if there is none, more than one, or something else.
///
/// Proxies use one of three formats: RFC 9440 (`:MII…:`), percent-encoded PEM (nginx, Envoy, HAProxy), or base64 alone
/// (Traefik).
pub(crate) fn of(headers: &HeaderMap, name: &HeaderName) -> Option<ClientCertificate> {
    let mut values = headers.get_all(name).iter();
    let (value, None) = (values.next()?.to_str().ok()?.trim(), values.next()) else { return None };
    if value.is_empty() || value.len() > MAX_LEN {
        return None;
    }
    let certificate = der(value).and_then(|der| ClientCertificate::from_der(&der));
    if certificate.is_none() {
        tracing::warn!(code = "client_certificate_unreadable", header = %name, "cannot parse the client certificate in the proxy's header");
    }
    certificate
}

fn der(value: &str) -> Option<Vec<u8>> {
    if let Some(rest) = value.strip_prefix(':') {
        return STANDARD.decode(rest.strip_suffix(':')?).ok();
    }
    let text = percent_decode_str(value).decode_utf8().ok()?;
    let base64 = match text.split_once(BEGIN) {
        Some((_, rest)) => rest.split_once(END)?.0,
        // A chain, of which the first is the client's.
        None => text.split(',').next()?,
    };
    let base64: String = base64.chars().filter(|letter| !letter.is_ascii_whitespace()).collect();
    STANDARD.decode(&base64).ok()
}
