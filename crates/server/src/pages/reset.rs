//! The pages of `/reset`.

use askama::Template;

use super::filters;

/// The field for a name or an address.
#[derive(Template)]
#[template(path = "reset/ask.html")]
pub(crate) struct ResetAskPage<'a> {
    pub(crate) action: &'a str,
    pub(crate) form_token: &'a str,
    /// What was typed before.
    pub(crate) username: &'a str,
    pub(crate) problem: Option<&'a str>,
    pub(crate) sign_in: &'a str,
}

/// What to do with the mail, and the field for its code.
#[derive(Template)]
#[template(path = "reset/sent.html")]
pub(crate) struct ResetSentPage<'a> {
    pub(crate) action: &'a str,
    pub(crate) form_token: &'a str,
    pub(crate) problem: Option<&'a str>,
    pub(crate) again: &'a str,
}

/// What the link of the mail opens.
#[derive(Template)]
#[template(path = "reset/link.html")]
pub(crate) struct ResetLinkPage<'a> {
    pub(crate) action: &'a str,
    pub(crate) form_token: &'a str,
    /// Whether this browser asked for the mail.
    pub(crate) is_here: bool,
    pub(crate) again: &'a str,
}

/// The field for the new password.
#[derive(Template)]
#[template(path = "reset/password.html")]
pub(crate) struct ResetPasswordPage<'a> {
    pub(crate) action: &'a str,
    pub(crate) form_token: &'a str,
    pub(crate) username: &'a str,
    pub(crate) problem: Option<&'a str>,
}

/// The end: the password was set, or nothing leads on from here.
#[derive(Template)]
#[template(path = "reset/over.html")]
pub(crate) struct ResetOverPage<'a> {
    pub(crate) is_done: bool,
    pub(crate) again: &'a str,
    pub(crate) sign_in: &'a str,
}
