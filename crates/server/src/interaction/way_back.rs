//! Returning from an authorization to the client, by a redirect or by a form that the browser posts.

use axum::response::Response;
use base64_turbo::STANDARD;
use http::StatusCode;
use jeton_authority::IdentifyError;
use jeton_authority::authorization::{AuthorizationResponse, RedirectError};
use jeton_oauth::ErrorCode;
use jeton_oauth::authorization::ResponseMode;
use sha2::{Digest, Sha256};

use crate::app::App;
use crate::pages::{FormPostPage, Forms, page, with_script};
use crate::request::RequestContext;
use crate::respond::see_other;

/// Posts the form as soon as the page has loaded.
const SUBMIT: &str = "document.forms[0].submit()";

/// Sends the browser back to the client.
pub(crate) async fn go_back(app: &App, response: &AuthorizationResponse) -> Result<Response, IdentifyError> {
    let parameters = app.authority.authorization().answer_parameters(response, app.clock.now()).await?;
    let uri = response.redirect_uri.as_str();
    Ok(match response.mode.carrier() {
        ResponseMode::FormPost => {
            let form = FormPostPage { action: uri, parameters: parameters.iter().collect(), script: SUBMIT };
            let page = page(&app.urls, StatusCode::OK, &form, Forms::LeadOut);
            with_script(page, &STANDARD.encode(Sha256::digest(SUBMIT)))
        }
        ResponseMode::Fragment => see_other(&format!("{uri}#{}", parameters.to_query())),
        _ => {
            let joint = if uri.contains('?') { '&' } else { '?' };
            see_other(&format!("{uri}{joint}{}", parameters.to_query()))
        }
    })
}

/// Tells the client that its request was refused.
pub(super) async fn refused(
    app: &App,
    context: &RequestContext,
    error: &RedirectError,
) -> Result<Response, IdentifyError> {
    let refusal = &error.refusal;
    let (request, code, client) = (context.id(), refusal.code.as_str(), context.client_id());
    let cause = refusal.cause.as_deref();
    // An application that asks silently finds out so whether somebody is signed in, and may ask all the time.
    if is_answer_to_silence(refusal.code) && cause.is_none() {
        tracing::debug!(request, code, client, cause, "{refusal}");
    } else {
        tracing::info!(request, code, client, cause, "{refusal}");
    }
    go_back(app, &error.response).await
}

/// Whether this is an error for `prompt=none` that means that a page would have been needed (OpenID Connect Core
/// §3.1.2.6).
const fn is_answer_to_silence(code: ErrorCode) -> bool {
    matches!(
        code,
        ErrorCode::LoginRequired
            | ErrorCode::ConsentRequired
            | ErrorCode::InteractionRequired
            | ErrorCode::AccountSelectionRequired
    )
}
