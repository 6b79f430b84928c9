//! The parameters of an OAuth request: a query, or a body of the type `application/x-www-form-urlencoded`.

use axum::body::Body;
use bytes::Bytes;
use http::request::Parts;
use jeton_oauth::{Parameters, ParametersError};

use super::body::{self, BodyError};
use super::media_type::MediaType;
use crate::settings::Limits;

/// Why there are no parameters.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FormError {
    /// The body did not arrive as it should.
    #[error(transparent)]
    Body(#[from] BodyError),
    /// The body is in another encoding.
    #[error("body is not application/x-www-form-urlencoded")]
    MediaType,
    /// A parameter is repeated or no text.
    #[error(transparent)]
    Parameters(#[from] ParametersError),
}

impl FormError {
    /// Whether the body was compressed, which is the fault of whatever sent it and not of the person at the page.
    pub(crate) const fn is_compressed(&self) -> bool {
        matches!(self, Self::Body(BodyError::Compressed))
    }
}

pub(crate) fn of_query(parts: &Parts) -> Result<Parameters, FormError> {
    Ok(Parameters::parse(parts.uri.query().unwrap_or_default().as_bytes())?)
}

/// The parameters of the body; none where it is empty.
pub(crate) async fn of_body(parts: &Parts, body: Body, limits: &Limits) -> Result<Parameters, FormError> {
    Ok(Parameters::parse(&bytes(parts, body, limits).await?)?)
}

/// The same of a form whose fields somebody typed. A null character in one of them is a mistake of theirs, about which the page
/// tells them, and none of the application's.
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

/// Whether the body is a form by its type.
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
