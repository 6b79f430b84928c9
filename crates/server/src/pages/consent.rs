//! The page that asks whether a client may have what it asks for.

use askama::Template;

use super::{Asked, filters};

/// Whether a client may have what it asks for.
#[derive(Template)]
#[template(path = "consent.html")]
pub(crate) struct ConsentPage<'a> {
    /// What the client is called.
    pub(crate) client: &'a str,
    /// Where it sends people.
    pub(crate) client_host: &'a str,
    /// Its privacy policy.
    pub(crate) policy_uri: Option<&'a str>,
    /// Its terms of service.
    pub(crate) tos_uri: Option<&'a str>,
    /// Who is signed in.
    pub(crate) username: &'a str,
    pub(crate) asked: &'a Asked,
    /// Where the form leads.
    pub(crate) action: &'a str,
    /// What proves that the form is ours.
    pub(crate) form_token: &'a str,
    /// Why the page is shown again.
    pub(crate) notice: Option<&'a str>,
}
