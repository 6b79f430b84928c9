//! The fields of a request, in any accepted encoding.

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
use crate::settings::Limits;

/// Why the fields could not be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadError {
    /// The body could not be read.
    #[error(transparent)]
    Body(#[from] BodyError),
    /// The encoding of the body is not supported.
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
    /// The body is JSON, but not an object. This is Python's name for its type.
    #[error("body is not an object")]
    NotAnObject(&'static str),
}

/// Reads the fields with these names and ignores others. A request without a body has no fields, whatever its
/// `Content-Type`.
pub(crate) async fn read_fields<const N: usize>(
    parts: &Parts,
    body: Body,
    limits: &Limits,
    names: [&str; N],
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
        MediaType::Json => json::read(&body, names),
        MediaType::Form => Ok(read_form(&body, names)),
        MediaType::Multipart => read_multipart(&parts.headers, body, names).await,
    }
}

/// The index of the field with this name, if there is one.
fn slot<'v, const N: usize>(
    values: &'v mut [FieldValue; N],
    names: [&str; N],
    name: &str,
) -> Option<&'v mut FieldValue> {
    names.iter().zip(values).find(|(known, _)| **known == name).map(|(_, value)| value)
}

/// A URL-encoded form. If a name is repeated, the last value counts.
fn read_form<const N: usize>(body: &[u8], names: [&str; N]) -> [FieldValue; N] {
    let mut values = std::array::from_fn(|_| FieldValue::Absent);
    for (name, value) in form_urlencoded::parse(body) {
        if let Some(slot) = slot(&mut values, names, &name) {
            *slot = FieldValue::Text(value.into_owned());
        }
    }
    values
}

async fn read_multipart<const N: usize>(
    headers: &HeaderMap,
    body: Bytes,
    names: [&str; N],
) -> Result<[FieldValue; N], ReadError> {
    let mut values = std::array::from_fn(|_| FieldValue::Absent);
    multipart::read(headers, body, |name, value| {
        if let Some(slot) = slot(&mut values, names, name) {
            *slot = value;
        }
    })
    .await?;
    Ok(values)
}
