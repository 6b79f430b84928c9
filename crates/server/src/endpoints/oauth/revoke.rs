//! `POST /revoke`: a client revokes a token, which ends its grant (RFC 7009).

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use http::StatusCode;
use serde_json::{Map, Value};

use super::answer;
use super::client_request::ClientRequest;
use crate::app::App;
use crate::error::ApiError;
use crate::request::RequestContext;
use crate::urls::path;

pub(crate) async fn post(State(app): State<Arc<App>>, context: RequestContext, request: Request) -> Response {
    answer(&context, StatusCode::OK, revoke(&app, &context, request).await)
}

async fn revoke(
    app: &App,
    context: &RequestContext,
    request: Request,
) -> Result<Map<String, Value>, ApiError> {
    let asked = ClientRequest::read(app, path::REVOKE, context, request).await?;
    let token = asked.required("token", "token is missing")?;
    app.authority.tokens().revoke(&asked.client, token, app.clock.now()).await?;
    Ok(Map::new())
}
