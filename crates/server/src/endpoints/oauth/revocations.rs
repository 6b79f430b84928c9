//! `GET /revocations`: the revocation feed, as `text/event-stream`. It is public, like the keys.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri, header};

use crate::app::App;
use crate::connection::Streams;
use crate::error::ApiError;
use crate::request::RequestContext;
use crate::respond::NOSNIFF;

const EVENT_STREAM: HeaderValue = HeaderValue::from_static("text/event-stream");
/// Prevents compression, because a compressing proxy would hold events back until it has enough of them.
const AS_IT_IS: HeaderValue = HeaderValue::from_static("no-store, no-transform");
/// Tells nginx not to buffer the response.
const X_ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");
const NO: HeaderValue = HeaderValue::from_static("no");
/// The header in which a browser or another reader of event streams sends its position.
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

pub(crate) async fn get(
    State(app): State<Arc<App>>,
    context: RequestContext,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let body = match method {
        Method::HEAD => Ok(Body::empty()),
        _ => app.feed.stream(cursor(&uri, &headers).as_deref(), app.clock.now()).await,
    };
    let mut response = match body {
        Ok(body) => Response::new(body),
        Err(error) => return ApiError::Feed(error).into_response(&context),
    };
    response.extensions_mut().insert(Streams);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, EVENT_STREAM);
    headers.insert(header::CACHE_CONTROL, AS_IT_IS);
    headers.insert(X_ACCEL_BUFFERING, NO);
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, NOSNIFF);
    response
}

/// The reader's position: from the header, which a reader that reconnects sends automatically, otherwise from the
/// parameter of its first request.
fn cursor(uri: &Uri, headers: &HeaderMap) -> Option<String> {
    let header = headers.get(LAST_EVENT_ID).and_then(|value| value.to_str().ok()).map(str::to_owned);
    header.filter(|cursor| !cursor.is_empty()).or_else(|| {
        let mut parameters = form_urlencoded::parse(uri.query()?.as_bytes());
        parameters.find(|(name, _)| name == "cursor").map(|(_, cursor)| cursor.into_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_of_a_reader_that_comes_back_counts_before_the_address_it_was_opened_with() {
        let uri = Uri::from_static("/revocations?a=b&cursor=h.1.0");
        let mut headers = HeaderMap::new();
        assert_eq!(cursor(&uri, &headers).as_deref(), Some("h.1.0"));
        headers.insert(LAST_EVENT_ID, HeaderValue::from_static("h.2.0"));
        assert_eq!(cursor(&uri, &headers).as_deref(), Some("h.2.0"));
        headers.insert(LAST_EVENT_ID, HeaderValue::from_static(""));
        assert_eq!(cursor(&uri, &headers).as_deref(), Some("h.1.0"));
        assert_eq!(cursor(&Uri::from_static("/revocations"), &HeaderMap::new()), None);
    }
}
