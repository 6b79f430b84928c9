//! The first page of the account.

use askama::Template;

use crate::pages::filters;

/// What the user has, and where to change it.
#[derive(Template)]
#[template(path = "account/home.html")]
pub(crate) struct AccountPage<'a> {
    pub(crate) username: &'a str,
    /// The full name, if it is known.
    pub(crate) name: Option<&'a str>,
    pub(crate) email: Option<&'a str>,
    /// Why the page is shown again, or what was done.
    pub(crate) notice: Option<&'a str>,
    /// The day on which the account is deleted, if its user wants that.
    pub(crate) removal_on: Option<String>,
    pub(crate) has_password: bool,
    /// Since when there is an authenticator app.
    pub(crate) app_since: Option<String>,
    /// How many recovery codes are left.
    pub(crate) codes_left: usize,
    /// How many passkeys there are.
    pub(crate) passkeys: usize,
    /// Whether a passkey is asked for after the password.
    pub(crate) passkey_after_password: bool,
    /// In how many places the user is signed in, this one included.
    pub(crate) places: usize,
    /// How many applications there are.
    pub(crate) applications: usize,
    pub(crate) password_at: &'a str,
    pub(crate) authenticator: &'a str,
    pub(crate) passkeys_at: &'a str,
    pub(crate) places_at: &'a str,
    pub(crate) applications_at: &'a str,
    pub(crate) activity_at: &'a str,
    pub(crate) data_at: &'a str,
    pub(crate) sign_out: &'a str,
}
