//! `POST /token`: clients exchange their grants for tokens (RFC 6749 §3.2).

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use http::StatusCode;
use jeton_authority::OAuthError;
use jeton_authority::grant_types::TokenCall;
use jeton_authority::issue::TokenResponse;
use tracing::field::display;

use super::answer;
use super::client_request::ClientRequest;
use crate::app::App;
use crate::error::ApiError;
use crate::request::RequestContext;
use crate::urls::path;

pub(crate) async fn post(State(app): State<Arc<App>>, context: RequestContext, request: Request) -> Response {
    answer(&context, StatusCode::OK, exchange(&app, &context, request).await)
}

async fn exchange(app: &App, context: &RequestContext, request: Request) -> Result<TokenResponse, ApiError> {
    let ClientRequest { client, parameters, constraint } =
        ClientRequest::read_with_proof(app, path::TOKEN, context, request).await?;
    let (request, network) = (context.id(), context.network());
    let asked = TokenCall { client, parameters, constraint, network, now: app.clock.now() };
    match app.authority.grants().token(&asked).await {
        Ok(response) => {
            log(&asked, &response, request);
            Ok(response)
        }
        Err(error) => {
            if let OAuthError::Replayed { grant, .. } = &error {
                tracing::warn!(request, client = %asked.client.id, %grant, %network, "replay detected, grant ended");
            }
            Err(error.into())
        }
    }
}

/// Requests that machines repeat every few minutes are logged only at `debug`.
fn log(asked: &TokenCall, response: &TokenResponse, request: &str) {
    let TokenCall { client, parameters, network, .. } = asked;
    let (client, grant) = (&client.id, response.grant.map(display));
    let grant_type = parameters.get("grant_type").unwrap_or_default();
    if matches!(grant_type, "client_credentials" | "refresh_token") {
        tracing::debug!(request, %client, grant_type, grant, %network, "tokens issued");
    } else {
        tracing::info!(request, %client, grant_type, grant, %network, "tokens issued");
    }
}
