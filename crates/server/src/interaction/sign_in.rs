//! Signing in in a browser, with a username and a password or with a passkey, for every errand.

use axum::response::Response;
use http::{HeaderValue, StatusCode};
use jeton_authority::SignInError;
use jeton_authority::client::Client;
use jeton_authority::factor::Factor;
use jeton_authority::password::Password;
use jeton_authority::session::SessionSecret;
use jeton_authority::sign_in::{SignedIn, Step};
use jeton_authority::user::Username;
use jeton_oauth::Parameters;

use super::typed_name::typed_name;
use super::{Errand, Notice, PASSKEY, PageError, Seal, SignsIn};
use crate::app::App;
use crate::pages::{SignInPage, SignedInAs};
use crate::request::RequestContext;
use crate::urls::path;

/// The sign-in form, as an errand shows it.
pub(crate) struct SignInForm<'a> {
    pub(crate) action: &'a str,
    pub(crate) seal: Seal<'a>,
    pub(crate) login_hint: Option<&'a str>,
    /// The signed-in account that may continue, with the token of that form.
    pub(crate) signed_in_as: Option<SignedInAs<'a>>,
    /// Whether the user can go back to the client without signing in.
    pub(crate) can_cancel: bool,
}

/// Who signed in, with a username and a password or with a passkey.
pub(crate) enum SignedInBy {
    /// This user, with the cookies of the session.
    Factors(Box<SignedIn>, Vec<HeaderValue>),
    /// Nobody yet: a second factor is still required. The text is the sealed challenge, for the URL of its page.
    NoOneYet(String),
}

impl<P: SignsIn> Errand<P> {
    /// The page that asks for what the sign-in still requires.
    pub(crate) fn sign_in_page(
        &self,
        wanted: &Step,
        form: SignInForm<'_>,
        notice: Option<Notice>,
    ) -> Response {
        match wanted {
            Step::Factor(factors) => self.factor_page(factors, form, notice),
            // Where this account cannot do what is wanted, another one may.
            Step::Account | Step::SetUp | Step::Consent | Step::Done | Step::Unmet(_) => {
                self.account_page(form, notice)
            }
        }
    }

    /// The page on which users identify themselves, and prove it: so far, every identified user has done both.
    pub(crate) fn account_page(&self, form: SignInForm<'_>, notice: Option<Notice>) -> Response {
        self.first_page(form, notice, true)
    }

    /// The page on which the signed-in user presents one of these factors. A second factor comes after a password of the same
    /// sign-in, and has a page of its own ([`Self::second_factor_page`]).
    pub(crate) fn factor_page(
        &self,
        factors: &[Factor],
        form: SignInForm<'_>,
        notice: Option<Notice>,
    ) -> Response {
        let by_password = factors.contains(&Factor::Password) || self.app.relying_party.is_err();
        self.first_page(form, notice, by_password)
    }

    /// A username and a password, of which only the password has to be typed again, or a passkey.
    fn first_page(&self, form: SignInForm<'_>, notice: Option<Notice>, by_password: bool) -> Response {
        let (sentence, typed) = (self.sentence(notice), self.typed_name());
        let shown = SignInPage {
            client: self.purpose.client().map_or("", Client::name),
            action: form.action,
            form_token: &self.token(form.seal),
            username: typed.as_deref().or(form.login_hint).unwrap_or_default(),
            problem: sentence.problem.as_deref(),
            notice: sentence.lead.as_deref(),
            signed_in_as: form.signed_in_as,
            passkey: self.passkey_form(notice, !by_password),
            by_password,
            forgotten: self
                .app
                .authority
                .password_resets()
                .are_offered()
                .then(|| self.app.urls.local(path::RESET)),
            can_cancel: form.can_cancel,
        };
        let status = notice.map_or(StatusCode::OK, Notice::status);
        let mut response = self.page_with_passkey(status, &shown, shown.passkey.is_some());
        sentence.add_retry_after(&mut response);
        response
    }

    pub(super) fn typed_name(&self) -> Option<String> {
        typed_name(&self.app, &self.browser, self.purpose.about())
    }

    /// Whether a form is about the signed-in account: they pressed twice, or signed in in another tab.
    pub(crate) fn is_signed_in_as_typed(&self, form: &Parameters) -> bool {
        match form.get("action") {
            Some(PASSKEY) => self.is_passkey_of_account(form),
            _ => self.browser.username() == Some(form.get("username").unwrap_or_default().trim()),
        }
    }

    /// Signs in with the input.
    pub(crate) async fn sign_in(&self, form: &Parameters) -> Result<SignedInBy, PageError> {
        if form.get("action") == Some(PASSKEY) {
            let (signed_in, cookies) = self.sign_in_with_passkey(None, form).await?;
            return Ok(SignedInBy::Factors(Box::new(signed_in), cookies));
        }
        let username = form.get("username").unwrap_or_default();
        let password = form.get("password").unwrap_or_default();
        self.try_sign_in(username, password).await.map_err(|notice| self.did_nothing(notice, Some(username)))
    }

    /// The cookies of somebody who signed in.
    pub(crate) fn cookies_of(&self, secret: &SessionSecret) -> Vec<HeaderValue> {
        let forgotten = self.typed_name().map(|_| self.app.cookies.clear_typed_name());
        [self.app.cookies.set_session(secret)].into_iter().chain(forgotten).collect()
    }

    async fn try_sign_in(&self, username: &str, password: &str) -> Result<SignedInBy, Notice> {
        let Self { app, context, browser, .. } = self;
        if username.trim().is_empty() {
            return Err(Notice::Incomplete);
        }
        Username::parse(username.trim()).map_err(Notice::from)?;
        let password = Password::parse(password).map_err(Notice::from)?;
        let (request, network, now) = (context.id(), context.network(), app.clock.now());
        let (before, caller) = (browser.secret.as_ref(), context.caller());
        let device = browser.device.as_ref().filter(|_| self.purpose.takes_known_device());
        let sign_in = app.authority.sign_in();
        let error = match sign_in.at_browser(username, password, device, before, caller, now).await {
            Ok((secret, signed_in)) => {
                remember_browser(app, context, signed_in.user.username.as_str());
                tracing::info!(request, user = %signed_in.user.id, %network, "browser sign-in");
                return Ok(SignedInBy::Factors(Box::new(signed_in), self.cookies_of(&secret)));
            }
            Err(SignInError::SecondFactorRequired(challenge)) => {
                let user = challenge.user();
                tracing::info!(request, %user, %network, "browser sign-in requires a second factor");
                return Ok(SignedInBy::NoOneYet(self.seal_challenge(&challenge)));
            }
            Err(error) => error,
        };
        let code = error.code();
        match &error {
            SignInError::Refused => tracing::info!(request, code, %network, "browser sign-in refused"),
            SignInError::Throttled { .. } => {
                tracing::info!(request, code, %network, "browser sign-in throttled");
            }
            _ => tracing::warn!(request, code, "{error}"),
        }
        Err(Notice::of_sign_in(&error, now))
    }
}

/// Sets a cookie that lets the throttle recognize this user's browser.
pub(crate) fn remember_browser(app: &App, context: &RequestContext, username: &str) {
    let cookie = app.authority.sign_in().remember_browser(context.browser.as_ref(), username);
    context.remember_browser(app.cookies.set_known(&cookie));
}
