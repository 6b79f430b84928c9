//! `POST /api/token/blacklist/`: signs out, which ends the grant of a refresh token.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;

use super::Call;
use crate::app::App;
use crate::error::ApiError;

pub(crate) async fn post(State(app): State<Arc<App>>, request: Request) -> Response {
    let mut call = Call::of(request);
    super::answer(blacklist(&app, &mut call).await, &call.context)
}

async fn blacklist(app: &App, call: &mut Call) -> Result<String, ApiError> {
    let token = call.token(app, "refresh").await?;
    app.authority.tokens().sign_out(token.trim(), app.clock.now()).await?;
    tracing::info!(request = call.context.id(), "signed out");
    Ok("{}".to_owned())
}

pub(crate) async fn options(State(_): State<Arc<App>>) -> Response {
    super::description(super::describe!(
        "Token Blacklist",
        "Signs out: ends the grant that a refresh token belongs to.",
        r#""refresh":{"type":"string","required":true,"read_only":false,"label":"Refresh"}"#
    ))
}
