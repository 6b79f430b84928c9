//! The metadata of an API (RFC 9728), from which a client that knows only the API's URL learns where to get tokens.

use bytes::Bytes;
use http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Response};
use jeton_oauth::{Realm, Scope};
use serde::Serialize;

/// The well-known path, before the path of the resource (RFC 9728 §3).
const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";

/// The metadata of an API: see [`GuardBuilder::resource_metadata`](crate::GuardBuilder::resource_metadata).
///
/// ```
/// use jeton_guard::ProtectedResource;
///
/// let resource = ProtectedResource::new("https://api.example/orders", "https://auth.example")?;
/// assert_eq!(resource.path(), "/.well-known/oauth-protected-resource/orders");
/// # Ok::<(), jeton_guard::ResourceUrlError>(())
/// ```
/// With axum, add it as a service outside the guard's layer, because its readers have no token yet:
/// `router.route_service(resource.path(), resource.clone())`.
#[derive(Clone, Debug)]
pub struct ProtectedResource {
    document: Document,
    path: Box<str>,
    url: Realm,
}

#[derive(Clone, Debug, Serialize)]
struct Document {
    resource: String,
    authorization_servers: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    scopes_supported: Vec<String>,
    bearer_methods_supported: [&'static str; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_documentation: Option<String>,
}

/// The text is not the URL of a resource: http or https, without query and fragment, in printable ASCII.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a resource must be a URL without query and fragment")]
pub struct ResourceUrlError;

impl ResourceUrlError {
    /// The stable name of this error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        "resource_url"
    }
}

impl ProtectedResource {
    /// The API at this URL, which accepts the tokens of this issuer. Clients request tokens for this URL (RFC 8707),
    /// so it is also the audience of the guard.
    ///
    /// # Errors
    /// [`ResourceUrlError`] if `resource` is not a URL without query and fragment.
    pub fn new(resource: &str, issuer: impl Into<String>) -> Result<Self, ResourceUrlError> {
        let (origin, path) = check_url(resource)?;
        let path = format!("{WELL_KNOWN}{}", path.trim_end_matches('/'));
        Ok(Self {
            url: Realm::parse(format!("{origin}{path}")).map_err(|_| ResourceUrlError)?,
            path: path.into(),
            document: Document {
                resource: resource.to_owned(),
                authorization_servers: vec![issuer.into()],
                scopes_supported: vec![],
                bearer_methods_supported: ["header"],
                resource_name: None,
                resource_documentation: None,
            },
        })
    }

    /// Lists its scopes.
    #[must_use]
    pub fn scopes(mut self, scopes: &Scope) -> Self {
        self.document.scopes_supported = scopes.tokens().map(str::to_owned).collect();
        self
    }

    /// Sets its name for people.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.document.resource_name = Some(name.into());
        self
    }

    /// Sets the URL of its documentation for developers.
    #[must_use]
    pub fn documentation(mut self, url: impl Into<String>) -> Self {
        self.document.resource_documentation = Some(url.into());
        self
    }

    /// The path at which the metadata must be served.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The metadata, as a response that scripts from every origin may read.
    #[must_use]
    pub fn to_response<B: From<Bytes>>(&self) -> Response<B> {
        let json = serde_json::to_vec(&self.document).unwrap_or_default();
        let mut response = Response::new(B::from(Bytes::from(json)));
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=3600"));
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        response
    }

    /// The full URL of the metadata, as in challenges.
    pub(crate) const fn url(&self) -> &Realm {
        &self.url
    }
}

#[cfg(feature = "axum")]
impl<B> tower_service::Service<http::Request<B>> for ProtectedResource {
    type Response = Response<axum::body::Body>;
    type Error = std::convert::Infallible;
    type Future = std::future::Ready<Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), Self::Error>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: http::Request<B>) -> Self::Future {
        std::future::ready(Ok(self.to_response()))
    }
}

/// Splits a URL into origin and path.
pub(crate) fn check_url(url: &str) -> Result<(&str, &str), ResourceUrlError> {
    let rest =
        url.strip_prefix("https://").or_else(|| url.strip_prefix("http://")).ok_or(ResourceUrlError)?;
    let host = rest.split('/').next().unwrap_or_default();
    let plain =
        url.bytes().all(|byte| matches!(byte, b'!'..=b'~') && !matches!(byte, b'"' | b'\\' | b'?' | b'#'));
    if host.is_empty() || host.contains('@') || !plain {
        return Err(ResourceUrlError);
    }
    url.split_at_checked(url.len() - rest.len() + host.len()).ok_or(ResourceUrlError)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_stands_before_the_path_of_its_resource() {
        for (resource, path) in [
            ("https://api.example", "/.well-known/oauth-protected-resource"),
            ("https://api.example/", "/.well-known/oauth-protected-resource"),
            ("https://api.example:8443/a/b", "/.well-known/oauth-protected-resource/a/b"),
        ] {
            assert_eq!(ProtectedResource::new(resource, "https://auth.example").expect("a URL").path(), path);
        }
        for wrong in
            ["api.example", "https://", "https://u@api.example", "https://api.example?a", "https://a/\"b", ""]
        {
            assert_eq!(ProtectedResource::new(wrong, "i").expect_err("no URL"), ResourceUrlError, "{wrong}");
        }
    }
}
