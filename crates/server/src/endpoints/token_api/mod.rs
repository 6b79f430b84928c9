//! The token API, wire-compatible with simplejwt: the common parts of its endpoints.

pub(crate) mod blacklist;
mod cross_origin;
pub(crate) mod obtain;
pub(crate) mod refresh;
pub(crate) mod second_factor;
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
use crate::request::{FieldValue, RequestContext, Validation, read_fields};
use crate::respond::{json, with_token_api_headers};

/// The parsed request to the token API.
struct Call {
    context: RequestContext,
    parts: Parts,
    body: Body,
}

impl Call {
    fn of(request: Request) -> Self {
        let (parts, body) = request.into_parts();
        Self { context: RequestContext::of(&parts.extensions), parts, body }
    }

    /// Reads the fields with these names. Call it once.
    async fn fields<const N: usize>(
        &mut self,
        app: &App,
        names: [&str; N],
    ) -> Result<[FieldValue; N], ApiError> {
        let body = std::mem::take(&mut self.body);
        Ok(read_fields(&self.parts, body, &app.limits, names).await?)
    }

    /// Reads the one token in the request. Call it once.
    async fn token(&mut self, app: &App, name: &str) -> Result<String, ApiError> {
        let [token] = self.fields(app, [name]).await?;
        let mut validation = Validation::default();
        let token = validation.text(name, token);
        validation.finish().map_err(ApiError::Fields)?;
        Ok(token)
    }
}

fn answer(outcome: Result<String, ApiError>, context: &RequestContext) -> Response {
    with_token_api_headers(match outcome {
        Ok(body) => json(StatusCode::OK, body),
        Err(error) => error.into_response(context),
    })
}

/// The response to `OPTIONS`: describes the endpoint as Django REST framework does.
fn description(body: impl Into<Bytes>) -> Response {
    with_token_api_headers(json(StatusCode::OK, body))
}

/// The encodings, as every description lists them.
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
