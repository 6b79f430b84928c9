//! The page about what went wrong.

use askama::Template;

use super::filters;

/// Something that cannot be sent back to the client.
#[derive(Template)]
#[template(path = "error.html")]
pub(crate) struct ErrorPage<'a> {
    pub(crate) title: &'a str,
    /// What to do about it.
    pub(crate) text: &'a str,
    /// Where the user can go from here.
    pub(crate) way_on: Option<WayOn<'a>>,
    /// Its stable name, for whoever looks after the client.
    pub(crate) code: &'a str,
    /// What the log calls the request.
    pub(crate) request: &'a str,
}

/// A link to an application.
pub(crate) struct WayOn<'a> {
    pub(crate) href: &'a str,
    pub(crate) name: &'a str,
}
