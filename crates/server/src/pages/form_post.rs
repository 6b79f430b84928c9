//! The page that posts a response to a client.

use askama::Template;

use super::filters;

/// A response that the browser posts to the client (OAuth 2.0 Form Post Response Mode).
#[derive(Template)]
#[template(path = "form_post.html")]
pub(crate) struct FormPostPage<'a> {
    pub(crate) action: &'a str,
    pub(crate) parameters: Vec<(&'a str, &'a str)>,
    /// The script that posts it immediately.
    pub(crate) script: &'static str,
}
