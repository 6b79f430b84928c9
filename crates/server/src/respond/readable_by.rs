//! Whose scripts may read an answer of the token API (Fetch §3.3).

use http::{HeaderMap, HeaderValue, header};

const EVERY_ORIGIN: HeaderValue = HeaderValue::from_static("*");
const EXPOSED: HeaderValue = HeaderValue::from_static("WWW-Authenticate, Retry-After, Date, X-Request-Id");
const VARIES: HeaderValue = HeaderValue::from_static("Origin");

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
    /// Tells the browser.
    pub(crate) fn tell(&self, headers: &mut HeaderMap) {
        match self {
            Self::Everybody => {
                headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, EVERY_ORIGIN);
            }
            Self::Origin(origin) => {
                headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
                headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
                headers.append(header::VARY, VARIES);
            }
            Self::Others => {
                headers.append(header::VARY, VARIES);
                return;
            }
        }
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
    }
}
