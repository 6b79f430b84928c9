//! How pages are sent: what a browser may do with them.

use askama::Template;
use axum::body::Body;
use axum::response::Response;
use http::{HeaderMap, HeaderValue, StatusCode, header};

use crate::urls::Urls;

const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
const NOSNIFF: HeaderValue = HeaderValue::from_static("nosniff");
const NO_REFERRER: HeaderValue = HeaderValue::from_static("no-referrer");
const DENY: HeaderValue = HeaderValue::from_static("DENY");

/// Where a page's forms lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Forms {
    /// Nowhere else than to the authority, however often the browser is redirected afterwards.
    StayHere,
    /// To an application in the end. Chromium holds every redirect that follows a form to `form-action`: those of the application
    /// too, which lead wherever it likes, to other origins and to schemes that a policy cannot name. So the policy says nothing
    /// about them.
    LeadOut,
}

/// A page of the authority at `urls`. It loads nothing but the authority's own style, runs no script but one whose hash is `script`, and stands in no frame.
pub(crate) fn page(
    urls: &Urls,
    status: StatusCode,
    page: &impl Template,
    forms: Forms,
    script: Option<&str>,
) -> Response {
    let Ok(html) = page.render_with_values(urls) else {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        return response;
    };
    let mut policy = String::from(
        "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'",
    );
    if forms == Forms::StayHere {
        policy.push_str("; form-action 'self'");
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
