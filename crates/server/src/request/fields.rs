//! The fields of a request, whatever its encoding.

use axum::body::Body;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, header};
use http_body::Body as _;
use jeton_jose::json::JsonError;

use super::body::{self, BodyError};
use super::field::FieldValue;
use super::media_type::MediaType;
use super::{json, multipart};
use crate::limits::Limits;

/// The fields that an endpoint looks at. Others are ignored.
pub(crate) trait FieldNames<const N: usize> {
    /// Their names.
    const NAMES: [&'static str; N];
}

/// Why no fields could be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadError {
    /// The body did not arrive as it should.
    #[error(transparent)]
    Body(#[from] BodyError),
    /// The body is in an encoding that is not taken.
    #[error("unsupported media type")]
    MediaType(String),
    /// The body is not strict JSON.
    #[error("body is not JSON: {0}")]
    Json(JsonError),
    /// The body is not a multipart form.
    #[error("body is not a multipart form")]
    Multipart,
    /// The body is `null`.
    #[error("body is null")]
    NoData,
    /// The body is JSON, but not an object; this is Python's name for what it is.
    #[error("body is not an object")]
    NotAnObject(&'static str),
}

/// Reads the named fields. A request without a body has none of them, whatever it says its encoding is.
pub(crate) async fn read_fields<F: FieldNames<N>, const N: usize>(
    parts: &Parts,
    body: Body,
    limits: &Limits,
) -> Result<[FieldValue; N], ReadError> {
    // A client that waits for leave to send has not sent anything yet that would have to be read first.
    let waits = parts.headers.contains_key(header::EXPECT);
    if waits && body.size_hint().lower() > limits.body_bytes as u64 {
        return Err(BodyError::TooLarge { limit: limits.body_bytes }.into());
    }
    let body = body::read(&parts.headers, body, limits).await?;
    if body.is_empty() {
        return Ok(std::array::from_fn(|_| FieldValue::Absent));
    }
    match MediaType::of(&parts.headers).map_err(ReadError::MediaType)? {
        MediaType::Json => json::read::<F, N>(&body),
        MediaType::Form => Ok(read_form::<F, N>(&body)),
        MediaType::Multipart => read_multipart::<F, N>(&parts.headers, body).await,
    }
}

/// Which of the fields has this name.
pub(super) fn index<F: FieldNames<N>, const N: usize>(name: &str) -> Option<usize> {
    F::NAMES.iter().position(|known| *known == name)
}

/// A form in the encoding of URLs. The last value of a name counts.
fn read_form<F: FieldNames<N>, const N: usize>(body: &[u8]) -> [FieldValue; N] {
    let mut values = std::array::from_fn(|_| FieldValue::Absent);
    for (name, value) in form_urlencoded::parse(body) {
        if let Some(slot) = index::<F, N>(&name).and_then(|index| values.get_mut(index)) {
            *slot = FieldValue::Text(value.into_owned());
        }
    }
    values
}

async fn read_multipart<F: FieldNames<N>, const N: usize>(
    headers: &HeaderMap,
    body: Bytes,
) -> Result<[FieldValue; N], ReadError> {
    let mut values = std::array::from_fn(|_| FieldValue::Absent);
    multipart::read(headers, body, |name, value| {
        if let Some(slot) = index::<F, N>(name).and_then(|index| values.get_mut(index)) {
            *slot = value;
        }
    })
    .await?;
    Ok(values)
}
