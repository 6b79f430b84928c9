//! Passkeys, for every errand: what a page asks of a browser, and what comes back.

use http::HeaderValue;
use jeton_authority::passkey::{AssertionResponse, Passkey, PasskeyError, RelyingParty};
use jeton_authority::sign_in::{Asked, CodeError, SignedIn};
use jeton_authority::store::StoreError;
use jeton_oauth::Parameters;
use serde_json::{Value, json};

use super::second_factor::Challenged;
use super::{Errand, Notice, PageError, SignsIn, remember_browser};
use crate::pages::PasskeyForm;

/// The value of the field `action` in a form with a passkey.
pub(crate) const PASSKEY: &str = "passkey";

/// For how long a browser waits for its user, in milliseconds.
const TIMEOUT: u32 = 5 * 60 * 1000;

impl<P: SignsIn> Errand<P> {
    fn holder(&self) -> [&str; 2] {
        [&self.browser.name, self.purpose.about()]
    }

    /// The form that signs in with any passkey, where browsers have some.
    pub(super) fn passkey_form(&self, notice: Option<Notice>, is_main: bool) -> Option<PasskeyForm> {
        let party = self.app.relying_party.as_ref().ok()?;
        let challenge = self.app.authority.sign_in().passkey_challenge(&self.holder(), self.app.clock.now());
        let unknown_at = (notice == Some(Notice::PasskeyUnknown)).then(|| party.id().to_owned());
        Some(PasskeyForm { options: options(party, &challenge, &[], "required"), is_main, unknown_at })
    }

    /// The form that presents one of the user's passkeys after the password.
    pub(crate) async fn second_passkey_form(
        &self,
        challenged: &Challenged,
        notice: Option<Notice>,
    ) -> Result<Option<PasskeyForm>, StoreError> {
        let Ok(party) = &self.app.relying_party else { return Ok(None) };
        let passkeys = self.app.authority.sign_in().passkeys_of(challenged.user.id).await?;
        if passkeys.is_empty() {
            return Ok(None);
        }
        let challenge = self.seal_challenge(challenged.challenge());
        let unknown_at = (notice == Some(Notice::PasskeyUnknown)).then(|| party.id().to_owned());
        let is_main = !challenged.has_app();
        let options = options(party, &challenge, &passkeys, "discouraged");
        Ok(Some(PasskeyForm { options, is_main, unknown_at }))
    }

    /// The form in which a user who is signed in proves that they can use one of their passkeys, if they have any.
    pub(crate) fn own_passkey_form(&self, passkeys: &[Passkey]) -> Option<PasskeyForm> {
        let party = self.app.relying_party.as_ref().ok().filter(|_| !passkeys.is_empty())?;
        let challenge = self.app.authority.sign_in().passkey_challenge(&self.holder(), self.app.clock.now());
        Some(PasskeyForm {
            options: options(party, &challenge, passkeys, "discouraged"),
            is_main: false,
            unknown_at: None,
        })
    }

    /// Checks the passkey in that form.
    pub(crate) async fn prove_passkey(
        &self,
        signed_in: &SignedIn,
        form: &Parameters,
    ) -> Result<(), PageError> {
        let Self { app, context, .. } = self;
        let Ok(party) = &app.relying_party else { return Err(self.did_nothing(Notice::Unreadable, None)) };
        let (holder, now) = (self.holder(), app.clock.now());
        let asked = Asked { party, holder: &holder };
        let proved = match answer(form) {
            Ok(answer) => {
                let caller = context.caller();
                app.authority.sign_in().prove_passkey(signed_in, asked, &answer, caller, now).await
            }
            Err(error) => Err(error.into()),
        };
        proved.map_err(|error| self.passkey_refused(&error))
    }

    fn passkey_refused(&self, error: &CodeError) -> PageError {
        let (request, code, network) = (self.context.id(), error.code(), self.context.network());
        match error {
            CodeError::Unreadable | CodeError::Signing(_) | CodeError::Store(_) => {
                tracing::warn!(request, code, "{error}");
            }
            _ => tracing::info!(request, code, %network, cause = %error, "passkey refused"),
        }
        let notice = match error {
            // Nobody is told that the account is disabled.
            CodeError::Refused | CodeError::Throttled { .. } => Notice::PasskeyRefused,
            error => Notice::of_code(error, self.app.clock.now()),
        };
        self.did_nothing(notice, None)
    }

    /// Signs in with the passkey in a form. Returns the user and the cookies of the session.
    pub(super) async fn sign_in_with_passkey(
        &self,
        challenged: Option<&Challenged>,
        form: &Parameters,
    ) -> Result<(SignedIn, Vec<HeaderValue>), PageError> {
        let Self { app, context, browser, .. } = self;
        let (request, network, now) = (context.id(), context.network(), app.clock.now());
        let (before, caller) = (browser.secret.as_ref(), context.caller());
        let Ok(party) = &app.relying_party else { return Err(self.did_nothing(Notice::Unreadable, None)) };
        let holder = self.holder();
        let asked = Asked { party, holder: &holder };
        let sign_in = app.authority.sign_in();
        let signed_in = match (answer(form), challenged) {
            (Err(error), _) => Err(error.into()),
            (Ok(answer), None) => sign_in.at_browser_with_passkey(asked, &answer, before, caller, now).await,
            (Ok(answer), Some(challenged)) => {
                let challenge = challenged.challenge();
                sign_in.at_browser_with_second_passkey(challenge, asked, &answer, before, caller, now).await
            }
        };
        match signed_in {
            Ok((secret, signed_in)) => {
                remember_browser(app, context, signed_in.user.username.as_str());
                tracing::info!(request, user = %signed_in.user.id, %network, "browser sign-in with a passkey");
                Ok((signed_in, self.cookies_of(&secret)))
            }
            Err(error) => Err(self.passkey_refused(&error)),
        }
    }

    /// Whether the passkey in a form is one of the account that is signed in.
    pub(super) fn is_passkey_of_account(&self, form: &Parameters) -> bool {
        let account = self.browser.account();
        answer(form).is_ok_and(|answer| {
            account.is_some_and(|account| answer.user_handle() == Some(account.as_bytes()))
        })
    }
}

/// The options for the browser (Web Authentication §5.5). Without passkeys, it offers those that it finds.
fn options(party: &RelyingParty, challenge: &str, passkeys: &[Passkey], verification: &str) -> String {
    let options = json!({
        "challenge": challenge,
        "rpId": party.id(),
        "allowCredentials": passkeys.iter().map(descriptor).collect::<Vec<_>>(),
        "userVerification": verification,
        "timeout": TIMEOUT,
    });
    options.to_string()
}

fn answer(form: &Parameters) -> Result<AssertionResponse, PasskeyError> {
    AssertionResponse::parse(form.get("passkey").unwrap_or_default())
}

/// A passkey, as the options for a browser name it (Web Authentication §5.8.3).
pub(crate) fn descriptor(passkey: &Passkey) -> Value {
    json!({"type": "public-key", "id": passkey.id.to_text(), "transports": passkey.transports})
}
