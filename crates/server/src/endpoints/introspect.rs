//! `POST /introspect`: resource servers ask what a token is (RFC 7662).

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use http::StatusCode;
use jeton_authority::{Introspection, OAuthError};
use jeton_oauth::ErrorCode;

use super::client_request::{ClientRequest, context};
use crate::app::App;
use crate::error::ApiError;
use crate::respond::json;

/// Where it is.
pub(crate) const PATH: &str = "/introspect";

pub(crate) async fn post(State(app): State<Arc<App>>, mut request: Request) -> Response {
    let context = context(&mut request);
    match introspect(&app, request).await {
        Ok(introspection) => json(StatusCode::OK, serde_json::to_vec(&introspection).unwrap_or_default()),
        Err(error) => error.into_response(&context),
    }
}

async fn introspect(app: &App, request: Request) -> Result<Introspection, ApiError> {
    let asked = ClientRequest::read(app, PATH, request).await?;
    // Whoever cannot authenticate could go through tokens until one is good (RFC 7662 §4).
    if asked.client.is_public() {
        return Err(OAuthError::refused(ErrorCode::InvalidClient, "the client has to authenticate").into());
    }
    let token = asked.required("token", "token is missing")?;
    Ok(app.authority.introspect(&asked.client, token, app.clock.now()).await?)
}
