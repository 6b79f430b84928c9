//! The step of signing in.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use http::{StatusCode, header};
use jeton_authority::authorization::{SignedIn, Since};
use jeton_authority::password::{Password, PasswordError};
use jeton_authority::session::SessionSecret;
use jeton_authority::user::Username;
use jeton_authority::{FormVerdict, Refusal, SignInError};
use jeton_oauth::authorization::Prompt;
use jeton_oauth::{ErrorCode, Parameters};

use super::super::client_request::context;
use super::respond::{malformed, not_a_navigation, stale_form};
use super::{Step, proceed, read, refused};
use crate::app::App;
use crate::interaction::{Seal, is_navigation};
use crate::pages::{SignInPage, SignedInAs, page as send};
use crate::request::{RequestContext, form};
use crate::respond::sentence;

/// How signing in went so far.
pub(in crate::endpoints) struct Attempt {
    pub(in crate::endpoints) status: StatusCode,
    pub(in crate::endpoints) username: Option<String>,
    pub(in crate::endpoints) problem: Option<String>,
    pub(in crate::endpoints) retry_after: Option<u64>,
}

impl Default for Attempt {
    fn default() -> Self {
        Self { status: StatusCode::OK, username: None, problem: None, retry_after: None }
    }
}

/// The page on which somebody signs in. Nothing but the password has to be typed twice.
pub(super) fn page(app: &App, step: &Step, attempt: Attempt) -> Response {
    let request = &step.request;
    let choose = request.prompt.contains(&Prompt::SelectAccount) && !request.prompt.contains(&Prompt::Login);
    let signed_in = step.browser.signed_in.as_ref().filter(|_| choose);
    let continue_token = Seal::Continue { request: &step.query() }.token(app, &step.browser);
    let shown = SignInPage {
        client: request.client.name(),
        action: &step.action("/sign-in"),
        form_token: &Seal::SignIn { request: &step.query() }.token(app, &step.browser),
        username: attempt.username.as_deref().or(request.login_hint.as_deref()).unwrap_or_default(),
        problem: attempt.problem.as_deref(),
        signed_in_as: signed_in.map(|signed_in| SignedInAs {
            username: signed_in.user.username.as_str(),
            form_token: &continue_token,
        }),
        can_cancel: true,
    };
    let mut response = send(attempt.status, &shown, Some(request.redirect_uri.origin()), None);
    if let Some(seconds) = attempt.retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    step.with_browser(app, response)
}

/// `POST /authorize/sign-in`: a username and a password, or the wish to go on as who is signed in, or to go back.
pub(crate) async fn post(State(app): State<Arc<App>>, mut request: Request) -> Response {
    let context = context(&mut request);
    let (parts, body) = request.into_parts();
    if !is_navigation(&parts) {
        return not_a_navigation(&context);
    }
    let form = match form::of_typed_body(&parts, body, &app.limits).await {
        Ok(form) => form,
        Err(error) => return malformed(&context, &error),
    };
    let mut step = match read(&app, context, &parts).await {
        Ok(step) => step,
        Err(response) => return *response,
    };
    let query = step.query();
    let goes_on = form.get("action") == Some("continue");
    let seal = if goes_on { Seal::Continue { request: &query } } else { Seal::SignIn { request: &query } };
    if seal.judge(&app, &step.browser, &form) != FormVerdict::Current {
        return stale_form(&step.context);
    }
    if form.get("action") == Some("cancel") {
        let refusal = Refusal::new(ErrorCode::AccessDenied, "the user did not want to sign in");
        return refused(&app, &step.context, &step.request.refuse(refusal)).await;
    }
    let since = Since { signed_in: true, consented: false };
    if goes_on && step.browser.signed_in.is_some() {
        return proceed(&app, step, since).await;
    }
    let before = step.browser.secret.as_ref();
    match sign_in(&app, &step.context, before, &form).await {
        Ok((cookie, signed_in)) => {
            step.browser.signed_in = Some(signed_in);
            let mut response = proceed(&app, step, since).await;
            response.headers_mut().append(header::SET_COOKIE, cookie);
            response
        }
        Err(attempt) => page(&app, &step, attempt),
    }
}

/// Has the browser remember that this user signed in there, so that the throttle knows it again.
pub(in crate::endpoints) fn remember_browser(app: &App, context: &RequestContext, username: &str) {
    let cookie = app.authority.remember_browser(context.browser.as_ref(), username);
    context.remember_browser(app.cookies.set_known(&cookie));
}

/// Signs in with what was typed.
pub(in crate::endpoints) async fn sign_in(
    app: &App,
    context: &RequestContext,
    before: Option<&SessionSecret>,
    form: &Parameters,
) -> Result<(http::HeaderValue, SignedIn), Attempt> {
    let username = form.get("username").unwrap_or_default();
    let again = |status, problem: String| Attempt {
        status,
        username: Some(username.to_owned()),
        problem: Some(problem),
        retry_after: None,
    };
    if username.trim().is_empty() {
        return Err(again(StatusCode::BAD_REQUEST, "Type your username and your password.".to_owned()));
    }
    if let Err(error) = Username::parse(username.trim()) {
        return Err(again(StatusCode::BAD_REQUEST, sentence(&error)));
    }
    let password = match Password::parse(form.get("password").unwrap_or_default()) {
        Ok(password) => password,
        Err(PasswordError::Empty) => {
            return Err(again(StatusCode::BAD_REQUEST, "Type your username and your password.".to_owned()));
        }
        Err(error) => return Err(again(StatusCode::BAD_REQUEST, sentence(&error))),
    };
    let (request, network) = (context.id(), context.network());
    let caller = context.caller();
    match app.authority.sign_in_browser(username, password, before, caller, app.clock.now()).await {
        Ok((secret, signed_in)) => {
            remember_browser(app, context, signed_in.user.username.as_str());
            tracing::info!(request, user = %signed_in.user.id, %network, "signed in at a browser");
            Ok((app.cookies.set_session(&secret), signed_in))
        }
        Err(SignInError::Refused) => {
            tracing::info!(request, code = "credentials_refused", %network, "sign-in at a browser refused");
            Err(again(
                StatusCode::BAD_REQUEST,
                "This username and password do not belong together.".to_owned(),
            ))
        }
        Err(SignInError::Throttled { retry_after }) => {
            let seconds = retry_after.as_secs().saturating_add(1);
            tracing::info!(request, code = "sign_in_throttled", %network, "sign-in at a browser throttled");
            let problem = format!("Too many wrong passwords. Wait {seconds} seconds and try again.");
            Err(Attempt { retry_after: Some(seconds), ..again(StatusCode::TOO_MANY_REQUESTS, problem) })
        }
        Err(error) => {
            tracing::warn!(request, code = error.code(), "{error}");
            let problem = "We cannot sign anybody in at the moment. Wait a little and try again.".to_owned();
            Err(Attempt { retry_after: Some(1), ..again(StatusCode::SERVICE_UNAVAILABLE, problem) })
        }
    }
}
