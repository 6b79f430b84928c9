//! The page about what went wrong.

use askama::Template;
use axum::response::Response;
use http::StatusCode;

use super::{Forms, filters, page};
use crate::request::RequestContext;

/// The page about an error of this `code`, with a title and what to do about it.
pub(crate) fn error_page(
    context: &RequestContext,
    status: StatusCode,
    code: &str,
    (title, text): (&str, &str),
    way_on: Option<WayOn<'_>>,
) -> Response {
    let shown = ErrorPage { title, text, way_on, code, request: context.id() };
    page(&context.urls, status, &shown, Forms::StayHere)
}

/// Something that cannot be sent back to the client.
#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage<'a> {
    title: &'a str,
    text: &'a str,
    /// Where the user can go from here.
    way_on: Option<WayOn<'a>>,
    /// Its stable name, for whoever looks after the client.
    code: &'a str,
    /// What the log calls the request.
    request: &'a str,
}

pub(crate) struct WayOn<'a> {
    pub(crate) href: &'a str,
    pub(crate) name: &'a str,
}
