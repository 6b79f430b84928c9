//! The path of a request as its client sent it.

use http::{Request, Uri};

/// The URI of a request as the client sent it, in the request's extensions.
///
/// A proof is for the full path (RFC 9449 §4.2), but a router that forwards a request often strips the part that it
/// has matched. A guard behind `axum::Router::nest` finds the full URI itself (feature `axum`). Behind anything else
/// that shortens the path, insert it before:
///
/// ```
/// use jeton_guard::ReceivedUri;
///
/// # let mut request = http::Request::get("/v1/things").body(()).unwrap();
/// let uri = request.uri().clone();
/// request.extensions_mut().get_or_insert_with(|| ReceivedUri(uri));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceivedUri(
    /// The URI, of which only the path matters.
    pub Uri,
);

/// The full path of a request.
pub(crate) fn path_of<B>(request: &Request<B>) -> &str {
    if let Some(ReceivedUri(uri)) = request.extensions().get() {
        return uri.path();
    }
    #[cfg(feature = "axum")]
    if let Some(axum::extract::OriginalUri(uri)) = request.extensions().get() {
        return uri.path();
    }
    request.uri().path()
}
