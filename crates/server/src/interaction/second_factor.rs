//! The second factor of a sign-in in a browser, for every errand. What stands between the password and the code is a
//! challenge in the URL, sealed for the browser and the errand: nobody is signed in yet, and the server stores nothing.

use axum::response::Response;
use http::{HeaderValue, StatusCode};
use jeton_authority::FormVerdict;
use jeton_authority::client::Client;
use jeton_authority::factor::Factor;
use jeton_authority::sign_in::{Challenge, CodeError, SignedIn};
use jeton_authority::store::StoreError;
use jeton_authority::user::User;
use jeton_oauth::Parameters;

use super::{BadOneTimeCode, Browser, Errand, Notice, PASSKEY, PageError, Seal, SignsIn, remember_browser};
use crate::app::App;
use crate::pages::{SecondFactorPage, in_words};

/// The box that is checked where no code is to be asked for in this browser.
const REMEMBER: &str = "remember";

/// A sign-in that still requires a second factor.
pub(crate) struct Challenged {
    challenge: Challenge,
    pub(crate) user: User,
}

impl Challenged {
    /// Reads the challenge from a URL. One that was not made for this browser and errand, or that does not hold any more, is none.
    pub(crate) async fn open(
        app: &App,
        browser: &Browser,
        about: &str,
        text: &str,
    ) -> Result<Option<Self>, StoreError> {
        if browser.is_new {
            return Ok(None);
        }
        let sign_in = app.authority.sign_in();
        let Some(challenge) = sign_in.open_challenge(text, &[&browser.name, about]) else { return Ok(None) };
        let user = sign_in.challenged(&challenge, app.clock.now()).await?;
        Ok(user.map(|user| Self { challenge, user }))
    }

    /// Whether its user has an authenticator app.
    pub(super) fn has_app(&self) -> bool {
        self.user.enrolled.second().contains(&Factor::OneTimeCode)
    }

    /// The sign-in.
    pub(super) fn challenge(&self) -> &Challenge {
        &self.challenge
    }

    /// Whether somebody has completed this sign-in, or a later one as the same user: they pressed twice.
    pub(crate) fn is_completed_by(&self, signed_in: &SignedIn) -> bool {
        signed_in.user.id == self.user.id
            && signed_in.session.authenticated_at >= self.challenge.verified_at()
            && signed_in.session.methods.iter().any(|factor| factor.makes_two())
    }
}

/// The form for a second factor, as an errand shows it.
pub(crate) struct SecondFactorForm<'a> {
    pub(crate) action: &'a str,
    /// Where to sign in as somebody else.
    pub(crate) another: &'a str,
    /// Whether the user can go back to the client without signing in.
    pub(crate) can_cancel: bool,
}

impl<P: SignsIn> Errand<P> {
    /// A challenge for the URL of its page.
    pub(super) fn seal_challenge(&self, challenge: &Challenge) -> String {
        let holder = [&*self.browser.name, self.purpose.about()];
        self.app.authority.sign_in().seal_challenge(challenge, &holder)
    }

    /// The page that asks for a code or a passkey.
    pub(crate) async fn second_factor_page(
        &self,
        challenged: &Challenged,
        form: &SecondFactorForm<'_>,
        notice: Option<Notice>,
    ) -> Result<Response, StoreError> {
        let passkey = self.second_passkey_form(challenged, notice).await?;
        let sentence = self.sentence(notice);
        let shown = SecondFactorPage {
            client: self.purpose.client().map_or("", Client::name),
            action: form.action,
            form_token: &self.token(self.seal_of(challenged)),
            username: challenged.user.username.as_str(),
            problem: sentence.problem.as_deref(),
            notice: sentence.lead.as_deref(),
            another: form.another,
            at_recovery: !challenged.has_app()
                || notice == Some(Notice::OneTimeCode(BadOneTimeCode::WrongRecovery)),
            by_app: challenged.has_app(),
            can_cancel: form.can_cancel,
            remembered_for: self.app.authority.settings().account.remembered_for.map(in_words),
            passkey,
        };
        let status = notice.map_or(StatusCode::OK, Notice::status);
        let mut response = self.page_with_passkey(status, &shown, shown.passkey.is_some());
        sentence.add_retry_after(&mut response);
        Ok(response)
    }

    /// Whether the posted form of that page is current.
    pub(crate) fn judge_second_factor(&self, challenged: &Challenged, form: &Parameters) -> FormVerdict {
        self.judge(self.seal_of(challenged), form)
    }

    fn seal_of(&self, challenged: &Challenged) -> Seal<'_> {
        Seal::SecondFactor { about: self.purpose.about(), user: challenged.user.id }
    }

    /// Asks for no code in this browser for a while. The cookie of it; none where that is not offered, or cannot be stored now.
    async fn remember_device(&self, signed_in: &SignedIn) -> Option<HeaderValue> {
        let Self { app, context, browser, .. } = self;
        let kept = app.authority.settings().account.remembered_for?;
        let (secret, caller) = (browser.device.as_ref(), context.caller());
        match app.authority.sign_in().remember_device(signed_in, secret, &caller, app.clock.now()).await {
            Ok(secret) => secret.map(|secret| app.cookies.set_device(&secret, kept)),
            // They are asked again next time.
            Err(error) => {
                tracing::warn!(request = context.id(), code = error.code(), "{error}");
                None
            }
        }
    }

    /// Completes a sign-in with the input. Returns the user and the cookies of the session.
    pub(crate) async fn present_code(
        &self,
        challenged: &Challenged,
        form: &Parameters,
    ) -> Result<(SignedIn, Vec<HeaderValue>), PageError> {
        if form.get("action") == Some(PASSKEY) {
            return self.sign_in_with_passkey(Some(challenged), form).await;
        }
        let Self { app, context, browser, .. } = self;
        let typed = |name| form.get(name).map(str::trim).filter(|text| !text.is_empty());
        // Password managers and people fill in either field.
        let typed_code = typed("code").or(typed("recovery_code")).unwrap_or_default();
        let (request, network, now) = (context.id(), context.network(), app.clock.now());
        let (before, caller) = (browser.secret.as_ref(), context.caller());
        let sign_in = app.authority.sign_in();
        match sign_in.at_browser_with_code(&challenged.challenge, typed_code, before, caller, now).await {
            Ok((secret, signed_in)) => {
                remember_browser(app, context, signed_in.user.username.as_str());
                tracing::info!(request, user = %signed_in.user.id, %network, "browser sign-in");
                let remembered = match form.get(REMEMBER) {
                    Some(_) => self.remember_device(&signed_in).await,
                    None => None,
                };
                Ok((signed_in, self.cookies_of(&secret).into_iter().chain(remembered).collect()))
            }
            Err(error) => {
                let (code, user) = (error.code(), challenged.user.id);
                match &error {
                    CodeError::Unreadable | CodeError::Signing(_) | CodeError::Store(_) => {
                        tracing::warn!(request, code, "{error}");
                    }
                    _ => tracing::info!(request, code, %user, %network, "second factor refused"),
                }
                // What is not six digits was taken for a recovery code.
                let is_recovery = typed_code.chars().filter(|letter| letter.is_alphanumeric()).count() > 6;
                let notice = match Notice::of_code(&error, now) {
                    Notice::OneTimeCode(BadOneTimeCode::Wrong) if is_recovery => {
                        Notice::OneTimeCode(BadOneTimeCode::WrongRecovery)
                    }
                    notice => notice,
                };
                Err(self.did_nothing(notice, None))
            }
        }
    }
}
