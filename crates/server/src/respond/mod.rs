//! Building responses.

mod document;

use std::fmt::Display;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};

pub(crate) use document::Document;

pub(crate) const APPLICATION_JSON: HeaderValue = HeaderValue::from_static("application/json");
pub(crate) const NOSNIFF: HeaderValue = HeaderValue::from_static("nosniff");
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
const ACCEPT: HeaderValue = HeaderValue::from_static("Accept");

/// A JSON response that must not be cached.
pub(crate) fn json(status: StatusCode, body: impl Into<Bytes>) -> Response {
    let mut response = Response::new(Body::from(body.into()));
    *response.status_mut() = status;
    // Room for these, what the token API adds, and what the service adds.
    let mut headers = HeaderMap::with_capacity(12);
    headers.insert(header::CONTENT_TYPE, APPLICATION_JSON);
    headers.insert(header::CACHE_CONTROL, NO_STORE);
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, NOSNIFF);
    *response.headers_mut() = headers;
    response
}

/// Redirects the browser with a `GET` (RFC 9110 §15.4.4), so that a posted password is not sent again.
pub(crate) fn see_other(target: &str) -> Response {
    let mut response = Response::default();
    *response.status_mut() = StatusCode::SEE_OTHER;
    let headers = response.headers_mut();
    if let Ok(location) = HeaderValue::try_from(target) {
        headers.insert(header::LOCATION, location);
    }
    headers.insert(header::CACHE_CONTROL, NO_STORE);
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

/// A token as the response, which must not be cached.
pub(crate) fn jwt(token: String, media_type: &'static str) -> Response {
    let mut response = json(StatusCode::OK, token);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    response
}

/// A response for people.
pub(crate) fn text(body: String) -> Response {
    const PLAIN: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
    let mut response = json(StatusCode::OK, body);
    response.headers_mut().insert(header::CONTENT_TYPE, PLAIN);
    response
}

/// A message as a sentence, for people.
pub(crate) fn sentence(message: &dyn Display) -> String {
    let mut text = message.to_string();
    if let Some(first) = text.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    text.push('.');
    text
}

/// Adds the headers that every response of the token API has, as in Django REST framework.
pub(crate) fn with_token_api_headers(mut response: Response) -> Response {
    const POST_AND_OPTIONS: HeaderValue = HeaderValue::from_static("POST, OPTIONS");
    let headers = response.headers_mut();
    headers.insert(header::ALLOW, POST_AND_OPTIONS);
    headers.insert(header::VARY, ACCEPT);
    response
}
