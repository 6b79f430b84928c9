//! The page with the field for the code.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use http::header;
use jeton_authority::authorization::SignedIn;
use jeton_authority::device::UserCode;
use jeton_authority::{FindDeviceError, FormVerdict, FoundDevice};

use super::super::authorize::{failed, malformed};
use super::{PATH, USER_CODE, Why, to_code_page, to_confirm};
use crate::app::App;
use crate::endpoints::oauth::client_request::context;
use crate::interaction::{Browser, Seal, browser};
use crate::pages::{DeviceCodePage, DeviceDecidedPage, Forms, page};
use crate::request::{RequestContext, form};

/// `GET /device`: the field for the code, filled where the address has one; or what its user decided.
pub(crate) async fn begin(State(app): State<Arc<App>>, mut request: Request) -> Response {
    let context = context(&mut request);
    let (parts, _) = request.into_parts();
    let browser = match browser(&app, &parts).await {
        Ok(browser) => browser,
        Err(error) => return failed(&context, &error),
    };
    let query = match form::of_query(&parts) {
        Ok(query) => query,
        Err(error) => {
            tracing::debug!(request = context.id(), "{error}");
            return code_page(&app, &browser, "", Some(Why::Unreadable));
        }
    };
    let given = query.get(USER_CODE).unwrap_or_default();
    let why = Why::of_query(&query);
    let Ok(code) = UserCode::parse(given) else { return code_page(&app, &browser, given, why) };
    match decided_here(&app, &browser, &code).await {
        Ok(Some(device)) => decided_page(&app, &browser, &device),
        Ok(None) => code_page(&app, &browser, &code.to_string(), why),
        Err(error) => failed(&context, &error),
    }
}

/// The device under a code, if who is signed in decided about it. Nobody else is told anything, so this is no guess.
async fn decided_here(
    app: &App,
    browser: &Browser,
    code: &UserCode,
) -> Result<Option<FoundDevice>, jeton_authority::OAuthError> {
    let Some(signed_in) = &browser.signed_in else { return Ok(None) };
    let device = app.authority.known_device(code.clone(), app.clock.now()).await?;
    Ok(device.filter(|device| is_decided_by(device, signed_in)))
}

pub(super) fn is_decided_by(device: &FoundDevice, signed_in: &SignedIn) -> bool {
    device.decided.is_some_and(|decided| decided.by == signed_in.user.id)
}

/// `POST /device`: a code.
pub(crate) async fn post_code(State(app): State<Arc<App>>, mut request: Request) -> Response {
    let context = context(&mut request);
    let (parts, body) = request.into_parts();
    let form = match form::of_typed_body(&parts, body, &app.limits).await {
        Ok(form) => form,
        Err(error) if error.is_compressed() => return malformed(&context, &error),
        Err(error) => {
            tracing::debug!(request = context.id(), "{error}");
            return to_code_page(&app, None, Some(Why::Unreadable));
        }
    };
    let browser = match browser(&app, &parts).await {
        Ok(browser) => browser,
        Err(error) => return failed(&context, &error),
    };
    let typed = form.get(USER_CODE).unwrap_or_default();
    // A stale form is as good as a fresh one here: a code says nothing about an account, and is looked up for whoever is signed in.
    if Seal::DeviceCode.judge(&app, &browser, &form) == FormVerdict::Foreign {
        let code = UserCode::parse(typed).ok();
        return to_code_page(&app, code.as_ref(), Some(Why::of_foreign(&browser)));
    }
    match find(&app, &context, &browser, typed).await {
        Ok(device) => to_confirm(&app, &browser, &device.user_code, None),
        Err(response) => *response,
    }
}

/// The device of a code; where there is none, the page says so beside the field.
async fn find(
    app: &App,
    context: &RequestContext,
    browser: &Browser,
    typed: &str,
) -> Result<FoundDevice, Box<Response>> {
    let (request, network) = (context.id(), context.network());
    let (caller, signed_in) = (context.caller(), browser.signed_in.as_ref());
    let error = match app.authority.find_device(typed, caller, signed_in, app.clock.now()).await {
        Ok(device) => return Ok(device),
        Err(FindDeviceError::Failed(error)) => return Err(failed(context, &error).into()),
        Err(error) => error,
    };
    tracing::info!(request, code = error.code(), %network, "user code refused");
    let why = match error {
        FindDeviceError::NoCode(error) => Why::of_no_code(error),
        FindDeviceError::Throttled { retry_after } => Why::Throttled { wait: retry_after.as_secs().max(1) },
        _ => Why::Unknown,
    };
    // What is no code may be anything, a password too, and has no place in an address.
    Err(to_code_page(app, UserCode::parse(typed).ok().as_ref(), Some(why)).into())
}

fn code_page(app: &App, browser: &Browser, typed: &str, why: Option<Why>) -> Response {
    let username = browser.signed_in.as_ref().map(|signed_in| signed_in.user.username.as_str());
    let sentence = why.map(|why| why.sentence(username, app.clock.now()));
    let (problem, notice) = match why.map(Why::is_problem) {
        Some(true) => (sentence.as_deref(), None),
        _ => (None, sentence.as_deref()),
    };
    let shown = DeviceCodePage {
        action: &app.urls.local(PATH),
        form_token: &Seal::DeviceCode.token(app, browser),
        user_code: typed,
        is_given: !typed.is_empty() && why.is_none(),
        problem,
        notice,
    };
    let mut response =
        page(&app.urls, why.map_or(http::StatusCode::OK, Why::status), &shown, Forms::StayHere);
    if let Some(seconds) = why.and_then(|why| why.wait(app.clock.now())) {
        response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    browser.introduce(app, &mut response);
    response
}

/// What was decided, for who decided it.
pub(super) fn decided_page(app: &App, browser: &Browser, device: &FoundDevice) -> Response {
    let shown = DeviceDecidedPage {
        client: device.client.name(),
        allowed: device.decided.is_some_and(|decided| decided.allowed),
        another: &app.urls.local(PATH),
    };
    let mut response = page(&app.urls, http::StatusCode::OK, &shown, Forms::StayHere);
    browser.introduce(app, &mut response);
    response
}
