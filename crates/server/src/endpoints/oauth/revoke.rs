//! `POST /revoke`: a client gives a token back, and its grant ends (RFC 7009).

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use http::StatusCode;

use super::client_request::{ClientRequest, context};
use crate::app::App;
use crate::error::ApiError;
use crate::request::RequestContext;
use crate::respond::json;
use crate::urls::path;

pub(crate) async fn post(State(app): State<Arc<App>>, mut request: Request) -> Response {
    let context = context(&mut request);
    match revoke(&app, &context, request).await {
        Ok(()) => json(StatusCode::OK, "{}"),
        Err(error) => error.into_response(&context),
    }
}

async fn revoke(app: &App, context: &RequestContext, request: Request) -> Result<(), ApiError> {
    let asked = ClientRequest::read(app, path::REVOKE, context, request).await?;
    let token = asked.required("token", "token is missing")?;
    Ok(app.authority.revoke_token(&asked.client, token, app.clock.now()).await?)
}
