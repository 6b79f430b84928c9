//! Fields in a multipart form (RFC 7578).

use axum::body::Body;
use axum::extract::{FromRequest, Multipart};
use bytes::Bytes;
use http::{HeaderMap, Request, header};

use super::field::FieldValue;
use super::fields::ReadError;

/// Calls `field` for each part of the form. A file never counts as text.
pub(super) async fn read(
    headers: &HeaderMap,
    body: Bytes,
    mut field: impl FnMut(&str, FieldValue),
) -> Result<(), ReadError> {
    let mut request = Request::new(Body::from(body));
    if let Some(content_type) = headers.get(header::CONTENT_TYPE) {
        request.headers_mut().insert(header::CONTENT_TYPE, content_type.clone());
    }
    let mut form = Multipart::from_request(request, &()).await.map_err(|_| ReadError::Multipart)?;
    while let Some(part) = form.next_field().await.map_err(|_| ReadError::Multipart)? {
        let name = part.name().unwrap_or_default().to_owned();
        let is_file = part.file_name().is_some();
        let content = part.bytes().await.map_err(|_| ReadError::Multipart)?;
        if is_file {
            field(&name, FieldValue::NotText);
        } else {
            field(&name, FieldValue::Text(String::from_utf8_lossy(&content).into_owned()));
        }
    }
    Ok(())
}
