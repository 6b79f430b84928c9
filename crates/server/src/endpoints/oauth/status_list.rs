//! `GET /status-list`: which access tokens of clients with a place in the list were revoked (draft-ietf-oauth-status-list §8), and
//! `GET /status-lists`, which names it (§9). Both are public, like the keys.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::{HeaderValue, StatusCode, header};
use jeton_authority::status_list::TTL;
use serde_json::json;

use crate::app::App;
use crate::error::ApiError;
use crate::request::RequestContext;
use crate::respond::{NOSNIFF, json};

/// The media type of a list (draft §14.7).
const STATUS_LIST: HeaderValue = HeaderValue::from_static("application/statuslist+jwt");

pub(crate) async fn get(State(app): State<Arc<App>>, context: RequestContext) -> Response {
    let token = match app.authority.status_lists().token(app.clock.now()).await {
        Ok(token) => token,
        Err(error) => return ApiError::from(error).into_response(&context),
    };
    let mut response = Response::new(Body::from(token.as_bytes().to_vec()));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, STATUS_LIST);
    headers.insert(header::CACHE_CONTROL, for_its_ttl());
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, NOSNIFF);
    response
}

pub(crate) async fn aggregate(State(app): State<Arc<App>>) -> Response {
    let body = json!({ "status_lists": app.authority.status_lists().uris() });
    json(StatusCode::OK, serde_json::to_vec(&body).unwrap_or_default())
}

/// A copy may be as old as readers may keep theirs.
fn for_its_ttl() -> HeaderValue {
    HeaderValue::from_str(&format!("public, max-age={}", TTL.as_secs()))
        .unwrap_or(HeaderValue::from_static("no-cache"))
}
