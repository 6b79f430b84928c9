//! `/reset`: a user who forgot their password sets a new one, by a mail.
//!
//! Every name that is typed leads to the same pages, whether somebody has it or not. The mail has a link and a code, and both count in
//! the browser that asked alone. Opening the link changes nothing: programs that scan mail open links, run scripts and press buttons,
//! without this browser's cookie.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use http::StatusCode;
use http::request::Parts;
use jeton_authority::password::{Password, PasswordError};
use jeton_authority::reset::ResetVerdict;
use jeton_authority::{FormVerdict, ResetError, StaleForm};
use jeton_oauth::Parameters;

use crate::app::App;
use crate::interaction::{BadNewPassword, Browser, Elsewhere, PageError, Query, Seal};
use crate::pages::{
    Forms, ResetAskPage, ResetLinkPage, ResetOverPage, ResetPasswordPage, ResetSentPage, page,
};
use crate::request::{RequestContext, form};
use crate::urls::path::{ACCOUNT, RESET, RESET_CODE, RESET_DONE, RESET_LINK, RESET_PASSWORD, RESET_SENT};

/// The parameter with what a request goes by.
const REQUEST: &str = "request";
/// The parameter with what a link contains besides.
const TOKEN: &str = "token";

const EXPIRED: &str = "The page was open for too long, or comes from another browser. Please try again.";
const BUSY: &str = "Too many people are signing in at the moment. Please try again.";
const NO_COOKIES: &str = "Your browser sent no cookies. Allow cookies for this page, and try again.";

/// `GET /reset`: the field for a name.
pub(crate) async fn ask(State(app): State<Arc<App>>, browser: Browser) -> Result<Response, PageError> {
    Ok(match app.authority.password_resets().are_offered() {
        true => ask_page(&app, &browser, StatusCode::OK, "", None),
        false => over_page(&app, &browser),
    })
}

/// `POST /reset`: a name or an address.
pub(crate) async fn post_ask(
    State(app): State<Arc<App>>,
    context: RequestContext,
    browser: Browser,
    request: Request,
) -> Result<Response, PageError> {
    let (_, form) = posted(&app, request).await?;
    let resets = app.authority.password_resets();
    if !resets.are_offered() {
        return Ok(over_page(&app, &browser));
    }
    let typed = form.get("username").unwrap_or_default();
    let again = |status, problem: &str| Ok(ask_page(&app, &browser, status, typed, Some(problem)));
    if let Some(stale) = stale(Seal::Reset { about: RESET }, &app, &browser, &form) {
        return again(StatusCode::BAD_REQUEST, stale);
    }
    if typed.trim().is_empty() {
        return again(StatusCode::BAD_REQUEST, "Enter your username or your e-mail address.");
    }
    match resets.ask(typed, &browser.name, &context.caller(), app.clock.now()).await {
        Ok(request) => Ok(to(&app, RESET_SENT, &request)),
        Err(ResetError::Throttled { retry_after }) => {
            tracing::info!(request = context.id(), code = "password_reset_throttled", network = %context.network(), "no mail asked for");
            let minutes = retry_after.as_secs().div_ceil(60).max(1);
            let wait = if minutes == 1 { "a minute".to_owned() } else { format!("{minutes} minutes") };
            let problem =
                format!("A mail was asked for several times. Look into your inbox, or try again in {wait}.");
            again(StatusCode::TOO_MANY_REQUESTS, &problem)
        }
        // No password is chosen yet.
        Err(ResetError::Busy(_) | ResetError::Weak(_)) => again(StatusCode::SERVICE_UNAVAILABLE, BUSY),
        Err(ResetError::Store(error)) => Err(PageError::Failed(error.into())),
    }
}

/// `GET /reset/sent`: what to do with the mail. It is the same for every name.
pub(crate) async fn sent(
    State(app): State<Arc<App>>,
    browser: Browser,
    Query(query): Query,
) -> Result<Response, PageError> {
    Ok(sent_page(&app, &browser, StatusCode::OK, request_of(&query), None))
}

/// `POST /reset/code`: the code of the mail.
pub(crate) async fn post_code(
    State(app): State<Arc<App>>,
    browser: Browser,
    request: Request,
) -> Result<Response, PageError> {
    let (query, form) = posted(&app, request).await?;
    let request = request_of(&query);
    let again = |status, problem: &str| Ok(sent_page(&app, &browser, status, request, Some(problem)));
    if let Some(stale) = stale(Seal::Reset { about: request }, &app, &browser, &form) {
        return again(StatusCode::BAD_REQUEST, stale);
    }
    let typed = form.get("code").unwrap_or_default();
    let resets = app.authority.password_resets();
    match resets.type_code(request, typed, &browser.name, app.clock.now()).await? {
        ResetVerdict::Proved => Ok(to(&app, RESET_PASSWORD, request)),
        ResetVerdict::TooMany => {
            again(StatusCode::TOO_MANY_REQUESTS, "There were too many wrong codes. Ask for a new mail.")
        }
        ResetVerdict::Wrong | ResetVerdict::AnotherBrowser => again(
            StatusCode::BAD_REQUEST,
            "This code is wrong or too old. Use the code of the latest mail, or ask for a new one.",
        ),
    }
}

/// `GET /reset/link`: the link of the mail. It changes nothing.
pub(crate) async fn link(
    State(app): State<Arc<App>>,
    browser: Browser,
    Query(query): Query,
) -> Result<Response, PageError> {
    let request = request_of(&query);
    let is_here =
        !browser.is_new && app.authority.password_resets().is_of_this_browser(request, &browser.name).await?;
    Ok(link_page(&app, &browser, &query, is_here))
}

/// `POST /reset/link`: the button.
pub(crate) async fn post_link(
    State(app): State<Arc<App>>,
    browser: Browser,
    request: Request,
) -> Result<Response, PageError> {
    let (query, form) = posted(&app, request).await?;
    let (request, token) = (request_of(&query), query.get(TOKEN).unwrap_or_default());
    let resets = app.authority.password_resets();
    if stale(Seal::Reset { about: token }, &app, &browser, &form).is_some() {
        let is_here = !browser.is_new && resets.is_of_this_browser(request, &browser.name).await?;
        return Ok(link_page(&app, &browser, &query, is_here));
    }
    match resets.follow_link(request, token, &browser.name, app.clock.now()).await? {
        ResetVerdict::Proved => Ok(to(&app, RESET_PASSWORD, request)),
        ResetVerdict::AnotherBrowser => Ok(link_page(&app, &browser, &query, false)),
        ResetVerdict::Wrong | ResetVerdict::TooMany => Ok(over_page(&app, &browser)),
    }
}

/// `GET /reset/password`: the new password.
pub(crate) async fn password(
    State(app): State<Arc<App>>,
    browser: Browser,
    Query(query): Query,
) -> Result<Response, PageError> {
    password_page(&app, &browser, request_of(&query), None).await
}

/// `POST /reset/password`: the new password.
pub(crate) async fn post_password(
    State(app): State<Arc<App>>,
    browser: Browser,
    request: Request,
) -> Result<Response, PageError> {
    let (query, form) = posted(&app, request).await?;
    let request = request_of(&query);
    if let Some(stale) = stale(Seal::Reset { about: request }, &app, &browser, &form) {
        return password_page(&app, &browser, request, Some(stale)).await;
    }
    let password = match Password::parse(form.get("new_password").unwrap_or_default()) {
        Ok(password) => password,
        Err(error) => return password_page(&app, &browser, request, Some(&wrong_password(error))).await,
    };
    let resets = app.authority.password_resets();
    match resets.complete(request, &browser.name, password, app.clock.now()).await {
        Ok(true) => Ok(Elsewhere::at(RESET_DONE.to_owned()).go(&app)),
        Ok(false) => Ok(over_page(&app, &browser)),
        Err(ResetError::Weak(weak)) => {
            let why = BadNewPassword::from(weak).sentence();
            password_page(&app, &browser, request, Some(&why)).await
        }
        Err(ResetError::Busy(_) | ResetError::Throttled { .. }) => {
            password_page(&app, &browser, request, Some(BUSY)).await
        }
        Err(ResetError::Store(error)) => Err(PageError::Failed(error.into())),
    }
}

/// `GET /reset/done`: the password was set.
pub(crate) async fn done(State(app): State<Arc<App>>, browser: Browser) -> Response {
    let shown =
        ResetOverPage { is_done: true, again: &app.urls.local(RESET), sign_in: &app.urls.local(ACCOUNT) };
    shown_to(&app, &browser, StatusCode::OK, &shown)
}

/// `GET` on the URL of the form for a code.
pub(crate) async fn lead_to_sent(State(app): State<Arc<App>>, Query(query): Query) -> Response {
    to(&app, RESET_SENT, request_of(&query))
}

async fn posted(app: &App, request: Request) -> Result<(Parameters, Parameters), PageError> {
    let (parts, body) = request.into_parts();
    let query = query_of(&parts);
    match form::of_typed_body(&parts, body, &app.limits).await {
        Ok(form) => Ok((query, form)),
        Err(error) if error.is_compressed() => Err(error.into()),
        // It has no token, so it has no effect, and the page is shown again.
        Err(_) => Ok((query, Parameters::default())),
    }
}

fn query_of(parts: &Parts) -> Parameters {
    form::of_query(parts).unwrap_or_default()
}

fn request_of(query: &Parameters) -> &str {
    query.get(REQUEST).unwrap_or_default()
}

/// Why a form has no effect, if it has none.
fn stale(seal: Seal<'_>, app: &App, browser: &Browser, form: &Parameters) -> Option<&'static str> {
    match seal.judge(app, browser, form) {
        FormVerdict::Current => None,
        FormVerdict::Foreign if browser.is_new => Some(NO_COOKIES),
        // Nothing here is about the account that is signed in.
        FormVerdict::Stale(StaleForm::Account) => None,
        FormVerdict::Stale(_) | FormVerdict::Foreign => Some(EXPIRED),
    }
}

fn address(path: &str, parameters: &[(&str, &str)]) -> String {
    let query = parameters.iter().copied().collect::<Parameters>().to_query();
    format!("{path}?{query}")
}

fn to(app: &App, path: &str, request: &str) -> Response {
    Elsewhere::at(address(path, &[(REQUEST, request)])).go(app)
}

fn shown_to(app: &App, browser: &Browser, status: StatusCode, shown: &impl askama::Template) -> Response {
    let mut response = page(&app.urls, status, shown, Forms::StayHere);
    browser.introduce(app, &mut response);
    response
}

fn ask_page(
    app: &App,
    browser: &Browser,
    status: StatusCode,
    username: &str,
    problem: Option<&str>,
) -> Response {
    let shown = ResetAskPage {
        action: &app.urls.local(RESET),
        form_token: &Seal::Reset { about: RESET }.token(app, browser),
        username,
        problem,
        sign_in: &app.urls.local(ACCOUNT),
    };
    shown_to(app, browser, status, &shown)
}

fn sent_page(
    app: &App,
    browser: &Browser,
    status: StatusCode,
    request: &str,
    problem: Option<&str>,
) -> Response {
    let shown = ResetSentPage {
        action: &app.urls.local(&address(RESET_CODE, &[(REQUEST, request)])),
        form_token: &Seal::Reset { about: request }.token(app, browser),
        problem,
        again: &app.urls.local(RESET),
    };
    shown_to(app, browser, status, &shown)
}

fn link_page(app: &App, browser: &Browser, query: &Parameters, is_here: bool) -> Response {
    let (request, token) = (request_of(query), query.get(TOKEN).unwrap_or_default());
    let shown = ResetLinkPage {
        action: &app.urls.local(&address(RESET_LINK, &[(REQUEST, request), (TOKEN, token)])),
        form_token: &Seal::Reset { about: token }.token(app, browser),
        is_here,
        again: &app.urls.local(RESET),
    };
    shown_to(app, browser, StatusCode::OK, &shown)
}

async fn password_page(
    app: &App,
    browser: &Browser,
    request: &str,
    problem: Option<&str>,
) -> Result<Response, PageError> {
    let proved = app.authority.password_resets().proved(request, &browser.name, app.clock.now()).await?;
    let Some(user) = proved.filter(|_| !browser.is_new) else { return Ok(over_page(app, browser)) };
    let shown = ResetPasswordPage {
        action: &app.urls.local(&address(RESET_PASSWORD, &[(REQUEST, request)])),
        form_token: &Seal::Reset { about: request }.token(app, browser),
        username: user.username.as_str(),
        problem,
    };
    let status = if problem.is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    Ok(shown_to(app, browser, status, &shown))
}

fn over_page(app: &App, browser: &Browser) -> Response {
    let shown =
        ResetOverPage { is_done: false, again: &app.urls.local(RESET), sign_in: &app.urls.local(ACCOUNT) };
    let status = match app.authority.password_resets().are_offered() {
        true => StatusCode::BAD_REQUEST,
        false => StatusCode::NOT_FOUND,
    };
    shown_to(app, browser, status, &shown)
}

fn wrong_password(error: PasswordError) -> String {
    match error {
        PasswordError::Empty => "Enter a new password.".to_owned(),
        PasswordError::TooLong { .. } => "This password is too long.".to_owned(),
        _ => "A password cannot contain line breaks or null characters.".to_owned(),
    }
}
