//! How pages are sent: what a browser may do with them.

use askama::Template;
use axum::body::Body;
use axum::response::Response;
use http::{HeaderMap, HeaderValue, StatusCode, header};

const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
const NOSNIFF: HeaderValue = HeaderValue::from_static("nosniff");
const NO_REFERRER: HeaderValue = HeaderValue::from_static("no-referrer");
const DENY: HeaderValue = HeaderValue::from_static("DENY");

/// A page. It loads nothing but the authority's own style, runs no script but one whose hash is `script`, stands in no frame,
/// and its forms lead to the authority, or from there to `form_target`: a browser holds the redirect after a form to the
/// same rule. The target is the origin of a redirect URI, which holds nothing that could end the policy.
pub(crate) fn page(
    status: StatusCode,
    page: &impl Template,
    form_target: Option<&str>,
    script: Option<&str>,
) -> Response {
    let Ok(html) = page.render() else {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        return response;
    };
    let mut policy = String::from(
        "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'; form-action 'self'",
    );
    if let Some(target) = form_target {
        policy.push(' ');
        policy.push_str(target);
    }
    if let Some(hash) = script {
        policy.push_str("; script-src 'sha256-");
        policy.push_str(hash);
        policy.push('\'');
    }
    let mut response = Response::new(Body::from(html));
    *response.status_mut() = status;
    let headers: [(_, HeaderValue); 6] = [
        (header::CONTENT_TYPE, HTML),
        (header::CACHE_CONTROL, NO_STORE),
        (header::X_CONTENT_TYPE_OPTIONS, NOSNIFF),
        (header::REFERRER_POLICY, NO_REFERRER),
        (header::X_FRAME_OPTIONS, DENY),
        (
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::try_from(policy)
                .unwrap_or(HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'")),
        ),
    ];
    *response.headers_mut() = HeaderMap::from_iter(headers);
    response
}

/// A file that pages load.
pub(crate) fn asset(content_type: &'static str, body: &'static str) -> Response {
    const AN_HOUR: HeaderValue = HeaderValue::from_static("public, max-age=3600");
    let mut response = Response::new(Body::from(body));
    *response.headers_mut() = HeaderMap::from_iter([
        (header::CONTENT_TYPE, HeaderValue::from_static(content_type)),
        (header::CACHE_CONTROL, AN_HOUR),
        (header::X_CONTENT_TYPE_OPTIONS, NOSNIFF),
    ]);
    response
}
