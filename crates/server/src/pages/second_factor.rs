//! The page that asks for a second factor.

use askama::Template;

use super::{PasskeyForm, filters};

#[derive(Template)]
#[template(path = "second_factor.html")]
pub(crate) struct SecondFactorPage<'a> {
    pub(crate) client: &'a str,
    pub(crate) action: &'a str,
    pub(crate) form_token: &'a str,
    /// Whose password was presented.
    pub(crate) username: &'a str,
    /// The error message.
    pub(crate) problem: Option<&'a str>,
    /// Why the page is shown again.
    pub(crate) notice: Option<&'a str>,
    /// Where to sign in as somebody else.
    pub(crate) another: &'a str,
    /// The form for a passkey, where one can be used.
    pub(crate) passkey: Option<PasskeyForm>,
    /// Whether the error message is about a recovery code.
    pub(crate) at_recovery: bool,
    /// Whether there is an authenticator app.
    pub(crate) by_app: bool,
    /// For how long no code is asked for in this browser, in words, if that is offered.
    pub(crate) remembered_for: Option<String>,
    /// Whether the user can go back to the client without signing in.
    pub(crate) can_cancel: bool,
}
