//! `POST /api/token/refresh/`: a refresh token is exchanged for the next pair.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use jeton_authority::TokenError;

use super::Call;
use crate::app::App;
use crate::error::ApiError;

pub(crate) async fn post(State(app): State<Arc<App>>, request: Request) -> Response {
    let mut call = Call::of(request);
    super::answer(refresh(&app, &mut call).await, &call.context)
}

async fn refresh(app: &App, call: &mut Call) -> Result<String, ApiError> {
    let token = call.token(app, "refresh").await?;
    let request = call.context.id();
    let network = call.context.network();
    match app.authority.tokens().refresh(token.trim(), network, app.clock.now()).await {
        Ok(pair) => {
            tracing::debug!(request, grant = %pair.grant, %network, "refreshed");
            // A token is base64url and dots: nothing in it needs escaping.
            Ok(format!("{{\"access\":\"{}\",\"refresh\":\"{}\"}}", pair.access, pair.refresh))
        }
        Err(error) => {
            if let TokenError::Replayed { grant } = &error {
                tracing::warn!(request, code = error.code(), %grant, %network, "refresh token replayed, grant ended");
            }
            Err(error.into())
        }
    }
}

pub(crate) async fn options(State(_): State<Arc<App>>) -> Response {
    super::description(super::describe!(
        "Token Refresh",
        "Exchanges a refresh token for an access token and the refresh token to use next.",
        r#""refresh":{"type":"string","required":true,"read_only":false,"label":"Refresh"},"#,
        r#""access":{"type":"string","required":false,"read_only":true,"label":"Access"}"#
    ))
}
