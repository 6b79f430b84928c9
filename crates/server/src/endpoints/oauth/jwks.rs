//! `GET /.well-known/jwks.json`: the public keys that access tokens are verified with (RFC 7517 §5).

use http::HeaderValue;
use jeton_authority::Authority;

use crate::respond::Document;

/// Keys are published well before they sign, so a set may be kept for five minutes.
const CACHE_CONTROL: HeaderValue = HeaderValue::from_static("public, max-age=300");
/// A set that lacks a key which is being made, and signs as soon as it is there, may not be kept.
const INCOMPLETE: HeaderValue = HeaderValue::from_static("no-cache");

pub(super) fn document(authority: &Authority) -> Document {
    let keys = authority.keys().published();
    let etag = HeaderValue::from_str(&keys.etag).unwrap_or(HeaderValue::from_static("\"\""));
    let cache_control = if keys.is_complete { CACHE_CONTROL } else { INCOMPLETE };
    Document { body: keys.json, etag, cache_control }
}
