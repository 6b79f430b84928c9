//! The seals of all forms, and the marks of other data that returns through the browser.
//!
//! A page makes its form's token with [`Seal::token`]. The recipient of the form describes the seal as it would be
//! made now, and checks the token with [`Seal::judge`]. Only a current form has an effect. Otherwise, the page for the
//! current state is shown with a sentence that says why.

use jeton_authority::{FormSeal, FormVerdict, ShownDigest, UserId};
use jeton_oauth::Parameters;

use super::Browser;
use crate::app::App;

/// The form field with the token.
const FIELD: &str = "form_token";

/// What a form is for. Every seal also covers the browser and the account that is signed in there, or is about to be.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Seal<'a> {
    /// Signing in to continue with an authorization request, given as its query, or going back.
    SignIn { request: &'a str },
    /// Presenting a second factor for the sign-in of this user.
    SecondFactor { about: &'a str, user: UserId },
    /// Signing in for one of the pages of the account, given as its path.
    AccountSignIn { page: &'a str },
    /// Changing something of the account that is signed in.
    Account { action: &'a str },
    /// Setting a new password by mail.
    Reset { about: &'a str },
    /// Continuing with an authorization request as the signed-in user. Made only if the request permits that.
    Continue { request: &'a str },
    /// Signing out of something.
    SignOut { subject: &'a str },
    /// Allowing an authorization request, as the page showed it.
    Consent { request: &'a str, shown: ShownDigest },
    /// Looking up a user code.
    DeviceCode,
    /// Signing in to decide about the device with this code.
    DeviceSignIn { code: &'a str },
    /// Deciding about the device with this code, as the page showed it.
    DeviceDecision { code: &'a str, shown: ShownDigest },
}

impl<'a> Seal<'a> {
    /// The kind of form, its subject, and the content of its page.
    const fn parts(self) -> (&'static str, &'a str, ShownDigest) {
        match self {
            Self::SignIn { request } => ("sign-in", request, ShownDigest::NOTHING),
            Self::SecondFactor { about, .. } => ("second factor", about, ShownDigest::NOTHING),
            Self::AccountSignIn { page } => ("account sign-in", page, ShownDigest::NOTHING),
            Self::Account { action } => ("account", action, ShownDigest::NOTHING),
            Self::Reset { about } => ("password reset", about, ShownDigest::NOTHING),
            Self::Continue { request } => ("continue", request, ShownDigest::NOTHING),
            Self::SignOut { subject } => ("sign-out", subject, ShownDigest::NOTHING),
            Self::Consent { request, shown } => ("consent", request, shown),
            Self::DeviceCode => ("device", "", ShownDigest::NOTHING),
            Self::DeviceSignIn { code } => ("device sign-in", code, ShownDigest::NOTHING),
            Self::DeviceDecision { code, shown } => ("device decision", code, shown),
        }
    }

    /// The token of this form, if it is shown now in this browser.
    pub(crate) fn token(self, app: &App, browser: &Browser) -> String {
        app.authority.forms().seal(&self.at(browser), app.clock.now())
    }

    /// Whether a form that this browser posted is current.
    pub(crate) fn judge(self, app: &App, browser: &Browser, form: &Parameters) -> FormVerdict {
        // A browser that has just got its name was shown nothing.
        if browser.is_new {
            return FormVerdict::Foreign;
        }
        let presented = form.get(FIELD).unwrap_or_default();
        app.authority.forms().judge(&self.at(browser), presented, app.clock.now())
    }

    fn at(self, browser: &'a Browser) -> FormSeal<'a> {
        let (form, about, shown) = self.parts();
        let account = match self {
            // Nobody is signed in by it yet.
            Self::SecondFactor { user, .. } => Some(user),
            _ => browser.account(),
        };
        FormSeal { browser: &browser.name, form, about, account, shown }
    }
}

/// The purpose of a text that returns in a URL or a cookie. It is valid only in the browser that it was made for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Mark<'a> {
    /// What the user has done for an authorization request, given as its query.
    Progress { request: &'a str, progress: &'a str },
    /// The username that the user typed.
    TypedName { about: &'a str, name: &'a str },
    /// That a user code was typed or confirmed.
    TypedCode { code: &'a str },
    /// That recovery codes were made.
    RecoveryCodes { set: &'a str },
    /// What ended when the user signed out.
    SignedOut { what: &'a str },
}

impl Mark<'_> {
    pub(crate) fn mac(self, app: &App, browser: &Browser) -> String {
        self.with(browser, |purpose, parts| app.authority.forms().seal_text(purpose, parts))
    }

    /// Whether a text has this mark. A browser that has just got its name cannot have one.
    pub(crate) fn is_genuine(self, app: &App, browser: &Browser, mac: &str) -> bool {
        !browser.is_new
            && self.with(browser, |purpose, parts| app.authority.forms().is_sealed(purpose, parts, mac))
    }

    fn with<T>(self, browser: &Browser, then: impl FnOnce(&str, &[&str]) -> T) -> T {
        let browser = browser.name.as_str();
        match self {
            Self::Progress { request, progress } => {
                then("progress of a request", &[browser, request, progress])
            }
            Self::TypedName { about, name } => then("typed name", &[browser, about, name]),
            Self::TypedCode { code } => then("typed", &[browser, code]),
            Self::RecoveryCodes { set } => then("recovery codes", &[browser, set]),
            Self::SignedOut { what } => then("signed out", &[browser, what]),
        }
    }
}
