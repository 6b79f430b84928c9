//! The files that pages load.

use axum::body::Body;
use axum::response::Response;
use http::{HeaderValue, StatusCode, header};

use crate::pages::asset;

/// Browsers request this icon for every page. There is none, and that may be cached for a day.
pub(crate) async fn favicon() -> Response {
    const A_DAY: HeaderValue = HeaderValue::from_static("public, max-age=86400");
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response.headers_mut().insert(header::CACHE_CONTROL, A_DAY);
    response
}

pub(crate) async fn page_css() -> Response {
    asset("text/css; charset=utf-8", include_str!("../../../assets/page.css"))
}

/// `GET /assets/passkey.js`
pub(crate) async fn passkey_js() -> Response {
    asset("text/javascript; charset=utf-8", include_str!("../../../assets/passkey.js"))
}
