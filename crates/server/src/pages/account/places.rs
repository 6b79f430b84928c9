//! The page that shows where a user is signed in.

use askama::Template;

use super::When;
use crate::pages::filters;

/// Where the user is signed in, with a button for each.
#[derive(Template)]
#[template(path = "account/places.html")]
pub(crate) struct PlacesPage<'a> {
    pub(crate) notice: Option<&'a str>,
    /// The browsers, this one first.
    pub(crate) places: Vec<ShownPlace>,
    /// Applications that stay signed in without a browser.
    pub(crate) alone: Vec<ShownGrant>,
    pub(crate) action: &'a str,
    pub(crate) session_token: &'a str,
    pub(crate) grant_token: &'a str,
    pub(crate) others_token: &'a str,
    pub(crate) sign_out: &'a str,
    pub(crate) account: &'a str,
}

impl PlacesPage<'_> {
    /// Whether there is anything besides this browser.
    pub(crate) fn has_others(&self) -> bool {
        self.places.len() > 1 || !self.alone.is_empty()
    }
}

/// A browser.
pub(crate) struct ShownPlace {
    pub(crate) id: String,
    /// What the browser says that it is.
    pub(crate) device: String,
    pub(crate) network: String,
    pub(crate) signed_in: When,
    pub(crate) used: When,
    pub(crate) is_here: bool,
    /// The applications that the user opened there.
    pub(crate) applications: Vec<String>,
}

/// An application with its own sign-in.
pub(crate) struct ShownGrant {
    pub(crate) id: String,
    pub(crate) application: String,
    pub(crate) used: When,
}
