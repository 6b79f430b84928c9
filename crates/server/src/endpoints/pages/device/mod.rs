//! `/device`: somebody types the code that a device shows, and says whether it may have what it asks for (RFC 8628 §3.3).
//!
//! A code that came with the address is not taken at its word: its user presses a button first, since a link can be sent by
//! anybody (RFC 8628 §5.4). Each form is answered with a redirect to a page, so that Back and reload repeat nothing. Nothing is
//! remembered between the steps but the decision itself, which its user is shown for as long as the code is known.

mod code;
mod confirm;
mod why;

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use jeton_authority::device::UserCode;
use jeton_authority::{DEVICE_PAGE, FoundDevice};
use jeton_oauth::Parameters;

use crate::app::App;
use crate::interaction::{Browser, see_other};
use crate::request::form;

pub(crate) use code::{begin, post_code};
pub(crate) use confirm::{confirm, post_decision, post_sign_in};
use why::Why;

/// Where it is.
pub(crate) const PATH: &str = DEVICE_PAGE;
/// The page for who typed a code.
pub(crate) const CONFIRM: &str = "/device/confirm";
pub(crate) const SIGN_IN: &str = "/device/sign-in";
pub(crate) const DECIDE: &str = "/device/decide";

/// The parameter with the code.
const USER_CODE: &str = "user_code";
/// The parameter that says that the code was typed, or confirmed, at this browser.
const TYPED: &str = "typed";

/// `GET` on the address of a form: leads to the page with the form.
pub(crate) async fn lead_to_form(State(app): State<Arc<App>>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let query = form::of_query(&parts).unwrap_or_default();
    let kept = [USER_CODE, TYPED].map(|name| query.get(name).map(|value| (name, value.to_owned())));
    let path = if query.get(USER_CODE).is_some() { CONFIRM } else { PATH };
    go(&app, path, kept.into_iter().flatten(), None)
}

/// Sends the browser to the page for a code, with a sentence where there is a reason for one.
fn to_code_page(app: &App, user_code: Option<&UserCode>, why: Option<Why>) -> Response {
    let code = user_code.map(|code| (USER_CODE, code.to_string()));
    go(app, PATH, code.into_iter(), why)
}

/// Sends the browser to the page for who typed this code.
fn to_confirm(app: &App, browser: &Browser, code: &UserCode, why: Option<Why>) -> Response {
    go(app, CONFIRM, typed(app, browser, code).into_iter(), why)
}

fn go(
    app: &App,
    path: &str,
    parameters: impl Iterator<Item = (&'static str, String)>,
    why: Option<Why>,
) -> Response {
    let all: Parameters = parameters.chain(why.into_iter().flat_map(Why::parameters)).collect();
    let query = all.to_query();
    let mark = if query.is_empty() { "" } else { "?" };
    see_other(&app.urls.local(&format!("{path}{mark}{query}")))
}

/// Where a form about this code leads.
fn action(app: &App, browser: &Browser, path: &str, device: &FoundDevice) -> String {
    let query: Parameters = typed(app, browser, &device.user_code).into_iter().collect();
    app.urls.local(&format!("{path}?{}", query.to_query()))
}

/// A code, and that it was typed at this browser: a link of somebody else's does not say so.
fn typed(app: &App, browser: &Browser, code: &UserCode) -> [(&'static str, String); 2] {
    let seal = app.authority.seal_text(TYPED, &[&browser.name, code.as_str()]);
    [(USER_CODE, code.to_string()), (TYPED, seal)]
}

/// Whether the address of a page says so.
fn is_typed(app: &App, browser: &Browser, code: &UserCode, query: &Parameters) -> bool {
    let presented = query.get(TYPED).unwrap_or_default();
    !browser.is_new && app.authority.is_sealed(TYPED, &[&browser.name, code.as_str()], presented)
}
