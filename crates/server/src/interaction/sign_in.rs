//! Signing in at a browser, with a username and a password, whatever the errand.

use axum::response::Response;
use http::{HeaderValue, StatusCode};
use jeton_authority::SignInError;
use jeton_authority::client::Client;
use jeton_authority::factor::Factor;
use jeton_authority::password::Password;
use jeton_authority::sign_in::{SignedIn, Step};
use jeton_authority::user::Username;
use jeton_oauth::Parameters;

use super::typed_name::typed_name;
use super::{Errand, Notice, PageError, Seal, SignsIn};
use crate::app::App;
use crate::pages::{SignInPage, SignedInAs};
use crate::request::RequestContext;

/// The form to sign in with, as an errand shows it.
pub(crate) struct SignInForm<'a> {
    pub(crate) action: &'a str,
    pub(crate) seal: Seal<'a>,
    pub(crate) login_hint: Option<&'a str>,
    /// Who is signed in and may continue, with the token of that form.
    pub(crate) signed_in_as: Option<SignedInAs<'a>>,
    /// Whether the user can go back to the client without signing in.
    pub(crate) can_cancel: bool,
}

impl<P: SignsIn> Errand<P> {
    /// The page that asks for what is still wanted of the sign-in.
    pub(crate) fn sign_in_page(
        &self,
        wanted: &Step,
        form: SignInForm<'_>,
        notice: Option<Notice>,
    ) -> Response {
        match wanted {
            Step::Factor(factors) => self.factor_page(factors, form, notice),
            // Where this account cannot do what is wanted, another one may.
            Step::Account | Step::Consent | Step::Done | Step::Unmet(_) => self.account_page(form, notice),
        }
    }

    /// The page on which somebody says who they are. They prove it on the same page: so far, nobody is known who has not.
    pub(crate) fn account_page(&self, form: SignInForm<'_>, notice: Option<Notice>) -> Response {
        self.password_page(form, notice)
    }

    /// The page on which who is signed in proves it by one of these factors: the first is asked for.
    pub(crate) fn factor_page(
        &self,
        factors: &[Factor],
        form: SignInForm<'_>,
        notice: Option<Notice>,
    ) -> Response {
        match factors {
            [] | [Factor::Password, ..] => self.password_page(form, notice),
        }
    }

    /// A username and a password. Nothing but the password has to be typed twice.
    fn password_page(&self, form: SignInForm<'_>, notice: Option<Notice>) -> Response {
        let (sentence, typed) = (self.sentence(notice), self.typed_name());
        let shown = SignInPage {
            client: self.purpose.client().map_or("", Client::name),
            action: form.action,
            form_token: &self.token(form.seal),
            username: typed.as_deref().or(form.login_hint).unwrap_or_default(),
            problem: sentence.problem.as_deref(),
            notice: sentence.lead.as_deref(),
            signed_in_as: form.signed_in_as,
            can_cancel: form.can_cancel,
        };
        let mut response = self.page(notice.map_or(StatusCode::OK, Notice::status), &shown);
        sentence.add_retry_after(&mut response);
        response
    }

    fn typed_name(&self) -> Option<String> {
        typed_name(&self.app, &self.browser, self.purpose.about())
    }

    /// Whether this is the account that is signed in.
    pub(crate) fn is_signed_in_as(&self, typed: &str) -> bool {
        self.browser.username() == Some(typed.trim())
    }

    /// Signs in with what was typed: who it is, and the cookies that say so.
    pub(crate) async fn sign_in(&self, form: &Parameters) -> Result<(SignedIn, Vec<HeaderValue>), PageError> {
        let username = form.get("username").unwrap_or_default();
        let password = form.get("password").unwrap_or_default();
        let (session, signed_in) = self
            .try_sign_in(username, password)
            .await
            .map_err(|notice| self.did_nothing(notice, Some(username)))?;
        let forgotten = self.typed_name().map(|_| self.app.cookies.clear_typed_name());
        Ok((signed_in, [session].into_iter().chain(forgotten).collect()))
    }

    async fn try_sign_in(&self, username: &str, password: &str) -> Result<(HeaderValue, SignedIn), Notice> {
        let Self { app, context, browser, .. } = self;
        if username.trim().is_empty() {
            return Err(Notice::Incomplete);
        }
        Username::parse(username.trim()).map_err(Notice::from)?;
        let password = Password::parse(password).map_err(Notice::from)?;
        let (request, network, now) = (context.id(), context.network(), app.clock.now());
        let (before, caller) = (browser.secret.as_ref(), context.caller());
        let error = match app.authority.sign_in().at_browser(username, password, before, caller, now).await {
            Ok((secret, signed_in)) => {
                remember_browser(app, context, signed_in.user.username.as_str());
                tracing::info!(request, user = %signed_in.user.id, %network, "browser sign-in");
                return Ok((app.cookies.set_session(&secret), signed_in));
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

/// Has the browser remember that this user signed in there, so that the throttle knows it again.
pub(crate) fn remember_browser(app: &App, context: &RequestContext, username: &str) {
    let cookie = app.authority.sign_in().remember_browser(context.browser.as_ref(), username);
    context.remember_browser(app.cookies.set_known(&cookie));
}
