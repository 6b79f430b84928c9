//! The parameters of an OAuth request: a query, or a body of type `application/x-www-form-urlencoded`.

use axum::body::Body;
use bytes::Bytes;
use http::request::Parts;
use jeton_oauth::{Parameters, ParametersError};

use super::body::{self, BodyError};
use super::media_type::MediaType;
use crate::settings::Limits;

/// Why the parameters could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FormError {
    /// The body could not be read.
    #[error(transparent)]
    Body(#[from] BodyError),
    /// The body has another encoding.
    #[error("body is not application/x-www-form-urlencoded")]
    MediaType,
    /// A parameter is repeated or not valid text.
    #[error(transparent)]
    Parameters(#[from] ParametersError),
}

impl FormError {
    /// Whether the body was compressed, which is the sender's fault and not that of the user at the page.
    pub(crate) const fn is_compressed(&self) -> bool {
        matches!(self, Self::Body(BodyError::Compressed))
    }
}

pub(crate) fn of_query(parts: &Parts) -> Result<Parameters, FormError> {
    Ok(Parameters::parse(parts.uri.query().unwrap_or_default().as_bytes())?)
}

/// The parameters of the body; none if it is empty.
pub(crate) async fn of_body(parts: &Parts, body: Body, limits: &Limits) -> Result<Parameters, FormError> {
    Ok(Parameters::parse(&bytes(parts, body, limits).await?)?)
}

/// The same for a form that somebody filled in. A null character in a field is the user's mistake, which the page
/// reports, and not the application's.
pub(crate) async fn of_typed_body(
    parts: &Parts,
    body: Body,
    limits: &Limits,
) -> Result<Parameters, FormError> {
    let body = bytes(parts, body, limits).await?;
    match Parameters::parse(&body) {
        Err(ParametersError::Nul) => {
            let mut typed = Parameters::default();
            for (name, value) in form_urlencoded::parse(&body) {
                typed.push(name.into_owned(), value.into_owned())?;
            }
            Ok(typed)
        }
        parsed => Ok(parsed?),
    }
}

/// Whether the body is a form, by its media type.
pub(crate) fn is_form(parts: &Parts) -> bool {
    matches!(MediaType::of(&parts.headers), Ok(MediaType::Form))
}

async fn bytes(parts: &Parts, body: Body, limits: &Limits) -> Result<Bytes, FormError> {
    let body = body::read(&parts.headers, body, limits).await?;
    match MediaType::of(&parts.headers) {
        Ok(MediaType::Form) => Ok(body),
        _ if body.is_empty() => Ok(body),
        _ => Err(FormError::MediaType),
    }
}
