//! `GET /.well-known/jwks.json`: the public keys for verifying access tokens (RFC 7517 §5).

use http::HeaderValue;
use jeton_authority::Authority;

use crate::respond::Document;

/// Keys are published well before they sign, so a set may be cached for five minutes.
const CACHE_CONTROL: HeaderValue = HeaderValue::from_static("public, max-age=300");
/// A set without a key that is being generated, and that signs as soon as it is ready, must not be cached.
const INCOMPLETE: HeaderValue = HeaderValue::from_static("no-cache");

pub(super) fn document(authority: &Authority) -> Document {
    let keys = authority.keys().published();
    let etag = HeaderValue::from_str(&keys.etag).unwrap_or(HeaderValue::from_static("\"\""));
    let cache_control = if keys.is_complete { CACHE_CONTROL } else { INCOMPLETE };
    Document { body: keys.json, etag, cache_control }
}
