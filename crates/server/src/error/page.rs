//! What a person at a browser is shown where a program is told in JSON: what is wrong with the request itself, whatever it is for.

use axum::response::Response;
use http::StatusCode;

use super::ApiError;
use crate::pages::error_page;
use crate::request::{BodyError, FormError, Reader, RequestContext};

/// The page about an error; nothing where a program reads the answer, or the error is one of an endpoint for programs.
pub(crate) fn of(error: &ApiError, context: &RequestContext, status: StatusCode) -> Option<Response> {
    if context.reader == Reader::Program {
        return None;
    }
    Some(error_page(context, status, error.code(), words(error)?, None))
}

const fn words(error: &ApiError) -> Option<(&'static str, &'static str)> {
    Some(match error {
        ApiError::NotFound => {
            ("There is no such page", "Check the address, or go back to the application that you came from.")
        }
        ApiError::MethodNotAllowed(_) => (
            "This page cannot be opened like this",
            "Go back to the application that you came from and start again.",
        ),
        ApiError::TargetTooLong => (
            "This address is too long",
            "The application that sent you here put too much into it. Go back to it and try again; if that does not help, tell those \
             who look after it.",
        ),
        ApiError::HostUnclear => (
            "This request cannot be read",
            "It does not say which host it is for. Something between your browser and this server changed it.",
        ),
        ApiError::Form(FormError::Body(BodyError::Compressed)) => (
            "This request cannot be read",
            "It is compressed. Something between your browser and this server changed it.",
        ),
        ApiError::TimedOut { .. } => ("This took too long", "Wait a moment and try again."),
        ApiError::Panicked => {
            ("Something went wrong", "That is our fault, not yours. Wait a moment and try again.")
        }
        _ => return None,
    })
}
