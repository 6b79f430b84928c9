//! The error page.

use askama::Template;
use axum::response::Response;
use http::StatusCode;

use super::{Forms, filters, page};
use crate::request::RequestContext;

/// The page for an error with this `code`, with a title and advice.
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

/// An error that cannot be sent to the client.
#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage<'a> {
    title: &'a str,
    text: &'a str,
    /// Where the user can continue.
    way_on: Option<WayOn<'a>>,
    /// The stable error code, for the client's operator.
    code: &'a str,
    /// The request identifier in the log.
    request: &'a str,
}

pub(crate) struct WayOn<'a> {
    pub(crate) href: &'a str,
    pub(crate) name: &'a str,
}
