//! Which origins' scripts may read an answer (Fetch §3.3). Applications in a browser ask the OAuth endpoints from origins of
//! their own, and read the metadata and the keys. None of these looks at a cookie, so every origin may, and may read why it was
//! refused, too.

use axum::body::Body;
use axum::response::Response;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header};

use crate::urls::path;

/// Where scripts ask, beside the documents under `/.well-known/` and the clients under `/register/`.
const PATHS: [&str; 7] = [
    path::TOKEN,
    path::DEVICE_AUTHORIZATION,
    path::PAR,
    path::INTROSPECT,
    path::REGISTER,
    path::REVOKE,
    path::USERINFO,
];
const FOLDERS: [&str; 2] = [path::WELL_KNOWN, path::REGISTERED];

const EVERY_ORIGIN: HeaderValue = HeaderValue::from_static("*");
const TRUE: HeaderValue = HeaderValue::from_static("true");
const ORIGIN: HeaderValue = HeaderValue::from_static("Origin");
/// What the answer to a browser that asks whether it may ask depends on.
const PREFLIGHT_VARY: HeaderValue = HeaderValue::from_static("Origin, Access-Control-Request-Headers");
/// `Date` stands beside `Retry-After` and the times in tokens: with it a script knows how far its own clock is off.
const EXPOSED: HeaderValue = HeaderValue::from_static("DPoP-Nonce, WWW-Authenticate, Retry-After, Date");
/// The same of the token API.
const TOKEN_API_EXPOSED: HeaderValue =
    HeaderValue::from_static("WWW-Authenticate, Retry-After, Date, X-Request-Id");
const METHODS: HeaderValue = HeaderValue::from_static("GET, POST, PUT, DELETE, OPTIONS");
/// What a browser is told that names no header. `*` would leave out `Authorization`, so those that it names are told it back.
const HEADERS: HeaderValue = HeaderValue::from_static("Authorization, Content-Type, DPoP");
/// For how long a browser may remember that it may ask, in seconds: what browsers allow at most.
const REMEMBERED: HeaderValue = HeaderValue::from_static("7200");

/// A request to an address that scripts of every origin may ask.
#[derive(Debug)]
pub(crate) struct CrossOrigin {
    /// The origin that the browser names.
    origin: Option<HeaderValue>,
    /// The headers of a request that the browser asks about before it sends it; nothing where this is the request itself.
    asks_for: Option<Vec<HeaderValue>>,
}

impl CrossOrigin {
    /// What is to be said to a request for `path`; nothing where scripts of other origins may not read the answer.
    pub(crate) fn of<B>(path: &str, request: &Request<B>) -> Option<Self> {
        if !PATHS.contains(&path) && !FOLDERS.iter().any(|folder| path.starts_with(folder)) {
            return None;
        }
        let headers = request.headers();
        let is_preflight = request.method() == Method::OPTIONS
            && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
        let asked = || headers.get_all(header::ACCESS_CONTROL_REQUEST_HEADERS).iter().cloned().collect();
        Some(Self { origin: headers.get(header::ORIGIN).cloned(), asks_for: is_preflight.then(asked) })
    }

    /// The answer to a browser that asks whether it may ask.
    pub(crate) fn preflight(&self) -> Option<Response> {
        let asks_for = self.asks_for.as_ref()?;
        Some(preflight(METHODS, HEADERS, asks_for))
    }

    /// Lets the script that asked read the answer. One that was asked to send its cookies along (keycloak-js) is told its own origin:
    /// browsers take no `*` there. Where the request shows a certificate, the browser's user may not know that it was sent, so no
    /// script is to read what it gave.
    pub(crate) fn allow(self, shows_certificate: bool, headers: &mut HeaderMap) {
        headers.append(header::VARY, if self.asks_for.is_some() { PREFLIGHT_VARY } else { ORIGIN });
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
        match self.origin {
            Some(origin) if !shows_certificate => {
                headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
                headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, TRUE);
            }
            _ => {
                headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, EVERY_ORIGIN);
            }
        }
    }
}

/// The answer to a browser that asks whether it may ask: with these methods, and whatever headers it names.
pub(crate) fn preflight<'a>(
    methods: HeaderValue,
    headers_unnamed: HeaderValue,
    asked: impl IntoIterator<Item = &'a HeaderValue>,
) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, methods);
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, REMEMBERED);
    for asked in asked {
        headers.append(header::ACCESS_CONTROL_ALLOW_HEADERS, asked.clone());
    }
    headers.entry(header::ACCESS_CONTROL_ALLOW_HEADERS).or_insert(headers_unnamed);
    response
}

/// Whose scripts may read the answer to a request, errors of every kind included.
#[derive(Debug, Clone)]
pub(crate) enum ReadableBy {
    /// Those of every origin, where the browser sent no credentials.
    Everybody,
    /// Those of this one, credentials or not.
    Origin(HeaderValue),
    /// Nobody's of this origin; others are listed.
    Others,
}

impl ReadableBy {
    pub(crate) fn tell(&self, headers: &mut HeaderMap) {
        match self {
            Self::Everybody => {
                headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, EVERY_ORIGIN);
            }
            Self::Origin(origin) => {
                headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
                headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, TRUE);
                headers.append(header::VARY, ORIGIN);
            }
            Self::Others => {
                headers.append(header::VARY, ORIGIN);
                return;
            }
        }
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, TOKEN_API_EXPOSED);
    }
}
