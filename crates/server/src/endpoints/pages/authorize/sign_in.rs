//! The step of signing in.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use http::{HeaderValue, StatusCode, header};
use jeton_authority::authorization::{Identified, SignedIn};
use jeton_authority::password::Password;
use jeton_authority::session::SessionSecret;
use jeton_authority::user::Username;
use jeton_authority::{FormVerdict, SignInError, StaleForm};
use jeton_oauth::Parameters;
use jeton_oauth::authorization::Prompt;

use super::notice::Notice;
use super::progress::{Answer, Progress};
use super::{Step, add_cookie, read_form, reason};
use crate::app::App;
use crate::interaction::{Browser, Seal, see_other};
use crate::pages::{Forms, SignInPage, SignedInAs, page as send};
use crate::request::RequestContext;

/// The page on which somebody signs in. Nothing but the password has to be typed twice. Going on as who is signed in is offered
/// where the user has to choose or pressed something that did nothing, and only where the request lets them.
pub(super) fn page(app: &App, step: &Step, notice: Option<Notice>) -> Response {
    let request = &step.request;
    let offered = notice.is_some() || request.prompt.contains(&Prompt::SelectAccount);
    let signed_in = step.browser.signed_in.as_ref();
    let signed_in = signed_in.filter(|signed_in| offered && step.may_continue(app, signed_in));
    let continue_token = Seal::Continue { request: &step.query }.token(app, &step.browser);
    let sentence = step.sentence(app, notice);
    let shown = SignInPage {
        client: request.client.name(),
        action: &step.action(app, "/sign-in"),
        form_token: &Seal::SignIn { request: &step.query }.token(app, &step.browser),
        username: step.typed_name.as_deref().or(request.login_hint.as_deref()).unwrap_or_default(),
        problem: sentence.problem.as_deref(),
        notice: sentence.lead.as_deref(),
        signed_in_as: signed_in.map(|signed_in| SignedInAs {
            username: signed_in.user.username.as_str(),
            form_token: &continue_token,
        }),
        can_cancel: true,
    };
    let status = notice.map_or(StatusCode::OK, Notice::status);
    let mut response = send(&app.urls, status, &shown, Forms::LeadOut);
    if let Some(seconds) = sentence.retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    step.with_browser(app, response)
}

impl Step {
    fn may_continue(&self, app: &App, signed_in: &SignedIn) -> bool {
        app.authority.may_continue(&self.request, signed_in, app.clock.now())
    }

    /// Whether this is the account that is signed in.
    fn is_signed_in_as(&self, typed: &str) -> bool {
        self.browser
            .signed_in
            .as_ref()
            .is_some_and(|signed_in| signed_in.user.username.as_str() == typed.trim())
    }
}

/// `POST /authorize/sign-in`: a username and a password, or the wish to go on as who is signed in, or to go back.
pub(crate) async fn post(State(app): State<Arc<App>>, request: Request) -> Response {
    let (step, form) = match read_form(&app, request).await {
        Ok((step, Ok(form))) => (step, form),
        Ok((step, Err(error))) => return step.did_nothing(&app, Notice::of_form(&error), None),
        Err(response) => return *response,
    };
    if form.get("action") == Some("continue") {
        return go_on(&app, &step, &form);
    }
    let verdict = Seal::SignIn { request: &step.query }.judge(&app, &step.browser, &form);
    let typed = form.get("username").unwrap_or_default();
    // Going back gives nothing away, however long ago the page was shown.
    if form.get("action") == Some("cancel") && verdict != FormVerdict::Foreign {
        return step.shown_again(&app, &step.progress.answered(&step.browser, Answer::Cancelled));
    }
    match verdict {
        FormVerdict::Current => {}
        // They pressed twice, or signed in in another tab: it is the account that they ask for.
        FormVerdict::Stale(StaleForm::Account) if step.is_signed_in_as(typed) => {}
        verdict => {
            return step.did_nothing(&app, reason(verdict).unwrap_or(Notice::Foreign), Some(typed));
        }
    }
    let before = step.browser.secret.as_ref();
    let (cookie, signed_in) = match try_sign_in(&app, &step.context, before, &form).await {
        Ok(signed_in) => signed_in,
        Err(notice) => return step.did_nothing(&app, notice, Some(typed)),
    };
    let browser = Browser { signed_in: Some(signed_in), ..step.browser.clone() };
    let progress = Progress::identified(&browser, Identified::BySignIn);
    let mut response = see_other(&step.target(&app, "", &progress.seal(&app, &browser, &step.query)));
    add_cookie(&mut response, Some(cookie));
    add_cookie(&mut response, step.typed_name.as_ref().map(|_| app.cookies.clear_typed_name()));
    response
}

/// Goes on as who is signed in, where the page offered it and the request still lets them.
fn go_on(app: &App, step: &Step, form: &Parameters) -> Response {
    let verdict = Seal::Continue { request: &step.query }.judge(app, &step.browser, form);
    match (reason(verdict), &step.browser.signed_in) {
        (None, Some(signed_in)) if step.may_continue(app, signed_in) => {
            step.shown_again(app, &Progress::identified(&step.browser, Identified::ByChoice))
        }
        // The sign-in has become too old while the page was open.
        (None, _) => step.did_nothing(app, Notice::Expired, None),
        (Some(notice), _) => step.did_nothing(app, notice, None),
    }
}

/// Has the browser remember that this user signed in there, so that the throttle knows it again.
pub(in crate::endpoints) fn remember_browser(app: &App, context: &RequestContext, username: &str) {
    let cookie = app.authority.remember_browser(context.browser.as_ref(), username);
    context.remember_browser(app.cookies.set_known(&cookie));
}

/// Signs in with what was typed, or says why not.
pub(in crate::endpoints) async fn try_sign_in(
    app: &App,
    context: &RequestContext,
    before: Option<&SessionSecret>,
    form: &Parameters,
) -> Result<(HeaderValue, SignedIn), Notice> {
    let username = form.get("username").unwrap_or_default();
    if username.trim().is_empty() {
        return Err(Notice::Incomplete);
    }
    Username::parse(username.trim()).map_err(Notice::of_username)?;
    let password = form.get("password").unwrap_or_default();
    let password = Password::parse(password).map_err(Notice::of_password)?;
    let (request, network, now) = (context.id(), context.network(), app.clock.now());
    let caller = context.caller();
    let error = match app.authority.sign_in_browser(username, password, before, caller, now).await {
        Ok((secret, signed_in)) => {
            remember_browser(app, context, signed_in.user.username.as_str());
            tracing::info!(request, user = %signed_in.user.id, %network, "signed in at a browser");
            return Ok((app.cookies.set_session(&secret), signed_in));
        }
        Err(error) => error,
    };
    match &error {
        SignInError::Refused => {
            tracing::info!(request, code = error.code(), %network, "sign-in at a browser refused");
        }
        SignInError::Throttled { .. } => {
            tracing::info!(request, code = error.code(), %network, "sign-in at a browser throttled");
        }
        _ => tracing::warn!(request, code = error.code(), "{error}"),
    }
    Err(Notice::of_sign_in(&error, now))
}
