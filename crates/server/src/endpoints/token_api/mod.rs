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
use crate::request::{FieldValue, RequestContext, Validation, read_fields};
use crate::respond::{json, with_token_api_headers};

/// A request to the token API, taken apart.
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

    /// Reads the fields of these names; to be called once.
    async fn fields<const N: usize>(
        &mut self,
        app: &App,
        names: [&str; N],
    ) -> Result<[FieldValue; N], ApiError> {
        let body = std::mem::take(&mut self.body);
        Ok(read_fields(&self.parts, body, &app.limits, names).await?)
    }

    /// Reads the one token that is sent; to be called once.
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

/// The answer to `OPTIONS`: what the endpoint is and takes, as Django REST framework describes it.
fn description(body: impl Into<Bytes>) -> Response {
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
