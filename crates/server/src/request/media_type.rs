//! The encoding of a body.

use http::{HeaderMap, header};

/// The longest media type that a response repeats, in characters.
const MAX_ECHO: usize = 128;

/// An accepted encoding of request bodies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MediaType {
    /// `application/json`
    Json,
    /// `application/x-www-form-urlencoded`
    Form,
    /// `multipart/form-data`
    Multipart,
}

impl MediaType {
    /// The encoding in `Content-Type`, or the unsupported media type.
    pub(crate) fn of(headers: &HeaderMap) -> Result<Self, String> {
        let value = headers.get(header::CONTENT_TYPE).map_or(&b""[..], |value| value.as_bytes());
        let essence = value.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
        if essence.eq_ignore_ascii_case(b"application/json") {
            Ok(Self::Json)
        } else if essence.eq_ignore_ascii_case(b"application/x-www-form-urlencoded") {
            Ok(Self::Form)
        } else if essence.eq_ignore_ascii_case(b"multipart/form-data") {
            Ok(Self::Multipart)
        } else {
            Err(String::from_utf8_lossy(value).chars().take(MAX_ECHO).collect())
        }
    }
}
