//! The page with the applications that may act for a user.

use askama::Template;

use super::When;
use crate::pages::{Asked, filters};

/// The applications, with a button for each.
#[derive(Template)]
#[template(path = "account/applications.html")]
pub(crate) struct ApplicationsPage<'a> {
    pub(crate) notice: Option<&'a str>,
    pub(crate) applications: Vec<ShownApplication>,
    pub(crate) action: &'a str,
    pub(crate) form_token: &'a str,
    pub(crate) account: &'a str,
}

/// An application.
pub(crate) struct ShownApplication {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) asked: Asked,
    pub(crate) since: Option<When>,
    /// When it last got a token; none if it has no grant.
    pub(crate) used: Option<When>,
}
