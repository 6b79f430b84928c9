//! A body that is a JSON object, for endpoints whose members another type defines.

use axum::body::Body;
use http::HeaderMap;
use serde_json::{Map, Value};

use super::body;
use super::form::FormError;
use super::media_type::MediaType;
use crate::settings::Limits;

/// The members of a body of type `application/json`; `None` if it is anything else. An object that repeats a name
/// counts as something else, because whoever read it before may have used the other value.
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
