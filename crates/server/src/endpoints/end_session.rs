//! `/end_session`: signing out at this browser, at a client's wish or one's own (OpenID Connect RP-Initiated Logout).

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use http::request::Parts;
use http::{HeaderValue, Method, StatusCode, header};
use jeton_authority::authorization::SignedIn;
use jeton_authority::{EndSession, EndSessionError, EndSessionRequest, OAuthError};
use jeton_oauth::Parameters;

use super::authorize::{failed, stale_form};
use super::client_request::context;
use crate::app::App;
use crate::pages::{DonePage, SignOutPage, SignOutRefusedPage, SignedOutPage, isolated, page};
use crate::request::{RequestContext, form, logged};

/// Where it is.
pub(crate) const PATH: &str = "/end_session";

/// What its forms are sealed for.
fn purpose(signed_in: &SignedIn) -> String {
    format!("sign-out {}", signed_in.session.id)
}

/// `GET` with the request in the query, or `POST` with it in the body.
pub(crate) async fn begin(State(app): State<Arc<App>>, mut request: Request) -> Response {
    let context = context(&mut request);
    let (parts, body) = request.into_parts();
    let parameters = if parts.method == Method::POST {
        match form::of_body(&parts, body, &app.limits).await {
            // The browser sends its cookie only with the redirect that follows.
            Ok(parameters) => return again(&app, &parameters),
            Err(error) => Err(error),
        }
    } else {
        form::of_query(&parts)
    };
    let parameters = match parameters {
        Ok(parameters) => parameters,
        Err(error) => return super::authorize::malformed(&context, &error),
    };
    match end(&app, &parts, &parameters).await {
        Ok(response) => response,
        Err(error) => refused(&context, &error),
    }
}

/// Tells the user that the request is not followed. Nobody was signed out, and nobody goes anywhere.
fn refused(context: &RequestContext, error: &EndSessionError) -> Response {
    if let EndSessionError::Failed(error) = error {
        return failed(context, error);
    }
    let request = context.id();
    let (client, uri) = match error {
        EndSessionError::PostLogoutRedirectUri { client, uri } => (Some(logged(client)), Some(logged(uri))),
        _ => (None, None),
    };
    tracing::info!(
        request,
        code = error.code(),
        client,
        post_logout_redirect_uri = uri,
        "sign-out refused: {error}"
    );
    let shown = SignOutRefusedPage { reason: &error.to_string(), action: PATH, code: error.code(), request };
    page(StatusCode::BAD_REQUEST, &shown, None, None)
}

fn again(app: &App, parameters: &Parameters) -> Response {
    let target = format!("{}{PATH}?{}", app.authority.settings().issuer, parameters.to_query());
    crate::interaction::see_other(&target)
}

async fn end(app: &App, parts: &Parts, parameters: &Parameters) -> Result<Response, EndSessionError> {
    let asked = app.authority.end_session_request(parameters).await?;
    let signed_in = signed_in(app, parts).await?;
    match (app.authority.decide_end_session(&asked, signed_in.as_ref()), signed_in) {
        (EndSession::AtOnce, Some(signed_in)) => sign_out(app, &asked, &signed_in).await,
        (EndSession::Ask, Some(signed_in)) => Ok(ask(app, parts, parameters, &asked, &signed_in)),
        _ => {
            if let Some(grant) = app.authority.end_hinted_grant(&asked, app.clock.now()).await? {
                tracing::info!(%grant, "signed out of one client");
            }
            Ok(gone(app, &asked))
        }
    }
}

async fn signed_in(app: &App, parts: &Parts) -> Result<Option<SignedIn>, EndSessionError> {
    match app.cookies.session(&parts.headers) {
        Some(secret) => {
            Ok(app.authority.signed_in(&secret, app.clock.now()).await.map_err(OAuthError::from)?)
        }
        None => Ok(None),
    }
}

fn ask(
    app: &App,
    parts: &Parts,
    parameters: &Parameters,
    asked: &EndSessionRequest,
    signed_in: &SignedIn,
) -> Response {
    // The form is bound to the session, whose secret only this browser has.
    let browser = app.cookies.session(&parts.headers);
    let browser = browser.as_ref().map_or("", |secret| secret.expose());
    let shown = SignOutPage {
        username: signed_in.user.username.as_str(),
        client: asked.client.as_ref().map(|client| client.name()),
        action: &format!("{PATH}/confirm?{}", parameters.to_query()),
        form_token: &app.authority.form_token(browser, &purpose(signed_in)),
    };
    let target = asked.post_logout_redirect_uri.as_ref().map(|uri| uri.origin());
    page(StatusCode::OK, &shown, target, None)
}

/// `POST /end_session/confirm`: yes or no.
pub(crate) async fn confirm(State(app): State<Arc<App>>, mut request: Request) -> Response {
    let context = context(&mut request);
    let (parts, body) = request.into_parts();
    let form = match form::of_body(&parts, body, &app.limits).await {
        Ok(form) => form,
        Err(error) => return super::authorize::malformed(&context, &error),
    };
    match confirmed(&app, &context, &parts, &form).await {
        Ok(response) => response,
        Err(error) => refused(&context, &error),
    }
}

async fn confirmed(
    app: &App,
    context: &RequestContext,
    parts: &Parts,
    form: &Parameters,
) -> Result<Response, EndSessionError> {
    let parameters = form::of_query(parts).unwrap_or_default();
    let asked = app.authority.end_session_request(&parameters).await?;
    let Some(signed_in) = signed_in(app, parts).await? else { return Ok(gone(app, &asked)) };
    let browser = app.cookies.session(&parts.headers);
    let browser = browser.as_ref().map_or("", |secret| secret.expose());
    let presented = form.get("form_token").unwrap_or_default();
    if !app.authority.is_form_token(browser, &purpose(&signed_in), presented) {
        return Ok(stale_form(context));
    }
    match form.get("action") {
        Some("sign_out") => sign_out(app, &asked, &signed_in).await,
        Some("sign_out_everywhere") => {
            let user = signed_in.user.id;
            let grants = app.authority.sign_out_everywhere(user, app.clock.now()).await?;
            tracing::info!(%user, grants, "signed out everywhere");
            Ok(gone(app, &asked))
        }
        // Nothing happened. The client is told nothing, but the user may go on there.
        _ => Ok(match asked.redirect() {
            Some(target) => crate::interaction::see_other(&target),
            None => still_signed_in(&signed_in),
        }),
    }
}

async fn sign_out(
    app: &App,
    asked: &EndSessionRequest,
    signed_in: &SignedIn,
) -> Result<Response, EndSessionError> {
    let ended = app.authority.sign_out_browser(signed_in.session.id, app.clock.now()).await;
    ended.map_err(OAuthError::from)?;
    tracing::info!(user = %signed_in.user.id, "signed out at a browser");
    Ok(gone(app, asked))
}

/// Nothing happened, and there is nowhere to go.
fn still_signed_in(signed_in: &SignedIn) -> Response {
    let text = format!("As {}, at this browser.", isolated(signed_in.user.username.as_str()));
    page(StatusCode::OK, &DonePage { title: "You are still signed in", text: &text }, None, None)
}

/// Nobody is signed in any more.
fn gone(app: &App, asked: &EndSessionRequest) -> Response {
    const EVERYTHING: HeaderValue = HeaderValue::from_static("\"cache\"");
    let mut response = match asked.redirect() {
        Some(target) => crate::interaction::see_other(&target),
        None => page(StatusCode::OK, &SignedOutPage, None, None),
    };
    let headers = response.headers_mut();
    headers.append(header::SET_COOKIE, app.cookies.clear_session());
    headers.insert("clear-site-data", EVERYTHING);
    response
}
