//! Resource indicators: the API that a token is for (RFC 8707).

use std::borrow::Cow;

use fluent_uri::Uri;

/// Whether two resource indicators name the same resource: they are the same text, or the same URI after normalisation
/// (RFC 3986 §6.2.2 and §6.2.3). `https://API.example:443` and `https://api.example/` are the same. A trailing slash
/// after a longer path makes a difference, as it does to a server.
///
/// ```
/// use jeton_oauth::is_same_resource;
///
/// assert!(is_same_resource("https://API.example:443", "https://api.example/"));
/// assert!(!is_same_resource("https://api.example/mcp", "https://api.example/mcp/"));
/// ```
#[must_use]
pub fn is_same_resource(one: &str, other: &str) -> bool {
    one == other || normalized(one) == normalized(other)
}

/// The normal form of a URI; any other text unchanged.
pub(crate) fn normalized(text: &str) -> Cow<'_, str> {
    let Ok(uri) = Uri::parse(text) else { return Cow::Borrowed(text) };
    let mut normal = uri.normalize().into_string();
    // An empty path is the root of an http server (RFC 3986 §6.2.3).
    let is_web = matches!(uri.scheme().as_str().to_ascii_lowercase().as_str(), "http" | "https");
    if is_web && uri.has_authority() && uri.path().is_empty() {
        let end = normal.find(['?', '#']).unwrap_or(normal.len());
        normal.insert(end, '/');
    }
    Cow::Owned(normal)
}
