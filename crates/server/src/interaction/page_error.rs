//! Why a page is not shown, and what the browser gets instead. The cause is logged here, once.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use jeton_authority::authorization::{self, RedirectError};
use jeton_authority::store::StoreError;
use jeton_authority::{EndSessionError, GrantCodeError, IdentifyError, OAuthError, RequestObjectError};
use jeton_oauth::client::ClientId;

use super::way_back;
use crate::app::App;
use crate::error::ApiError;
use crate::pages::{Forms, SignOutRefusedPage, WayOn, error_page, page};
use crate::request::{FormError, RequestContext, logged};
use crate::respond::see_other;
use crate::urls::path;

/// Why a page is not shown.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PageError {
    #[error("the browser is redirected")]
    Elsewhere(Elsewhere),
    /// The application is told that its request was refused.
    #[error("{}", .0.refusal)]
    Refused(Box<RedirectError>),
    /// The browser made the request by itself: as a prefetch, for an image, or to read the headers.
    #[error("a request that the browser made without the user")]
    NotANavigation,
    #[error(transparent)]
    Malformed(#[from] FormError),
    /// The application's request cannot be answered with a redirect.
    #[error(transparent)]
    Request(#[from] authorization::PageError),
    /// The sign-out request was refused.
    #[error(transparent)]
    SignOut(#[from] EndSessionError),
    #[error(transparent)]
    Failed(#[from] OAuthError),
}

/// Another path of the authority, with cookies to set.
#[derive(Debug, Clone)]
pub(crate) struct Elsewhere {
    pub(crate) path: String,
    pub(crate) cookies: Vec<HeaderValue>,
}

impl Elsewhere {
    pub(crate) fn at(path: String) -> Self {
        Self { path, cookies: Vec::new() }
    }

    /// Redirects the browser there. The host stays the same, because the target of a form must not change the host.
    pub(crate) fn go(self, app: &App) -> Response {
        let mut response = see_other(&app.urls.local(&self.path));
        response.headers_mut().extend(self.cookies.into_iter().map(|cookie| (header::SET_COOKIE, cookie)));
        response
    }
}

/// Carries the error to [`show_page_errors`], which knows the request.
#[derive(Debug, Clone)]
struct Thrown(Arc<PageError>);

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        let mut response = Response::default();
        *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        response.extensions_mut().insert(Thrown(Arc::new(self)));
        response
    }
}

/// Answers the errors of pages and their extractors.
pub(crate) async fn show_page_errors(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let context = RequestContext::of(request.extensions());
    let mut response = next.run(request).await;
    match response.extensions_mut().remove() {
        Some(Thrown(error)) => error.answer(&app, &context).await,
        None => response,
    }
}

impl PageError {
    async fn answer(&self, app: &App, context: &RequestContext) -> Response {
        match self {
            Self::Elsewhere(to) => to.clone().go(app),
            Self::Refused(error) => match way_back::refused(app, context, error).await {
                Ok(response) => response,
                Err(IdentifyError::Page(error)) => no_redirect(context, error),
                Err(IdentifyError::Failed(error)) => failed(context, &error),
            },
            Self::NotANavigation => not_a_navigation(context),
            Self::Malformed(error) if error.is_compressed() => {
                ApiError::from(error.clone()).into_response(context)
            }
            Self::Malformed(error) => {
                tracing::debug!(request = context.id(), "{error}");
                no_redirect(context, authorization::PageError::Malformed)
            }
            Self::Request(authorization::PageError::RequestUri) => lost(app, context).await,
            Self::Request(error) => no_redirect(context, *error),
            Self::SignOut(EndSessionError::Failed(error)) | Self::Failed(error) => failed(context, error),
            Self::SignOut(error) => not_signed_out(context, error),
        }
    }
}

/// A page for an error that disappears after waiting.
fn wait_page(
    context: &RequestContext,
    status: StatusCode,
    code: &str,
    words: (&str, &str),
    seconds: u64,
) -> Response {
    let mut response = error_page(context, status, code, words, None);
    response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    response
}

/// The page for an application's request that cannot be answered with a redirect.
fn no_redirect(context: &RequestContext, error: authorization::PageError) -> Response {
    let (request, code) = (context.id(), error.code());
    let (client, redirect_uri) = (context.client_id(), context.redirect_uri());
    let network = context.network();
    tracing::info!(request, code, client, %network, redirect_uri, "authorization request refused: {error}");
    let text = "The application that sent you here made an invalid request. Go back and try again. If the problem persists, contact its support.";
    error_page(context, StatusCode::BAD_REQUEST, code, ("This link does not work", text), None)
}

/// A stored request that is no longer known: it was used, expired, or never existed. That need not be anyone's
/// mistake.
async fn lost(app: &App, context: &RequestContext) -> Response {
    let error = authorization::PageError::RequestUri;
    let (request, code, client) = (context.id(), error.code(), context.client_id());
    tracing::info!(request, code, client, "authorization request refused: {error}");
    let client = match client.and_then(|id| ClientId::parse(id).ok()) {
        Some(id) => app.authority.clients().find(&id).await.ok().flatten(),
        None => None,
    };
    // The front page of the application, which can begin again.
    let front = client.as_deref().and_then(|client| {
        let origin = client.metadata.redirect_uris.first()?.origin();
        origin.starts_with("http").then_some(WayOn { href: origin, name: client.name() })
    });
    let text = "It has expired or was already completed. Go back to the application and start again.";
    let words = ("This sign-in cannot be continued", text);
    error_page(context, StatusCode::BAD_REQUEST, code, words, front)
}

/// Nothing was done. If the browser prefetched the page, it repeats the request when the user opens it.
fn not_a_navigation(context: &RequestContext) -> Response {
    let code = "not_a_navigation";
    tracing::debug!(request = context.id(), code, "refused a request that the browser made without the user");
    let text =
        "This page was loaded in the background, so nothing was done. Open the link again to continue.";
    wait_page(context, StatusCode::SERVICE_UNAVAILABLE, code, ("Open this page again", text), 1)
}

/// The sign-out request was refused. Nobody was signed out, and the browser is not redirected.
fn not_signed_out(context: &RequestContext, error: &EndSessionError) -> Response {
    let (request, code) = (context.id(), error.code());
    let (client, post_logout_redirect_uri) = match error {
        EndSessionError::PostLogoutRedirectUri { client, uri } => (Some(logged(client)), Some(logged(uri))),
        _ => (None, None),
    };
    tracing::info!(request, code, client, post_logout_redirect_uri, "sign-out refused: {error}");
    let (reason, action) = (&error.to_string(), &context.urls.local(path::END_SESSION));
    let shown = SignOutRefusedPage { reason, action, code, request };
    page(&context.urls, StatusCode::BAD_REQUEST, &shown, Forms::StayHere)
}

fn failed(context: &RequestContext, error: &OAuthError) -> Response {
    let (request, code, client) = (context.id(), error.code(), context.client_id());
    let status = match error {
        OAuthError::Throttled { retry_after } => {
            tracing::info!(request, code = "request_throttled", client, "request refused");
            let text = "Too many requests came from your network. Wait a moment and try again.";
            let (status, seconds) = (StatusCode::TOO_MANY_REQUESTS, retry_after.as_secs().max(1));
            return wait_page(context, status, "request_throttled", ("Too many requests", text), seconds);
        }
        OAuthError::TurnedAway(_) => {
            tracing::info!(request, code, client, "{error}");
            let text = "Information about the application that sent you here is unavailable at the moment. Wait a moment and try again.";
            return wait_page(context, StatusCode::SERVICE_UNAVAILABLE, code, ("Please try again", text), 2);
        }
        OAuthError::Store(StoreError::Unavailable(_)) => {
            tracing::warn!(request, code, "{error}");
            StatusCode::SERVICE_UNAVAILABLE
        }
        _ => {
            tracing::error!(request, code, "{error}");
            StatusCode::INTERNAL_SERVER_ERROR
        }
    };
    let text = "This is a problem on our side. Wait a moment and try again.";
    error_page(context, status, code, ("Something went wrong", text), None)
}

impl From<StoreError> for PageError {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<Elsewhere> for PageError {
    fn from(to: Elsewhere) -> Self {
        Self::Elsewhere(to)
    }
}

impl From<RedirectError> for PageError {
    fn from(error: RedirectError) -> Self {
        Self::Refused(error.into())
    }
}

impl From<IdentifyError> for PageError {
    fn from(error: IdentifyError) -> Self {
        match error {
            IdentifyError::Page(error) => Self::Request(error),
            IdentifyError::Failed(error) => Self::Failed(error),
        }
    }
}

impl From<RequestObjectError> for PageError {
    fn from(error: RequestObjectError) -> Self {
        match error {
            RequestObjectError::Page(error) => Self::Request(error),
            RequestObjectError::Redirect(error) => Self::Refused(error),
            RequestObjectError::Failed(error) => Self::Failed(error),
        }
    }
}

impl From<GrantCodeError> for PageError {
    fn from(error: GrantCodeError) -> Self {
        match error {
            GrantCodeError::Refused(error) => Self::Refused(error),
            GrantCodeError::Failed(error) => Self::Failed(error),
        }
    }
}
