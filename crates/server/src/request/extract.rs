//! The context of a request, as its endpoint is given it.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use http::Extensions;
use http::request::Parts;

use super::RequestContext;

impl RequestContext {
    /// The context of a request.
    pub(crate) fn of(extensions: &Extensions) -> Self {
        extensions.get().cloned().unwrap_or_else(|| Self::take(&mut Extensions::new()))
    }
}

impl<S: Sync> FromRequestParts<S> for RequestContext {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.extensions))
    }
}
