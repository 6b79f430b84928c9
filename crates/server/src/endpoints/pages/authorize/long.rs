//! Requests that are too long for an address: the authority keeps them, and the browser goes on with what stands for them. So a
//! request may be as long as a body, and each page of it has an address that every proxy passes on.

use axum::response::Response;
use jeton_authority::RequestObjectError;
use jeton_oauth::Parameters;

use super::progress::{self, PARAMETER};
use super::respond::{failed, page_error};
use super::{PATH, again, refused};
use crate::app::App;
use crate::request::RequestContext;

/// Whether an address of this request would be too long, once it says what the user did.
pub(super) fn is_too_long(app: &App, query: &str) -> bool {
    let beside =
        app.urls.base().len() + PATH.len() + "/sign-in?&=".len() + PARAMETER.len() + progress::MAX_LEN;
    query.len() + beside > app.limits.target_bytes
}

/// Keeps a request that is too long, and sends the browser on with what stands for it.
pub(super) async fn shorten(app: &App, context: &RequestContext, parameters: Parameters) -> Response {
    let kept = app.authority.keep_long_request(parameters, context.network(), app.clock.now()).await;
    go_on_with(app, context, kept).await
}

/// Sends the browser on with what stands for its request, or says why nothing does.
pub(super) async fn go_on_with(
    app: &App,
    context: &RequestContext,
    instead: Result<Parameters, RequestObjectError>,
) -> Response {
    match instead {
        Ok(instead) => again(instead, app),
        Err(RequestObjectError::Redirect(error)) => refused(app, context, &error).await,
        Err(RequestObjectError::Page(error)) => page_error(context, error),
        Err(RequestObjectError::Failed(error)) => failed(context, &error),
    }
}
