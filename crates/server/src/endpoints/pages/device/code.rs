//! The page with the field for the user code.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use http::StatusCode;
use jeton_authority::device::UserCode;
use jeton_authority::sign_in::SignedIn;
use jeton_authority::{FindDeviceError, FormVerdict, FoundDevice};

use super::{USER_CODE, decider, notice, to_code_page, to_confirm};
use crate::app::App;
use crate::interaction::{BadCode, Browser, Notice, PageError, Query, Seal};
use crate::pages::{DeviceCodePage, DeviceDecidedPage, Forms, page};
use crate::request::{RequestContext, form};
use crate::urls::path::DEVICE;

/// `GET /device`: the field for the code, filled in if the URL has one; or the user's decision.
pub(crate) async fn begin(
    State(app): State<Arc<App>>,
    browser: Browser,
    query: Result<Query, PageError>,
) -> Result<Response, PageError> {
    let Ok(Query(query)) = query else {
        return Ok(code_page(&app, &browser, "", Some(Notice::Unreadable)));
    };
    let given = query.get(USER_CODE).unwrap_or_default();
    let notice = notice(&query);
    let Ok(code) = UserCode::parse(given) else { return Ok(code_page(&app, &browser, given, notice)) };
    Ok(match decided_here(&app, &browser, &code).await? {
        Some(device) => decided_page(&app, &browser, &device),
        None => code_page(&app, &browser, &code.to_string(), notice),
    })
}

/// The device with a code, if the signed-in user decided about it. Nobody else gets an answer, so this does not count
/// as a guess.
async fn decided_here(
    app: &App,
    browser: &Browser,
    code: &UserCode,
) -> Result<Option<FoundDevice>, PageError> {
    let Ok(signed_in) = decider(app, browser, None, None) else { return Ok(None) };
    let device = app.authority.devices().known(code.clone(), app.clock.now()).await?;
    Ok(device.filter(|device| is_decided_by(device, signed_in)))
}

pub(super) fn is_decided_by(device: &FoundDevice, signed_in: &SignedIn) -> bool {
    device.decided.is_some_and(|decided| decided.by == signed_in.user.id)
}

/// `POST /device`: a user code.
pub(crate) async fn post_code(
    State(app): State<Arc<App>>,
    context: RequestContext,
    browser: Browser,
    request: Request,
) -> Result<Response, PageError> {
    let (parts, body) = request.into_parts();
    let form = match form::of_typed_body(&parts, body, &app.limits).await {
        Ok(form) => form,
        Err(error) if error.is_compressed() => return Err(error.into()),
        Err(_) => return Ok(to_code_page(None, Some(Notice::Unreadable)).go(&app)),
    };
    let typed = form.get(USER_CODE).unwrap_or_default();
    // A stale form is as good as a fresh one here: a code says nothing about an account, and is looked up for whoever is signed in.
    if Seal::DeviceCode.judge(&app, &browser, &form) == FormVerdict::Foreign {
        let why = if browser.is_new { Notice::NoCookies } else { Notice::Foreign };
        return Ok(to_code_page(UserCode::parse(typed).ok().as_ref(), Some(why)).go(&app));
    }
    let now = app.clock.now();
    let found = app.authority.devices().find(typed, context.caller(), browser.signed_in.as_ref(), now).await;
    let error = match found {
        Ok(device) => return Ok(to_confirm(&app, &browser, &device.user_code).go(&app)),
        Err(FindDeviceError::Failed(error)) => return Err(error.into()),
        Err(error) => error,
    };
    tracing::info!(request = context.id(), code = error.code(), network = %context.network(), "user code refused");
    let why = match error {
        FindDeviceError::NoCode(error) => error.into(),
        FindDeviceError::Throttled { retry_after } => {
            Notice::CodesThrottled { until: now.saturating_add(retry_after) }
        }
        _ => Notice::Code(BadCode::Unknown),
    };
    // What is no code may be anything, a password too, and has no place in an address.
    Ok(to_code_page(UserCode::parse(typed).ok().as_ref(), Some(why)).go(&app))
}

fn code_page(app: &App, browser: &Browser, typed: &str, notice: Option<Notice>) -> Response {
    let sentence = notice.map(|why| why.sentence(browser.username(), "", app.clock.now()));
    let sentence = sentence.unwrap_or_default();
    let shown = DeviceCodePage {
        action: &app.urls.local(DEVICE),
        form_token: &Seal::DeviceCode.token(app, browser),
        user_code: typed,
        is_given: !typed.is_empty() && notice.is_none(),
        problem: sentence.problem.as_deref(),
        notice: sentence.lead.as_deref(),
    };
    let status = notice.map_or(StatusCode::OK, Notice::status);
    let mut response = page(&app.urls, status, &shown, Forms::StayHere);
    sentence.add_retry_after(&mut response);
    browser.introduce(app, &mut response);
    response
}

/// The decision, for the user who made it.
pub(super) fn decided_page(app: &App, browser: &Browser, device: &FoundDevice) -> Response {
    let shown = DeviceDecidedPage {
        client: device.client.name(),
        allowed: device.decided.is_some_and(|decided| decided.allowed),
        another: &app.urls.local(DEVICE),
    };
    let mut response = page(&app.urls, StatusCode::OK, &shown, Forms::StayHere);
    browser.introduce(app, &mut response);
    response
}
