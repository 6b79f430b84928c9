//! `GET /.well-known/jwks.json`: the public keys that access tokens are verified with (RFC 7517 §5).
//!
//! Every API asks for it, so it is answered before routing, from bytes that are ready.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, HeaderValue, Method};

use crate::app::App;
use crate::respond::Document;

pub(crate) use crate::urls::path::JWKS as PATH;

/// Keys are published well before they sign, so a set may be kept for five minutes.
const CACHE_CONTROL: HeaderValue = HeaderValue::from_static("public, max-age=300");
/// A set that lacks a key which is being made, and signs as soon as it is there, may not be kept.
const INCOMPLETE: HeaderValue = HeaderValue::from_static("no-cache");

pub(crate) async fn get(State(app): State<Arc<App>>, method: Method, headers: HeaderMap) -> Response {
    answer(&app, &method, &headers)
}

/// The answer to `GET` or `HEAD`.
pub(crate) fn answer(app: &App, method: &Method, request: &HeaderMap) -> Response {
    let keys = app.authority.published_keys();
    let etag = HeaderValue::from_str(&keys.etag).unwrap_or(HeaderValue::from_static("\"\""));
    let cache_control = if keys.is_complete { CACHE_CONTROL } else { INCOMPLETE };
    Document { body: keys.json, etag, cache_control }.answer(method, request)
}
