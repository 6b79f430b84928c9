//! The page on which users change their password.

use askama::Template;

use crate::pages::filters;

/// The form for a new password.
#[derive(Template)]
#[template(path = "account/password.html")]
pub(crate) struct PasswordPage<'a> {
    pub(crate) username: &'a str,
    pub(crate) notice: Option<&'a str>,
    /// What is wrong with the password that was typed.
    pub(crate) problem: Option<&'a str>,
    /// Whether there is a password, which is replaced.
    pub(crate) has_password: bool,
    /// How many characters a new one has at least.
    pub(crate) min_length: u32,
    pub(crate) action: &'a str,
    pub(crate) form_token: &'a str,
    pub(crate) account: &'a str,
}
