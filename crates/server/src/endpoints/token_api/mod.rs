//! The token API, wire-compatible with simplejwt: what its endpoints have in common.

pub(crate) mod blacklist;
mod cross_origin;
pub(crate) mod obtain;
pub(crate) mod refresh;
pub(crate) mod verify;

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use bytes::Bytes;
use http::StatusCode;
use http::request::Parts;

pub(crate) use cross_origin::cross_origin;

use crate::app::App;
use crate::error::ApiError;
use crate::request::{FieldValue, RequestContext, read_fields};
use crate::respond::{json, with_token_api_headers};

/// A request to the token API, taken apart.
pub(super) struct Call {
    pub(super) context: RequestContext,
    parts: Parts,
    body: Body,
}

impl Call {
    pub(super) fn of(request: Request) -> Self {
        let (mut parts, body) = request.into_parts();
        Self { context: RequestContext::take(&mut parts.extensions), parts, body }
    }

    /// Reads the fields of these names; to be called once.
    pub(super) async fn fields<const N: usize>(
        &mut self,
        app: &App,
        names: [&str; N],
    ) -> Result<[FieldValue; N], ApiError> {
        let body = std::mem::take(&mut self.body);
        Ok(read_fields(&self.parts, body, &app.limits, names).await?)
    }
}

/// The answer to a call.
pub(super) fn answer(outcome: Result<String, ApiError>, context: &RequestContext) -> Response {
    with_token_api_headers(match outcome {
        Ok(body) => json(StatusCode::OK, body),
        Err(error) => error.into_response(context),
    })
}

/// The answer to `OPTIONS`: what the endpoint is and takes, as Django REST framework describes it.
pub(super) fn description(body: impl Into<Bytes>) -> Response {
    with_token_api_headers(json(StatusCode::OK, body))
}

/// What every description says of encodings.
macro_rules! describe {
    ($name:literal, $text:literal, $($field:literal),+) => {
        concat!(
            r#"{"name":""#,
            $name,
            r#"","description":""#,
            $text,
            r#"","renders":["application/json"],"#,
            r#""parses":["application/json","application/x-www-form-urlencoded","multipart/form-data"],"#,
            r#""actions":{"POST":{"#,
            $($field,)+
            "}}}"
        )
    };
}
use describe;
