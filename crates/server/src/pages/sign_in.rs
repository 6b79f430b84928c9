//! The page to sign in on.

use askama::Template;

use super::filters;

#[derive(Template)]
#[template(path = "sign_in.html")]
pub(crate) struct SignInPage<'a> {
    pub(crate) client: &'a str,
    pub(crate) action: &'a str,
    pub(crate) form_token: &'a str,
    /// What was typed before, or what the client expects.
    pub(crate) username: &'a str,
    /// What is wrong, beside the password.
    pub(crate) problem: Option<&'a str>,
    /// Why the page is shown again.
    pub(crate) notice: Option<&'a str>,
    /// Who is signed in, if they may go on as that.
    pub(crate) signed_in_as: Option<SignedInAs<'a>>,
    /// Whether the user can go back to the client without signing in.
    pub(crate) can_cancel: bool,
}

/// Who is signed in, and may go on without a password.
pub(crate) struct SignedInAs<'a> {
    pub(crate) username: &'a str,
    /// What proves that the form is ours, which is a form of its own.
    pub(crate) form_token: &'a str,
}
