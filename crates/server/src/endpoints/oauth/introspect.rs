//! `POST /introspect`: resource servers ask about a token (RFC 7662).

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use http::{HeaderMap, StatusCode, header};
use jeton_authority::{Introspection, OAuthError};
use jeton_oauth::ErrorCode;

use super::answer;
use super::client_request::ClientRequest;
use crate::app::App;
use crate::error::ApiError;
use crate::request::RequestContext;
use crate::respond::jwt;
use crate::urls::path;

/// The media type of a signed response.
const JWT: &str = "application/token-introspection+jwt";

pub(crate) async fn post(State(app): State<Arc<App>>, context: RequestContext, request: Request) -> Response {
    match introspect(&app, &context, request).await {
        Ok(Told::Jwt(token)) => jwt(token, JWT),
        Ok(Told::Json(introspection)) => answer(&context, StatusCode::OK, Ok(introspection)),
        Err(error) => error.into_response(&context),
    }
}

enum Told {
    Json(Introspection),
    /// The same as a signed token (RFC 9701), which the caller requested with the `Accept` header.
    Jwt(String),
}

async fn introspect(app: &App, context: &RequestContext, request: Request) -> Result<Told, ApiError> {
    let signed = wants_jwt(request.headers());
    let asked = ClientRequest::read(app, path::INTROSPECT, context, request).await?;
    // Whoever cannot authenticate could go through tokens until one is good (RFC 7662 §4).
    if asked.client.is_public() {
        return Err(OAuthError::refused(ErrorCode::InvalidClient, "client authentication is required").into());
    }
    let token = asked.required("token", "token is missing")?;
    let now = app.clock.now();
    let introspection = app.authority.tokens().introspect(&asked.client, token, now).await?;
    if signed {
        Ok(Told::Jwt(app.authority.tokens().signed_introspection(&asked.client, &introspection, now).await?))
    } else {
        Ok(Told::Json(introspection))
    }
}

fn wants_jwt(headers: &HeaderMap) -> bool {
    let values = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let types = values.flat_map(|value| value.split(',')).map(|part| part.split(';').next().unwrap_or(part));
    types.into_iter().any(|name| name.trim().eq_ignore_ascii_case(JWT))
}
