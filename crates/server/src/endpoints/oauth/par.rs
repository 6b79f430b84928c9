//! `POST /par`: a client pushes its authorization request before it redirects its user (RFC 9126).

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use http::StatusCode;
use jeton_authority::PushedRequest;

use super::answer;
use super::client_request::ClientRequest;
use crate::app::App;
use crate::error::ApiError;
use crate::request::RequestContext;
use crate::urls::path;

pub(crate) async fn post(State(app): State<Arc<App>>, context: RequestContext, request: Request) -> Response {
    answer(&context, StatusCode::CREATED, push(&app, &context, request).await)
}

async fn push(app: &App, context: &RequestContext, request: Request) -> Result<PushedRequest, ApiError> {
    let ClientRequest { client, parameters, constraint } =
        ClientRequest::read_with_proof(app, path::PAR, context, request).await?;
    let (network, now) = (context.network(), app.clock.now());
    Ok(app.authority.authorization().push(&client, parameters, &constraint, network, now).await?)
}
