//! Error pages for people in a browser, where programs get JSON: for errors in the request itself, whatever its
//! purpose.

use axum::response::Response;
use http::StatusCode;

use super::ApiError;
use crate::pages::error_page;
use crate::request::{BodyError, FormError, Reader, RequestContext};

/// The page for an error; `None` if a program reads the response, or if the error belongs to an endpoint for programs.
pub(crate) fn of(error: &ApiError, context: &RequestContext, status: StatusCode) -> Option<Response> {
    if context.reader == Reader::Program {
        return None;
    }
    Some(error_page(context, status, error.code(), words(error)?, None))
}

const fn words(error: &ApiError) -> Option<(&'static str, &'static str)> {
    Some(match error {
        ApiError::NotFound => {
            ("Page not found", "Check the address, or go back to the application you came from.")
        }
        ApiError::MethodNotAllowed(_) => (
            "This page cannot be opened directly",
            "Go back to the application you came from and start again.",
        ),
        ApiError::TargetTooLong => (
            "This address is too long",
            "The application that sent you here made a request that is too long. Go back and try again. If the problem persists, contact its support.",
        ),
        ApiError::HostUnclear => (
            "This request cannot be read",
            "It does not name a valid host. Something between your browser and this server changed the request.",
        ),
        ApiError::Form(FormError::Body(BodyError::Compressed)) => (
            "This request cannot be read",
            "It is compressed. Something between your browser and this server changed the request.",
        ),
        ApiError::ClockDisagrees => {
            ("Not available at the moment", "This is a problem on our side. Wait a moment and try again.")
        }
        ApiError::TimedOut { .. } => ("This took too long", "Wait a moment and try again."),
        ApiError::Panicked => {
            ("Something went wrong", "This is a problem on our side. Wait a moment and try again.")
        }
        _ => return None,
    })
}
