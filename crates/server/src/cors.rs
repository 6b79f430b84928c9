//! Which origins' scripts may read an answer (Fetch §3.3). Applications in a browser ask the OAuth endpoints from origins of
//! their own. None of these endpoints looks at a cookie, so every origin may.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};

use crate::app::App;

const EVERY_ORIGIN: HeaderValue = HeaderValue::from_static("*");
/// `Date` stands beside `Retry-After` and the times in tokens: with it a script knows how far its own clock is off.
const EXPOSED: HeaderValue = HeaderValue::from_static("DPoP-Nonce, WWW-Authenticate, Retry-After, Date");
const METHODS: HeaderValue = HeaderValue::from_static("GET, POST, PUT, DELETE, OPTIONS");
const HEADERS: HeaderValue = HeaderValue::from_static("Authorization, Content-Type, DPoP");
/// For how long a browser may remember that it may ask, in seconds: what browsers allow at most.
const REMEMBERED: HeaderValue = HeaderValue::from_static("7200");

/// Lets scripts of every origin read an answer.
pub(crate) fn allow_every_origin(headers: &mut HeaderMap) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, EVERY_ORIGIN);
}

/// Answers a browser that asks whether it may ask, and lets scripts read every answer.
pub(crate) async fn cors(State(_): State<Arc<App>>, request: Request, next: Next) -> Response {
    let preflight = request.method() == Method::OPTIONS
        && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    let mut response = if preflight {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NO_CONTENT;
        let headers = response.headers_mut();
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS);
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HEADERS);
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, REMEMBERED);
        response
    } else {
        next.run(request).await
    };
    let headers = response.headers_mut();
    allow_every_origin(headers);
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
    response
}
