//! Which origins' scripts may read a response (Fetch §3.3). Browser applications call the OAuth endpoints from their
//! own origins, and read the metadata and the keys. None of these endpoints reads a cookie, so every origin may call
//! them, and may read errors too.

use axum::body::Body;
use axum::response::Response;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header};

use crate::urls::path;

/// The paths that scripts call, besides the documents under `/.well-known/` and the clients under `/register/`.
const PATHS: [&str; 10] = [
    path::TOKEN,
    path::DEVICE_AUTHORIZATION,
    path::PAR,
    path::INTROSPECT,
    path::REGISTER,
    path::REVOKE,
    path::REVOCATIONS,
    path::STATUS_LIST,
    path::STATUS_LISTS,
    path::USERINFO,
];
const FOLDERS: [&str; 2] = [path::WELL_KNOWN, path::REGISTERED];

const EVERY_ORIGIN: HeaderValue = HeaderValue::from_static("*");
const TRUE: HeaderValue = HeaderValue::from_static("true");
const ORIGIN: HeaderValue = HeaderValue::from_static("Origin");
/// The headers that the response to a preflight request depends on.
const PREFLIGHT_VARY: HeaderValue = HeaderValue::from_static("Origin, Access-Control-Request-Headers");
/// The headers that scripts may read. `Date` is included with `Retry-After` for the times in tokens: with it, a script
/// knows the error of its own clock.
const EXPOSED: HeaderValue = HeaderValue::from_static("DPoP-Nonce, WWW-Authenticate, Retry-After, Date");
/// The same for the token API.
const TOKEN_API_EXPOSED: HeaderValue =
    HeaderValue::from_static("WWW-Authenticate, Retry-After, Date, X-Request-Id");
const METHODS: HeaderValue = HeaderValue::from_static("GET, POST, PUT, DELETE, OPTIONS");
/// The allowed headers if the browser names none. `*` would not include `Authorization`, so named headers are
/// repeated.
const HEADERS: HeaderValue = HeaderValue::from_static("Authorization, Content-Type, DPoP");
/// How long a browser may cache a preflight response, in seconds: the longest time that browsers allow.
const REMEMBERED: HeaderValue = HeaderValue::from_static("7200");

/// A request to a path that scripts from every origin may call.
#[derive(Debug)]
pub(crate) struct CrossOrigin {
    /// The origin that the browser names.
    origin: Option<HeaderValue>,
    /// The headers of the request that a preflight announces; `None` if this is the request itself.
    asks_for: Option<Vec<HeaderValue>>,
}

impl CrossOrigin {
    /// The CORS headers for a request to `path`; `None` if scripts from other origins may not read the response.
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

    /// The response to a preflight request.
    pub(crate) fn preflight(&self) -> Option<Response> {
        let asks_for = self.asks_for.as_ref()?;
        Some(preflight(METHODS, HEADERS, asks_for))
    }

    /// Lets the calling script read the response. For a request with cookies (as keycloak-js sends), the headers name
    /// the origin, because browsers do not accept `*` there. If the request carries a client certificate, its user may
    /// not know that it was sent, so no script may read the response.
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

/// The response to a preflight request: allows these methods, and all headers that the browser names.
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

/// Whose scripts may read the response to a request, including errors of every kind.
#[derive(Debug, Clone)]
pub(crate) enum ReadableBy {
    /// Scripts from every origin, if the browser sent no credentials.
    Everybody,
    /// Scripts from this origin, with or without credentials.
    Origin(HeaderValue),
    /// No script from this origin; other origins are listed.
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
