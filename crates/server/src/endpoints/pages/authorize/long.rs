//! Requests that are too long for a URL: the authority stores them, and the browser continues with a reference. So a
//! request may be as long as a body, and each of its pages has a URL that every proxy forwards.

use axum::response::Response;
use jeton_oauth::Parameters;

use super::again;
use super::progress::{self, PARAMETER};
use crate::app::App;
use crate::interaction::PageError;
use crate::request::RequestContext;
use crate::urls::path::AUTHORIZE_SIGN_IN;

/// Whether a URL of this request would be too long with the user's progress.
pub(super) fn is_too_long(app: &App, query: &str) -> bool {
    let beside =
        app.urls.base().len() + AUTHORIZE_SIGN_IN.len() + "?&=".len() + PARAMETER.len() + progress::MAX_LEN;
    query.len() + beside > app.limits.target_bytes
}

/// Whether it would be too long within the query of another URL.
pub(super) fn is_too_long_twice(app: &App, query: &str) -> bool {
    let within: Parameters = [("back", query)].into_iter().collect();
    is_too_long(app, &within.to_query())
}

/// Stores a request that is too long, and redirects the browser with a reference to it.
pub(super) async fn shorten(
    app: &App,
    context: &RequestContext,
    parameters: Parameters,
) -> Result<Response, PageError> {
    let (network, now) = (context.network(), app.clock.now());
    Ok(again(app, app.authority.authorization().keep_long_request(parameters, network, now).await?))
}
