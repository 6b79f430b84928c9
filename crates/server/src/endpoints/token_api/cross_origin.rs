//! Cross-origin requests at the token API (Fetch §3.3), as django-cors-headers answers them.
//!
//! A request from an origin that is not allowed is processed anyway: its sender may not be a browser, or may see
//! another origin than this server does (behind a development proxy). The response lacks the headers without which a
//! browser lets no script read it, and the log names the setting.

use axum::response::Response;
use http::{HeaderMap, HeaderValue, Method, Request, header};

use crate::app::App;
use crate::cors::{ReadableBy, preflight};
use crate::request::{RequestContext, logged};
use crate::settings::Origins;

const METHODS: HeaderValue = HeaderValue::from_static("POST, OPTIONS");
/// The default for a preflight request that does not say what the browser is going to send.
const HEADERS: HeaderValue = HeaderValue::from_static("Accept, Authorization, Content-Type");
const VARIES_BY_HEADERS: HeaderValue = HeaderValue::from_static("Access-Control-Request-Headers");

/// Determines whose scripts may read the response, and answers preflight requests.
pub(crate) fn cross_origin<B>(app: &App, request: &Request<B>, context: &RequestContext) -> Option<Response> {
    let origins = &app.token_api.origins;
    let readable_by = |whom| {
        context.readable_by.get_or_init(|| whom);
    };
    let Some(origin) = request.headers().get(header::ORIGIN) else {
        if matches!(origins, Origins::Listed(listed) if !listed.is_empty()) {
            readable_by(ReadableBy::Others);
        }
        return None;
    };
    if !origins.allow(origin) {
        if !is_own(origin, request.headers(), app) {
            log_refusal(origin, context);
        }
        if *origins != Origins::default() {
            readable_by(ReadableBy::Others);
        }
        return None;
    }
    readable_by(match origins {
        Origins::Every => ReadableBy::Everybody,
        Origins::Listed(_) => ReadableBy::Origin(origin.clone()),
    });
    let is_preflight = request.method() == Method::OPTIONS
        && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    if !is_preflight {
        return None;
    }
    // Nothing here goes by a header that a script could not send anyway.
    let asked = request.headers().get_all(header::ACCESS_CONTROL_REQUEST_HEADERS);
    let mut response = preflight(METHODS, HEADERS, asked);
    response.headers_mut().insert(header::VARY, VARIES_BY_HEADERS);
    Some(response)
}

/// Whether a page of this authority sent the request, as its browser sees it: with the issuer's origin, or with the
/// host of the request.
fn is_own(origin: &HeaderValue, headers: &HeaderMap, app: &App) -> bool {
    let origin = origin.as_bytes();
    let of_issuer = app.authority.settings().issuer.as_bytes();
    let follows = |rest: &[u8]| rest.first().is_none_or(|byte| *byte == b'/');
    if of_issuer.strip_prefix(origin).is_some_and(follows) {
        return true;
    }
    let host = headers.get(header::HOST).map_or(&b""[..], |host| host.as_bytes());
    [&b"https://"[..], b"http://"]
        .iter()
        .any(|scheme| origin.strip_prefix(*scheme).is_some_and(|named| named.eq_ignore_ascii_case(host)))
}

fn log_refusal(origin: &HeaderValue, context: &RequestContext) {
    let (request, network) = (context.id(), context.network());
    let origin = String::from_utf8_lossy(origin.as_bytes());
    tracing::info!(
        request,
        code = "origin_not_allowed",
        origin = logged(&origin),
        %network,
        "scripts of this origin cannot use the token API: browsers hide the answer from them; add the origin to token_api.origins \
         if the front end is yours"
    );
}
