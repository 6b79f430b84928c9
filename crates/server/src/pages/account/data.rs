//! The page on which users download what is stored about them, and delete their account.

use askama::Template;

use crate::pages::filters;

/// The data of the account, and its end.
#[derive(Template)]
#[template(path = "account/data.html")]
pub(crate) struct DataPage<'a> {
    pub(crate) username: &'a str,
    pub(crate) notice: Option<&'a str>,
    pub(crate) export: &'a str,
    /// How long it takes until the account is deleted, in words; none if users may not delete theirs.
    pub(crate) wait: Option<String>,
    /// The day on which the account is deleted, if its user wants that.
    pub(crate) removal_on: Option<String>,
    pub(crate) action: &'a str,
    pub(crate) leave_token: &'a str,
    pub(crate) stay_token: &'a str,
    pub(crate) account: &'a str,
}
