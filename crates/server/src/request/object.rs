//! A body that is a JSON object whose members somebody else knows.

use axum::body::Body;
use http::HeaderMap;
use serde_json::{Map, Value};

use super::body;
use super::form::FormError;
use super::media_type::MediaType;
use crate::settings::Limits;

/// The members of a body of the type `application/json`; nothing where it is something else. A name that comes twice is
/// something else: whoever looked at it before may have gone by the other one.
pub(crate) async fn read_object(
    headers: &HeaderMap,
    body: Body,
    limits: &Limits,
) -> Result<Option<Map<String, Value>>, FormError> {
    let body = body::read(headers, body, limits).await?;
    Ok(match MediaType::of(headers) {
        Ok(MediaType::Json) => jeton_jose::json::from_slice(&body).ok(),
        _ => None,
    })
}
