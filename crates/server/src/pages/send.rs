//! Sending pages, with the policies for the browser.

use askama::Template;
use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};

use crate::urls::{Urls, path};

const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
const NOSNIFF: HeaderValue = HeaderValue::from_static("nosniff");
const NO_REFERRER: HeaderValue = HeaderValue::from_static("no-referrer");
const DENY: HeaderValue = HeaderValue::from_static("DENY");

/// Where the forms of a page lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Forms {
    /// Only to the authority, through all redirects.
    StayHere,
    /// In the end to an application. Chromium applies `form-action` to every redirect that follows a form, including
    /// those of the application, which may lead to other origins and to schemes that a policy cannot name. So the
    /// policy does not restrict them.
    LeadOut,
}

impl Forms {
    const fn policy(self) -> &'static str {
        match self {
            Self::LeadOut => {
                "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'"
            }
            Self::StayHere => {
                "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
            }
        }
    }
}

/// A page of the authority at `urls`. It loads only the authority's own style, runs no script, and cannot be framed.
pub(crate) fn page(urls: &Urls, status: StatusCode, page: &impl Template, forms: Forms) -> Response {
    let Ok(html) = page.render_with_values(urls) else {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        return response;
    };
    let mut response = self_contained(html.into(), HeaderValue::from_static(forms.policy()));
    *response.status_mut() = status;
    response
}

/// A page that is complete in itself, with its policy.
pub(crate) fn self_contained(html: Bytes, policy: HeaderValue) -> Response {
    let mut response = Response::new(Body::from(html));
    let headers: [(_, HeaderValue); 6] = [
        (header::CONTENT_TYPE, HTML),
        (header::CACHE_CONTROL, NO_STORE),
        (header::X_CONTENT_TYPE_OPTIONS, NOSNIFF),
        (header::REFERRER_POLICY, NO_REFERRER),
        (header::X_FRAME_OPTIONS, DENY),
        (header::CONTENT_SECURITY_POLICY, policy),
    ];
    *response.headers_mut() = HeaderMap::from_iter(headers);
    response
}

/// The same page, which may run only the script of passkeys.
pub(crate) fn with_passkeys(urls: &Urls, mut page: Response, forms: Forms) -> Response {
    let policy = format!("{}; script-src {}", forms.policy(), urls.absolute(path::PASSKEY_JS));
    // A URL whose host a header cannot hold has no passkeys.
    if let Ok(policy) = HeaderValue::try_from(policy) {
        page.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    page
}

/// The same page, which may run only the script with this hash.
pub(crate) fn with_script(mut page: Response, hash: &str) -> Response {
    let policy = format!("{}; script-src 'sha256-{hash}'", Forms::LeadOut.policy());
    let policy = HeaderValue::try_from(policy).expect("base64 is a header's value");
    page.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    page
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
