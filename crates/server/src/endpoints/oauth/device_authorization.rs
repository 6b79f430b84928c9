//! `POST /device_authorization`: a device asks to be signed in from another device (RFC 8628 §3.1).

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use http::StatusCode;
use jeton_authority::DeviceAuthorizationResponse;
use jeton_authority::grant_types::TokenCall;

use super::answer;
use super::client_request::ClientRequest;
use crate::app::App;
use crate::error::ApiError;
use crate::request::RequestContext;
use crate::urls::path;

pub(crate) async fn post(State(app): State<Arc<App>>, context: RequestContext, request: Request) -> Response {
    answer(&context, StatusCode::OK, begin(&app, &context, request).await)
}

async fn begin(
    app: &App,
    context: &RequestContext,
    request: Request,
) -> Result<DeviceAuthorizationResponse, ApiError> {
    let ClientRequest { client, parameters, constraint } =
        ClientRequest::read(app, path::DEVICE_AUTHORIZATION, context, request).await?;
    let (request, network) = (context.id(), context.network());
    let asked = TokenCall { client, parameters, constraint, network, now: app.clock.now() };
    let response = app.authority.devices().begin(&asked, &app.urls.absolute(path::DEVICE)).await?;
    tracing::info!(request, client = %asked.client.id, %network, "device authorization started");
    Ok(response)
}
