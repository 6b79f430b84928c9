//! A document that is the same for everyone: its bytes are prepared, and conditional requests are supported.

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};

use super::{APPLICATION_JSON, NOSNIFF};

/// A JSON document, ready to be sent.
#[derive(Clone)]
pub(crate) struct Document {
    pub(crate) body: Bytes,
    /// Its entity tag, in quotes (RFC 9110 §8.8.3).
    pub(crate) etag: HeaderValue,
    /// How long it may be cached.
    pub(crate) cache_control: HeaderValue,
}

impl Document {
    /// The response to `GET` or `HEAD`.
    pub(crate) fn answer(self, method: &Method, request: &HeaderMap) -> Response {
        let Self { body, etag, cache_control } = self;
        let mut headers = HeaderMap::with_capacity(8);
        headers.insert(header::CACHE_CONTROL, cache_control);
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
                headers.insert(header::CONTENT_LENGTH, body.len().into());
                Response::new(Body::empty())
            } else {
                Response::new(Body::from(body))
            }
        };
        *response.headers_mut() = headers;
        response
    }
}

/// Whether `If-None-Match` contains this entity tag (RFC 9110 §13.1.2: weak comparison).
fn matches(if_none_match: &HeaderValue, etag: &HeaderValue) -> bool {
    let known = if_none_match.as_bytes().split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
    known.map(|tag| tag.strip_prefix(b"W/").unwrap_or(tag)).any(|tag| tag == b"*" || tag == etag.as_bytes())
}
