//! The consent page.

use askama::Template;

use super::{Asked, filters};

/// The question whether a client may have what it requests.
#[derive(Template)]
#[template(path = "consent.html")]
pub(crate) struct ConsentPage<'a> {
    pub(crate) client: &'a str,
    pub(crate) client_host: &'a str,
    pub(crate) policy_uri: Option<&'a str>,
    pub(crate) tos_uri: Option<&'a str>,
    pub(crate) username: &'a str,
    pub(crate) asked: &'a Asked,
    pub(crate) action: &'a str,
    pub(crate) form_token: &'a str,
    /// Why the page is shown again.
    pub(crate) notice: Option<&'a str>,
}
