//! The page that says what happened to an account.

use askama::Template;

use super::When;
use crate::pages::filters;

/// What happened, the newest first.
#[derive(Template)]
#[template(path = "account/activity.html")]
pub(crate) struct ActivityPage<'a> {
    pub(crate) events: Vec<ShownEvent>,
    pub(crate) password_at: &'a str,
    pub(crate) places_at: &'a str,
    pub(crate) account: &'a str,
}

/// One thing that happened.
pub(crate) struct ShownEvent {
    pub(crate) what: String,
    /// Who did it, if not the user.
    pub(crate) by: Option<&'static str>,
    pub(crate) network: Option<String>,
    pub(crate) at: When,
}
