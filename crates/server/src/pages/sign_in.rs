//! The sign-in page.

use askama::Template;

use super::{PasskeyForm, filters};

#[derive(Template)]
#[template(path = "sign_in.html")]
pub(crate) struct SignInPage<'a> {
    pub(crate) client: &'a str,
    pub(crate) action: &'a str,
    pub(crate) form_token: &'a str,
    /// The username that was typed before, or that the client expects.
    pub(crate) username: &'a str,
    /// The error message next to the password.
    pub(crate) problem: Option<&'a str>,
    /// Why the page is shown again.
    pub(crate) notice: Option<&'a str>,
    /// The signed-in account, if the user may continue with it.
    pub(crate) signed_in_as: Option<SignedInAs<'a>>,
    /// The form for a passkey, where one can be used.
    pub(crate) passkey: Option<PasskeyForm>,
    /// Whether a password can be used.
    pub(crate) by_password: bool,
    /// Where a user who forgot the password goes.
    pub(crate) forgotten: Option<String>,
    /// Whether the user can go back to the client without signing in.
    pub(crate) can_cancel: bool,
}

/// The signed-in account that may continue without a password.
pub(crate) struct SignedInAs<'a> {
    pub(crate) username: &'a str,
    /// The token of this separate form.
    pub(crate) form_token: &'a str,
}
