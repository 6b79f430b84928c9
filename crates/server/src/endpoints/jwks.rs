//! `GET /.well-known/jwks.json`: the public keys that access tokens are verified with (RFC 7517 §5).
//!
//! Every API asks for it, so it is answered before routing, from bytes that are ready.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};

use crate::app::App;
use crate::cors::allow_every_origin;
use crate::respond::{APPLICATION_JSON, NOSNIFF};

/// Where it is.
pub(crate) const PATH: &str = "/.well-known/jwks.json";

/// Keys are published well before they sign, so a set may be kept for five minutes.
const CACHE_CONTROL: HeaderValue = HeaderValue::from_static("public, max-age=300");

pub(crate) async fn get(State(app): State<Arc<App>>, method: Method, headers: HeaderMap) -> Response {
    answer(&app, &method, &headers)
}

/// The answer to `GET` or `HEAD`.
pub(crate) fn answer(app: &App, method: &Method, request: &HeaderMap) -> Response {
    let keys = app.authority.published_keys();
    let etag = HeaderValue::from_str(&keys.etag).unwrap_or(HeaderValue::from_static("\"\""));
    let mut headers = HeaderMap::with_capacity(8);
    headers.insert(header::CACHE_CONTROL, CACHE_CONTROL);
    allow_every_origin(&mut headers);
    let unchanged = request.get(header::IF_NONE_MATCH).is_some_and(|known| matches(known, &etag));
    headers.insert(header::ETAG, etag);
    let mut response = if unchanged {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        response
    } else {
        headers.insert(header::CONTENT_TYPE, APPLICATION_JSON);
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, NOSNIFF);
        if *method == Method::HEAD {
            headers.insert(header::CONTENT_LENGTH, keys.json.len().into());
            Response::new(Body::empty())
        } else {
            Response::new(Body::from(keys.json))
        }
    };
    *response.headers_mut() = headers;
    response
}

/// Whether `If-None-Match` names this entity tag (RFC 9110 §13.1.2: compared weakly).
fn matches(if_none_match: &HeaderValue, etag: &HeaderValue) -> bool {
    let known = if_none_match.as_bytes().split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
    known.map(|tag| tag.strip_prefix(b"W/").unwrap_or(tag)).any(|tag| tag == b"*" || tag == etag.as_bytes())
}
