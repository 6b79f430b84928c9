//! The browser that a request came from, and sending it elsewhere.

use axum::response::Response;
use http::request::Parts;
use http::{HeaderValue, StatusCode, header};
use jeton_authority::OAuthError;
use jeton_authority::UserId;
use jeton_authority::authorization::SignedIn;
use jeton_authority::session::SessionSecret;

use crate::app::App;
use crate::cookies::Cookies;

/// The browser that a request came from.
#[derive(Clone)]
pub(crate) struct Browser {
    /// Its name, which forms are bound to.
    pub(crate) name: String,
    /// Whether it sent no name, so that it has to be told one. No form can have been shown at such a browser.
    pub(crate) is_new: bool,
    /// Who is signed in.
    pub(crate) signed_in: Option<SignedIn>,
    /// The secret of its session, in force or not.
    pub(crate) secret: Option<SessionSecret>,
}

/// The browser that a request came from.
pub(crate) async fn browser(app: &App, parts: &Parts) -> Result<Browser, OAuthError> {
    let known = app.cookies.browser(&parts.headers).map(str::to_owned);
    let secret = app.cookies.session(&parts.headers);
    let signed_in = match &secret {
        Some(secret) => app.authority.signed_in(secret, app.clock.now()).await?,
        None => None,
    };
    let (is_new, name) = (known.is_none(), known.unwrap_or_else(Cookies::new_browser));
    Ok(Browser { name, is_new, signed_in, secret })
}

impl Browser {
    /// The account that is signed in.
    pub(crate) fn account(&self) -> Option<UserId> {
        self.signed_in.as_ref().map(|signed_in| signed_in.user.id)
    }

    /// Tells a browser that is new here its name.
    pub(crate) fn introduce(&self, app: &App, response: &mut Response) {
        if self.is_new {
            response.headers_mut().append(header::SET_COOKIE, app.cookies.set_browser(&self.name));
        }
    }
}

/// Sends the browser somewhere else, with a `GET` (RFC 9110 §15.4.4): a password that was posted here goes no further.
pub(crate) fn see_other(target: &str) -> Response {
    let mut response = Response::default();
    *response.status_mut() = StatusCode::SEE_OTHER;
    let headers = response.headers_mut();
    if let Ok(location) = HeaderValue::try_from(target) {
        headers.insert(header::LOCATION, location);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}
