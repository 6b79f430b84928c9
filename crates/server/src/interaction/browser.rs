//! The browser that a request came from.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::response::Response;
use http::request::Parts;
use http::{HeaderMap, header};
use jeton_authority::UserId;
use jeton_authority::authenticators::DeviceSecret;
use jeton_authority::session::SessionSecret;
use jeton_authority::sign_in::SignedIn;
use jeton_authority::store::StoreError;

use super::PageError;
use crate::app::App;
use crate::cookies::Cookies;

/// The browser that a request came from.
#[derive(Clone)]
pub(crate) struct Browser {
    /// The name of the browser, which forms are bound to.
    pub(crate) name: String,
    /// Whether the browser sent no name, so that it gets one. No form can have been shown in such a browser.
    pub(crate) is_new: bool,
    pub(crate) signed_in: Option<SignedIn>,
    /// The secret of its session, valid or not.
    pub(crate) secret: Option<SessionSecret>,
    /// The secret of a browser that is remembered, for one user or several.
    pub(crate) device: Option<DeviceSecret>,
    /// The sealed username that was typed before the page was shown again.
    pub(crate) typed_name: Option<String>,
    /// Whether another site's page made the request. Seals protect forms; this only prevents a response to a forged
    /// form from setting cookies.
    pub(crate) is_from_elsewhere: bool,
}

impl Browser {
    pub(crate) async fn of(app: &App, headers: &HeaderMap) -> Result<Self, StoreError> {
        let known = app.cookies.browser(headers).map(str::to_owned);
        let secret = app.cookies.session(headers);
        let signed_in = match &secret {
            Some(secret) => app.authority.sign_in().signed_in(secret, app.clock.now()).await?,
            None => None,
        };
        let (is_new, name) = (known.is_none(), known.unwrap_or_else(Cookies::new_browser));
        let device = app.cookies.device(headers);
        let typed_name = app.cookies.typed_name(headers).map(str::to_owned);
        let site = headers.get("sec-fetch-site");
        let is_from_elsewhere = site.is_some_and(|site| site != "same-origin" && site != "none");
        Ok(Self { name, is_new, signed_in, secret, device, typed_name, is_from_elsewhere })
    }

    /// The signed-in account.
    pub(crate) fn account(&self) -> Option<UserId> {
        self.signed_in.as_ref().map(|signed_in| signed_in.user.id)
    }

    /// The username of the signed-in account.
    pub(crate) fn username(&self) -> Option<&str> {
        self.signed_in.as_ref().map(|signed_in| signed_in.user.username.as_str())
    }

    /// Gives a new browser its name.
    pub(crate) fn introduce(&self, app: &App, response: &mut Response) {
        if self.is_new {
            response.headers_mut().append(header::SET_COOKIE, app.cookies.set_browser(&self.name));
        }
    }
}

impl FromRequestParts<Arc<App>> for Browser {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, PageError> {
        Ok(Self::of(app, &parts.headers).await?)
    }
}
