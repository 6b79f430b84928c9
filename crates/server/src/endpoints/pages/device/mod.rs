//! `/device`: a user enters the code that a device shows, and decides whether it may have what it requests (RFC 8628
//! §3.3).
//!
//! A code in the URL is not accepted directly: the user must press a button first, because anybody can send a link
//! (RFC 8628 §5.4). Each form is answered with a redirect to a page, so that Back and reload repeat nothing. Between
//! the steps, only the decision is stored; the user can see it as long as the code is known.

mod code;
mod confirm;
mod second_factor;

use std::sync::Arc;

use axum::extract::{FromRequestParts, State};
use axum::response::Response;
use http::Method;
use http::request::Parts;
use jeton_authority::client::Client;
use jeton_authority::device::UserCode;
use jeton_authority::sign_in::{SignedIn, Step};
use jeton_authority::{Devices, FoundDevice};
use jeton_oauth::Parameters;

use crate::app::App;
use crate::interaction::{
    BadCode, Browser, Challenged, Elsewhere, Errand, Mark, Notice, PageError, Purpose, Query, SignsIn,
};
use crate::pages::Forms;
use crate::request::{RequestContext, form};
use crate::urls::path::{DEVICE, DEVICE_CONFIRM};

pub(crate) use code::{begin, post_code};
pub(crate) use confirm::{confirm, post_decision, post_sign_in};
pub(crate) use second_factor::post as post_second_factor;

const USER_CODE: &str = "user_code";
/// The parameter that says that the code was typed or confirmed in this browser.
const TYPED: &str = "typed";
/// The parameter that says why the page is shown again. It is the name of a [`Notice`], so a URL made by somebody else
/// can only show these messages.
const WHY: &str = "why";
/// The parameter with the sealed challenge of a sign-in that still requires a second factor.
const CHALLENGE: &str = "challenge";

/// Deciding about the device with a code that was typed in this browser.
pub(crate) struct Decision {
    device: FoundDevice,
    /// The sign-in that still requires a second factor, with its challenge.
    challenged: Option<(Challenged, String)>,
    /// Why the page is shown again.
    notice: Option<Notice>,
}

impl Purpose for Decision {
    fn client(&self) -> Option<&Client> {
        Some(&self.device.client)
    }

    fn forms(&self) -> Forms {
        Forms::StayHere
    }
}

impl SignsIn for Decision {
    fn about(&self) -> &str {
        self.device.user_code.as_str()
    }

    fn takes_known_device(&self) -> bool {
        Devices::takes_known_device(self.client())
    }

    fn shown_again(&self, app: &App, browser: &Browser, why: Notice) -> String {
        address(DEVICE_CONFIRM, self.parameters(app, browser), Some(why))
    }
}

impl Decision {
    /// What the URL of each of its pages says: the code, and what the user has done.
    fn parameters(&self, app: &App, browser: &Browser) -> Vec<(&'static str, String)> {
        let challenge = self.challenged.iter().map(|(_, text)| (CHALLENGE, text.clone()));
        typed(app, browser, &self.device.user_code).into_iter().chain(challenge).collect()
    }
}

impl FromRequestParts<Arc<App>> for Errand<Decision> {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, PageError> {
        let query = form::of_query(parts).map_err(|_| to_code_page(None, Some(Notice::Unreadable)))?;
        let browser = Browser::of(app, &parts.headers).await?;
        let code = UserCode::parse(query.get(USER_CODE).unwrap_or_default())
            .map_err(|error| to_code_page(None, Some(error.into())))?;
        let typed = query.get(TYPED).unwrap_or_default();
        if !(Mark::TypedCode { code: code.as_str() }).is_genuine(app, &browser, typed) {
            // A link, or a browser whose cookies are gone.
            let lost = browser.is_new && parts.method == Method::POST;
            return Err(to_code_page(Some(&code), lost.then_some(Notice::NoCookies)).into());
        }
        let device = app.authority.devices().known(code, app.clock.now()).await?;
        let device = device.ok_or_else(|| to_code_page(None, Some(Notice::Code(BadCode::Unknown))))?;
        let challenged = match query.get(CHALLENGE) {
            Some(text) => {
                let opened = Challenged::open(app, &browser, device.user_code.as_str(), text).await?;
                opened.map(|challenged| (challenged, text.to_owned()))
            }
            None => None,
        };
        let purpose = Decision { device, challenged, notice: notice(&query) };
        Ok(Self::new(app, RequestContext::of(&parts.extensions), browser, purpose))
    }
}

/// The user who decides in this browser about a device of this client, or what is still required first.
fn decider<'a>(
    app: &App,
    browser: &'a Browser,
    client: Option<&Client>,
    challenged: Option<&Challenged>,
) -> Result<&'a SignedIn, Step> {
    let signed_in = browser.signed_in.as_ref();
    let challenged = challenged.map(|challenged| &challenged.user);
    match (Devices::still_wanted(client, signed_in, challenged, app.clock.now()), signed_in) {
        (Step::Consent | Step::Done, Some(signed_in)) => Ok(signed_in),
        (wanted, _) => Err(wanted),
    }
}

/// `GET` on the URL of a form: redirects to the page with the form.
pub(crate) async fn lead_to_form(State(app): State<Arc<App>>, query: Result<Query, PageError>) -> Response {
    let query = query.map(|Query(query)| query).unwrap_or_default();
    let kept =
        [USER_CODE, TYPED, CHALLENGE].map(|name| query.get(name).map(|value| (name, value.to_owned())));
    let path = if query.get(USER_CODE).is_some() { DEVICE_CONFIRM } else { DEVICE };
    Elsewhere::at(address(path, kept.into_iter().flatten(), None)).go(&app)
}

/// The page for a code, with a message if there is one.
fn to_code_page(user_code: Option<&UserCode>, why: Option<Notice>) -> Elsewhere {
    Elsewhere::at(address(DEVICE, user_code.map(|code| (USER_CODE, code.to_string())), why))
}

/// The page for the user who typed this code.
fn to_confirm(app: &App, browser: &Browser, code: &UserCode) -> Elsewhere {
    Elsewhere::at(address(DEVICE_CONFIRM, typed(app, browser, code), None))
}

fn address(
    path: &str,
    parameters: impl IntoIterator<Item = (&'static str, String)>,
    why: Option<Notice>,
) -> String {
    let why = why.and_then(|why| Some((WHY, serde_json::to_string(&why).ok()?)));
    let query = parameters.into_iter().chain(why).collect::<Parameters>().to_query();
    let mark = if query.is_empty() { "" } else { "?" };
    format!("{path}{mark}{query}")
}

/// Why the page is shown again, from its URL.
fn notice(query: &Parameters) -> Option<Notice> {
    serde_json::from_str(query.get(WHY)?).ok()
}

/// A code that was typed in this browser; a link from somebody else does not say so.
fn typed(app: &App, browser: &Browser, code: &UserCode) -> [(&'static str, String); 2] {
    let mark = Mark::TypedCode { code: code.as_str() }.mac(app, browser);
    [(USER_CODE, code.to_string()), (TYPED, mark)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_comes_through_an_address_and_nothing_else_does() {
        for why in [Notice::Code(BadCode::Unknown), Notice::Credentials, Notice::Account] {
            let address = address(DEVICE, None, Some(why));
            let query = address.split_once('?').map_or("", |(_, query)| query);
            let query = Parameters::parse(query.as_bytes()).expect("parameters");
            assert_eq!(notice(&query), Some(why));
        }
        for query in ["why=x", "why=%22Code%22", "why=%22Throttled%22", ""] {
            assert_eq!(notice(&Parameters::parse(query.as_bytes()).expect("parameters")), None);
        }
    }
}
