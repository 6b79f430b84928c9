//! `/device`: somebody types the code that a device shows, and says whether it may have what it asks for (RFC 8628 §3.3).
//!
//! A code that came with the address is not taken at its word: its user presses a button first, since a link can be sent by
//! anybody (RFC 8628 §5.4). Nothing is remembered between the steps; each form leads to the code again, under a seal.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use http::request::Parts;
use http::{StatusCode, header};
use jeton_authority::authorization::SignedIn;
use jeton_authority::store::DeviceDecided;
use jeton_authority::{DEVICE_PAGE, FindDeviceError, WaitingDevice};
use jeton_oauth::Parameters;

use super::authorize::{Attempt, failed, malformed, scope_line, sign_in_at, stale_form};
use super::client_request::context;
use crate::app::App;
use crate::interaction::{Browser, browser};
use crate::pages::{DeviceCodePage, DevicePage, DonePage, SignInPage, detail_lines, page, resource_lines};
use crate::request::{RequestContext, form};

/// Where it is.
pub(crate) const PATH: &str = DEVICE_PAGE;

/// What the form with the code is sealed for; those that follow are sealed for the code too.
const CODE_PURPOSE: &str = "device";

/// A request of one of the forms.
struct Visit {
    context: RequestContext,
    browser: Browser,
    form: Parameters,
}

/// `GET /device`: the field for the code, filled where the address has one.
pub(crate) async fn begin(State(app): State<Arc<App>>, mut request: Request) -> Response {
    let context = context(&mut request);
    let (parts, _) = request.into_parts();
    let query = match form::of_query(&parts) {
        Ok(query) => query,
        Err(error) => return malformed(&context, &error),
    };
    match browser(&app, &parts).await {
        Ok(browser) => {
            let typed = query.get("user_code").unwrap_or_default();
            code_page(&app, &browser, StatusCode::OK, typed, !typed.is_empty(), None)
        }
        Err(error) => failed(&context, &error),
    }
}

/// `POST /device`: a code.
pub(crate) async fn post_code(State(app): State<Arc<App>>, request: Request) -> Response {
    let (visit, _) = match read(&app, request).await {
        Ok(read) => read,
        Err(response) => return *response,
    };
    if !visit.is_sealed(&app, CODE_PURPOSE) {
        return stale_form(&visit.context);
    }
    let typed = visit.form.get("user_code").unwrap_or_default();
    match find(&app, &visit, typed).await {
        Ok(device) => proceed(&app, &visit, &device),
        Err(response) => *response,
    }
}

/// `POST /device/sign-in`: a username and a password on the way.
pub(crate) async fn post_sign_in(State(app): State<Arc<App>>, request: Request) -> Response {
    let (mut visit, device) = match read_with_device(&app, request).await {
        Ok(read) => read,
        Err(response) => return *response,
    };
    if !visit.is_sealed(&app, &sign_in_purpose(&device)) {
        return stale_form(&visit.context);
    }
    match sign_in_at(&app, &visit.context, visit.browser.signed_in.as_ref(), &visit.form).await {
        Ok((cookie, signed_in)) => {
            visit.browser.signed_in = Some(signed_in);
            let mut response = proceed(&app, &visit, &device);
            response.headers_mut().append(header::SET_COOKIE, cookie);
            response
        }
        Err(attempt) => sign_in_page(&app, &visit, &device, attempt),
    }
}

/// `POST /device/decide`: yes or no.
pub(crate) async fn post_decision(State(app): State<Arc<App>>, request: Request) -> Response {
    let (visit, device) = match read_with_device(&app, request).await {
        Ok(read) => read,
        Err(response) => return *response,
    };
    let Some(signed_in) = &visit.browser.signed_in else { return stale_form(&visit.context) };
    if !visit.is_sealed(&app, &decision_purpose(&device, signed_in)) {
        return stale_form(&visit.context);
    }
    let allowed = visit.form.get("action") == Some("allow");
    let now = app.clock.now();
    let decided = if allowed {
        app.authority.approve_device(&device, signed_in, now).await
    } else {
        app.authority.deny_device(&device, now).await
    };
    match decided {
        Ok(DeviceDecided::Done) => {
            let (request, client, user) = (visit.context.id(), &device.client.id, &signed_in.user.id);
            tracing::info!(request, %client, %user, allowed, "device decided");
            done_page(allowed, device.client.name())
        }
        Ok(_) => unknown(&app, &visit, &device.user_code.to_string()),
        Err(error) => failed(&visit.context, &error.into()),
    }
}

/// Reads a form and finds out whose browser it is.
async fn read(app: &App, mut request: Request) -> Result<(Visit, Parts), Box<Response>> {
    let context = context(&mut request);
    let (parts, body) = request.into_parts();
    let form =
        form::of_typed_body(&parts, body, &app.limits).await.map_err(|error| malformed(&context, &error))?;
    let browser = browser(app, &parts).await.map_err(|error| failed(&context, &error))?;
    Ok((Visit { context, browser, form }, parts))
}

/// The same of a form whose address names the device.
async fn read_with_device(app: &App, request: Request) -> Result<(Visit, WaitingDevice), Box<Response>> {
    let (visit, parts) = read(app, request).await?;
    let query = form::of_query(&parts).map_err(|error| malformed(&visit.context, &error))?;
    let device = find(app, &visit, query.get("user_code").unwrap_or_default()).await?;
    Ok((visit, device))
}

/// The device of a code; where there is none, the page says so beside the field.
async fn find(app: &App, visit: &Visit, typed: &str) -> Result<WaitingDevice, Box<Response>> {
    let (request, network) = (visit.context.id(), visit.context.network());
    match app.authority.find_device(typed, network, app.clock.now()).await {
        Ok(device) => Ok(device),
        Err(FindDeviceError::Failed(error)) => Err(failed(&visit.context, &error).into()),
        Err(error) => {
            tracing::info!(request, code = error.code(), %network, "user code refused");
            let FindDeviceError::Throttled { retry_after } = error else {
                return Err(unknown(app, visit, typed).into());
            };
            let seconds = retry_after.as_secs().max(1);
            let problem = format!("Too many wrong codes. Wait {seconds} seconds and try again.");
            let status = StatusCode::TOO_MANY_REQUESTS;
            let mut response = code_page(app, &visit.browser, status, typed, false, Some(&problem));
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
            Err(response.into())
        }
    }
}

fn unknown(app: &App, visit: &Visit, typed: &str) -> Response {
    let problem = "No device waits with this code. Look at the device again; it may show another one by now.";
    code_page(app, &visit.browser, StatusCode::BAD_REQUEST, typed, false, Some(problem))
}

/// Asks who it is, or what they say.
fn proceed(app: &App, visit: &Visit, device: &WaitingDevice) -> Response {
    match &visit.browser.signed_in {
        None => sign_in_page(app, visit, device, Attempt::default()),
        Some(signed_in) => device_page(app, visit, device, signed_in),
    }
}

fn code_page(
    app: &App,
    browser: &Browser,
    status: StatusCode,
    typed: &str,
    is_given: bool,
    problem: Option<&str>,
) -> Response {
    let form_token = app.authority.form_token(&browser.name, CODE_PURPOSE);
    let shown = DeviceCodePage { action: PATH, form_token: &form_token, user_code: typed, is_given, problem };
    let mut response = page(status, &shown, None, None);
    browser.introduce(app, &mut response);
    response
}

fn sign_in_page(app: &App, visit: &Visit, device: &WaitingDevice, attempt: Attempt) -> Response {
    let shown = SignInPage {
        client: device.client.name(),
        action: &action("sign-in", device),
        form_token: &app.authority.form_token(&visit.browser.name, &sign_in_purpose(device)),
        username: attempt.username.as_deref().unwrap_or_default(),
        problem: attempt.problem.as_deref(),
        signed_in_as: None,
        // The device goes on by itself once its code has expired.
        can_cancel: false,
    };
    let mut response = page(attempt.status, &shown, None, None);
    if let Some(seconds) = attempt.retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    response
}

fn device_page(app: &App, visit: &Visit, device: &WaitingDevice, signed_in: &SignedIn) -> Response {
    let scopes: Vec<_> = device.scope.tokens().map(scope_line).collect();
    let purpose = decision_purpose(device, signed_in);
    let shown = DevicePage {
        client: device.client.name(),
        user_code: &device.user_code.to_string(),
        username: signed_in.user.username.as_str(),
        scopes: &scopes,
        resources: &resource_lines(&device.resources),
        details: &detail_lines(&device.authorization_details),
        action: &action("decide", device),
        form_token: &app.authority.form_token(&visit.browser.name, &purpose),
    };
    page(StatusCode::OK, &shown, None, None)
}

fn done_page(allowed: bool, client: &str) -> Response {
    let text = if allowed {
        format!("Go back to the device: {client} goes on there by itself.")
    } else {
        format!("{client} got nothing.")
    };
    let title = if allowed { "You are signed in at the device" } else { "You said no" };
    page(StatusCode::OK, &DonePage { title, text: &text }, None, None)
}

fn action(step: &str, device: &WaitingDevice) -> String {
    format!("{PATH}/{step}?user_code={}", device.user_code)
}

fn sign_in_purpose(device: &WaitingDevice) -> String {
    format!("device sign-in {}", device.user_code)
}

fn decision_purpose(device: &WaitingDevice, signed_in: &SignedIn) -> String {
    format!("device decision {} {}", signed_in.session.id, device.user_code)
}

impl Visit {
    /// Whether its form was made for this browser and for this.
    fn is_sealed(&self, app: &App, purpose: &str) -> bool {
        let presented = self.form.get("form_token").unwrap_or_default();
        !self.browser.is_new && app.authority.is_form_token(&self.browser.name, purpose, presented)
    }
}
