//! The pages for who typed a code: signing in, and saying yes or no.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use http::request::Parts;
use http::{StatusCode, header};
use jeton_authority::authorization::SignedIn;
use jeton_authority::device::UserCode;
use jeton_authority::store::DeviceDecided;
use jeton_authority::{FormVerdict, FoundDevice, ShownDigest, StaleForm};
use jeton_oauth::Parameters;

use super::super::authorize::{failed, malformed, not_a_navigation, try_sign_in};
use super::code::{decided_page, is_decided_by};
use super::{DECIDE, SIGN_IN, USER_CODE, Why, action, is_typed, to_code_page, to_confirm};
use crate::app::App;
use crate::endpoints::oauth::client_request::context;
use crate::interaction::{Browser, Seal, browser, is_navigation, keep_typed_name, typed_name};
use crate::pages::{Asked, DevicePage, Forms, SignInPage, page};
use crate::request::{RequestContext, form};

/// A request about a code that was typed at this browser.
struct Visit {
    context: RequestContext,
    browser: Browser,
    device: FoundDevice,
    query: Parameters,
    /// What the user typed before.
    typed_name: Option<String>,
}

/// `GET /device/confirm`: signs in who typed a code, and asks whether the device may have what it asks for.
pub(crate) async fn confirm(State(app): State<Arc<App>>, mut request: Request) -> Response {
    let context = context(&mut request);
    let (parts, _) = request.into_parts();
    let visit = match read(&app, context, &parts).await {
        Ok(visit) => visit,
        Err(response) => return *response,
    };
    let why = Why::of_query(&visit.query);
    match &visit.browser.signed_in {
        Some(signed_in) if is_decided_by(&visit.device, signed_in) => {
            decided_page(&app, &visit.browser, &visit.device)
        }
        // Somebody else decided, which is nobody else's business.
        _ if visit.device.decided.is_some() => to_code_page(&app, None, Some(Why::Unknown)),
        Some(signed_in) => question(&app, &visit, signed_in, why),
        None => sign_in_page(&app, &visit, why),
    }
}

/// `POST /device/sign-in`: a username and a password on the way.
pub(crate) async fn post_sign_in(State(app): State<Arc<App>>, request: Request) -> Response {
    let (visit, form) = match read_form(&app, request).await {
        Ok(read) => read,
        Err(response) => return *response,
    };
    let code = &visit.device.user_code;
    let typed = form.get("username").unwrap_or_default();
    match (Seal::DeviceSignIn { code: code.as_str() }).judge(&app, &visit.browser, &form) {
        FormVerdict::Current => {}
        // They pressed twice, or signed in in another tab.
        FormVerdict::Stale(StaleForm::Account) if visit.is_signed_in_as(typed) => {
            return to_confirm(&app, &visit.browser, code, None);
        }
        FormVerdict::Stale(stale) => {
            return visit.did_nothing(&app, Why::of_stale(stale, &visit.browser), Some(typed));
        }
        // What another site typed is not what the user typed.
        FormVerdict::Foreign => return visit.did_nothing(&app, Why::of_foreign(&visit.browser), None),
    }
    match try_sign_in(&app, &visit.context, visit.browser.secret.as_ref(), &form).await {
        Ok((cookie, _)) => {
            let mut response = to_confirm(&app, &visit.browser, code, None);
            response.headers_mut().append(header::SET_COOKIE, cookie);
            if visit.typed_name.is_some() {
                response.headers_mut().append(header::SET_COOKIE, app.cookies.clear_typed_name());
            }
            response
        }
        Err(notice) => visit.did_nothing(&app, Why::SignIn(notice), Some(typed)),
    }
}

/// `POST /device/decide`: yes or no.
pub(crate) async fn post_decision(State(app): State<Arc<App>>, request: Request) -> Response {
    let (visit, form) = match read_form(&app, request).await {
        Ok(read) => read,
        Err(response) => return *response,
    };
    let Visit { context, browser, device, .. } = &visit;
    let code = &device.user_code;
    let Some(signed_in) = &browser.signed_in else {
        return to_confirm(&app, browser, code, Some(Why::SignedOut));
    };
    // Whatever was decided before is shown, whoever's form this is.
    if is_decided_by(device, signed_in) {
        return to_code_page(&app, Some(code), None);
    }
    match (Seal::DeviceDecision { code: code.as_str(), shown: shown(device) }).judge(&app, browser, &form) {
        FormVerdict::Current => {}
        FormVerdict::Stale(stale) => {
            return to_confirm(&app, browser, code, Some(Why::of_stale(stale, browser)));
        }
        FormVerdict::Foreign => {
            return to_confirm(&app, browser, code, Some(Why::of_foreign(browser)));
        }
    }
    let allowed = form.get("action") == Some("allow");
    let now = app.clock.now();
    let decided = if allowed {
        app.authority.approve_device(device, signed_in, context.network(), now).await
    } else {
        app.authority.deny_device(device, signed_in, context.network(), now).await
    };
    match decided {
        Ok(DeviceDecided::Done) => {
            let (request, client, user) = (context.id(), &device.client.id, &signed_in.user.id);
            tracing::info!(request, %client, %user, allowed, "device decided");
            to_code_page(&app, Some(code), None)
        }
        // The page shows what was decided first.
        Ok(DeviceDecided::AlreadyDecided(Some(decided))) if decided.by == signed_in.user.id => {
            to_code_page(&app, Some(code), None)
        }
        Ok(_) => to_code_page(&app, None, Some(Why::Unknown)),
        Err(error) => failed(context, &error.into()),
    }
}

/// Reads a request whose address names a code that was typed at this browser.
async fn read(app: &App, context: RequestContext, parts: &Parts) -> Result<Visit, Box<Response>> {
    let query = form::of_query(parts).map_err(|error| {
        tracing::debug!(request = context.id(), "{error}");
        to_code_page(app, None, Some(Why::Unreadable))
    })?;
    let browser = browser(app, parts).await.map_err(|error| failed(&context, &error))?;
    let code = UserCode::parse(query.get(USER_CODE).unwrap_or_default())
        .map_err(|error| to_code_page(app, None, Some(Why::of_no_code(error))))?;
    if !is_typed(app, &browser, &code, &query) {
        // A link, or a browser whose cookies are gone.
        let why = browser.is_new.then_some(Why::NoCookies).filter(|_| parts.method == http::Method::POST);
        return Err(to_code_page(app, Some(&code), why).into());
    }
    let typed_name = typed_name(app, &browser, &parts.headers, code.as_str());
    let device = app.authority.known_device(code, app.clock.now()).await;
    match device.map_err(|error| failed(&context, &error))? {
        Some(device) => Ok(Visit { context, browser, device, query, typed_name }),
        None => Err(to_code_page(app, None, Some(Why::Unknown)).into()),
    }
}

/// The same with a form. Only a navigation may change anything.
async fn read_form(app: &App, mut request: Request) -> Result<(Visit, Parameters), Box<Response>> {
    let context = context(&mut request);
    let (parts, body): (_, Body) = request.into_parts();
    if !is_navigation(&parts) {
        return Err(not_a_navigation(&context).into());
    }
    let visit = read(app, context, &parts).await?;
    let form = form::of_typed_body(&parts, body, &app.limits).await.map_err(|error| {
        if error.is_compressed() {
            return malformed(&visit.context, &error);
        }
        tracing::debug!(request = visit.context.id(), "{error}");
        to_confirm(app, &visit.browser, &visit.device.user_code, Some(Why::Unreadable))
    })?;
    Ok((visit, form))
}

/// What the question shows that may change while it is open.
fn shown(device: &FoundDevice) -> ShownDigest {
    let details = serde_json::to_string(&device.authorization_details).unwrap_or_default();
    let resources = device.resources.iter().map(|resource| &**resource);
    let rest = [device.client.name(), device.scope.as_str(), details.as_str()];
    ShownDigest::of(rest.into_iter().chain(resources))
}

impl Visit {
    /// Answers a form that did nothing: the page that fits by now is shown, with the reason.
    fn did_nothing(&self, app: &App, why: Why, typed: Option<&str>) -> Response {
        let code = &self.device.user_code;
        let mut response = to_confirm(app, &self.browser, code, Some(why));
        let kept = typed.and_then(|name| keep_typed_name(app, &self.browser, code.as_str(), name));
        if let Some(cookie) = kept {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
        response
    }

    /// Whether this is the account that is signed in.
    fn is_signed_in_as(&self, typed: &str) -> bool {
        let signed_in = self.browser.signed_in.as_ref();
        signed_in.is_some_and(|signed_in| signed_in.user.username.as_str() == typed.trim())
    }
}

fn sign_in_page(app: &App, visit: &Visit, why: Option<Why>) -> Response {
    let Visit { browser, device, .. } = visit;
    let sentence = why.map(|why| why.sentence(None, app.clock.now()));
    let (problem, notice) = match why.map(Why::is_problem) {
        Some(true) => (sentence.as_deref(), None),
        _ => (None, sentence.as_deref()),
    };
    let shown = SignInPage {
        client: device.client.name(),
        action: &action(app, browser, SIGN_IN, device),
        form_token: &Seal::DeviceSignIn { code: device.user_code.as_str() }.token(app, browser),
        username: visit.typed_name.as_deref().unwrap_or_default(),
        problem,
        notice,
        signed_in_as: None,
        // The device goes on by itself once its code has expired.
        can_cancel: false,
    };
    let mut response = page(&app.urls, why.map_or(StatusCode::OK, Why::status), &shown, Forms::StayHere);
    if let Some(seconds) = why.and_then(|why| why.wait(app.clock.now())) {
        response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    response
}

fn question(app: &App, visit: &Visit, signed_in: &SignedIn, why: Option<Why>) -> Response {
    let Visit { browser, device, .. } = visit;
    let username = signed_in.user.username.as_str();
    let seal = Seal::DeviceDecision { code: device.user_code.as_str(), shown: shown(device) };
    let page_shown = DevicePage {
        client: device.client.name(),
        user_code: &device.user_code.to_string(),
        username,
        asked: &Asked::of(&device.client, &device.scope, &device.resources, &device.authorization_details),
        notice: why.map(|why| why.sentence(Some(username), app.clock.now())),
        action: &action(app, browser, DECIDE, device),
        form_token: &seal.token(app, browser),
    };
    page(&app.urls, StatusCode::OK, &page_shown, Forms::StayHere)
}
