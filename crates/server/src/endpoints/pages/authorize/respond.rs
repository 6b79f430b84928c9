//! The ends of an authorization: back to the client, or a page that says why not.

use std::time::Duration;

use axum::response::Response;
use base64_turbo::STANDARD;
use http::{HeaderValue, StatusCode, header};
use jeton_authority::authorization::{AuthorizationResponse, PageError};
use jeton_authority::store::StoreError;
use jeton_authority::{IdentifyError, OAuthError};
use jeton_oauth::Parameters;
use jeton_oauth::authorization::ResponseMode;
use jeton_oauth::client::ClientId;
use sha2::{Digest, Sha256};

use crate::app::App;
use crate::error::ApiError;
use crate::interaction::see_other;
use crate::pages::{ErrorPage, FormPostPage, Forms, WayOn, page, with_script};
use crate::request::{FormError, RequestContext};

/// Posts the form as soon as the page is there.
const SUBMIT: &str = "document.forms[0].submit()";

/// Sends the browser back to the client.
pub(super) async fn go(app: &App, context: &RequestContext, response: &AuthorizationResponse) -> Response {
    let parameters = match app.authority.answer_parameters(response, app.clock.now()).await {
        Ok(parameters) => parameters,
        Err(IdentifyError::Page(error)) => return page_error(context, error),
        Err(IdentifyError::Failed(error)) => return failed(context, &error),
    };
    let uri = response.redirect_uri.as_str();
    match response.mode.carrier() {
        ResponseMode::FormPost => form_post(app, uri, &parameters),
        ResponseMode::Fragment => see_other(&format!("{uri}#{}", parameters.to_query())),
        _ => {
            let joint = if uri.contains('?') { '&' } else { '?' };
            see_other(&format!("{uri}{joint}{}", parameters.to_query()))
        }
    }
}

fn form_post(app: &App, uri: &str, parameters: &Parameters) -> Response {
    let form = FormPostPage { action: uri, parameters: parameters.iter().collect(), script: SUBMIT };
    let page = page(&app.urls, StatusCode::OK, &form, Forms::LeadOut);
    with_script(page, &STANDARD.encode(Sha256::digest(SUBMIT)))
}

/// A request that cannot be answered with a redirect.
pub(super) fn page_error(context: &RequestContext, error: PageError) -> Response {
    let request = context.id();
    let (client, redirect_uri) = (context.client_id(), context.redirect_uri());
    tracing::info!(
        request,
        code = error.code(),
        client,
        network = %context.network(),
        redirect_uri,
        "authorization request refused: {error}"
    );
    let text = "The application that sent you here made a mistake. Go back to it and try again; if that does not help, tell those \
                who look after it.";
    let error =
        ErrorPage { title: "This link does not work", text, way_on: None, code: error.code(), request };
    page(&context.urls, StatusCode::BAD_REQUEST, &error, Forms::StayHere)
}

/// A kept request that is no longer known: it was used, or took too long, or never was one. That need be nobody's mistake.
pub(super) async fn page_error_of(app: &App, context: &RequestContext, client: Option<&str>) -> Response {
    let error = PageError::RequestUri;
    let (request, code) = (context.id(), error.code());
    tracing::info!(request, code, client = context.client_id(), "authorization request refused: {error}");
    let client = match client.and_then(|id| ClientId::parse(id).ok()) {
        Some(id) => app.authority.client(&id).await.ok().flatten(),
        None => None,
    };
    // The front page of the application, which can begin again.
    let front = client.as_deref().and_then(|client| {
        let origin = client.metadata.redirect_uris.first()?.origin();
        origin.starts_with("http").then_some(WayOn { href: origin, name: client.name() })
    });
    let text = "It took too long, or it was completed before. Go back to the application and start again.";
    let shown = ErrorPage { title: "This sign-in cannot be continued", text, way_on: front, code, request };
    page(&context.urls, StatusCode::BAD_REQUEST, &shown, Forms::StayHere)
}

/// A request that cannot be read.
pub(crate) fn malformed(context: &RequestContext, error: &FormError) -> Response {
    if error.is_compressed() {
        return ApiError::from(error.clone()).into_response(context);
    }
    tracing::debug!(request = context.id(), "{error}");
    page_error(context, PageError::Malformed)
}

/// A request that the browser made by itself: ahead of a click, for an image, or to look at the headers. Nothing was done; where
/// it was made ahead, the browser makes it again once it is meant.
pub(crate) fn not_a_navigation(context: &RequestContext) -> Response {
    let request = context.id();
    tracing::debug!(request, code = "not_a_navigation", "request of a browser without a user refused");
    let text =
        "This page was loaded in the background, so nothing was done. Open the link again to continue.";
    let error =
        ErrorPage { title: "Open this page again", text, way_on: None, code: "not_a_navigation", request };
    let mut response = page(&context.urls, StatusCode::SERVICE_UNAVAILABLE, &error, Forms::StayHere);
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    response
}

/// Its network asks for more than it may.
fn throttled(context: &RequestContext, retry_after: Duration) -> Response {
    let request = context.id();
    tracing::info!(request, code = "request_throttled", client = context.client_id(), "request refused");
    let text = "Too many requests came from your network. Wait a moment and try again.";
    let error =
        ErrorPage { title: "Too many requests", text, way_on: None, code: "request_throttled", request };
    let mut response = page(&context.urls, StatusCode::TOO_MANY_REQUESTS, &error, Forms::StayHere);
    response.headers_mut().insert(header::RETRY_AFTER, retry_after.as_secs().max(1).into());
    response
}

/// Something has to be fetched for the client, and too much is fetched already.
fn turned_away(context: &RequestContext, error: &OAuthError) -> Response {
    let request = context.id();
    tracing::info!(request, code = error.code(), client = context.client_id(), "{error}");
    let text = "The application that sent you here could not be looked up at the moment. Wait a moment and try again.";
    let error = ErrorPage { title: "Please try again", text, way_on: None, code: error.code(), request };
    let mut response = page(&context.urls, StatusCode::SERVICE_UNAVAILABLE, &error, Forms::StayHere);
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
    response
}

/// Something failed here.
pub(crate) fn failed(context: &RequestContext, error: &OAuthError) -> Response {
    let request = context.id();
    let status = match error {
        OAuthError::Throttled { retry_after } => return throttled(context, *retry_after),
        OAuthError::TurnedAway(_) => return turned_away(context, error),
        OAuthError::Store(StoreError::Unavailable(_)) => {
            tracing::warn!(request, code = error.code(), "{error}");
            StatusCode::SERVICE_UNAVAILABLE
        }
        _ => {
            tracing::error!(request, code = error.code(), "{error}");
            StatusCode::INTERNAL_SERVER_ERROR
        }
    };
    let text = "That is our fault, not yours. Wait a moment and try again.";
    let error = ErrorPage { title: "Something went wrong", text, way_on: None, code: error.code(), request };
    page(&context.urls, status, &error, Forms::StayHere)
}
