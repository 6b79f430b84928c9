//! Requests that are too long for an address: the authority keeps them, and the browser goes on with what stands for them. So a
//! request may be as long as a body, and each page of it has an address that every proxy passes on.

use axum::response::Response;
use jeton_oauth::Parameters;

use super::again;
use super::progress::{self, PARAMETER};
use crate::app::App;
use crate::interaction::PageError;
use crate::request::RequestContext;
use crate::urls::path::AUTHORIZE_SIGN_IN;

/// Whether an address of this request would be too long, once it says what the user did.
pub(super) fn is_too_long(app: &App, query: &str) -> bool {
    let beside =
        app.urls.base().len() + AUTHORIZE_SIGN_IN.len() + "?&=".len() + PARAMETER.len() + progress::MAX_LEN;
    query.len() + beside > app.limits.target_bytes
}

/// Keeps a request that is too long, and sends the browser on with what stands for it.
pub(super) async fn shorten(
    app: &App,
    context: &RequestContext,
    parameters: Parameters,
) -> Result<Response, PageError> {
    let (network, now) = (context.network(), app.clock.now());
    Ok(again(app, app.authority.authorization().keep_long_request(parameters, network, now).await?))
}
