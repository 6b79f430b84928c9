//! `POST /api/token/verify/`: says whether a token of either type is valid.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use jeton_authority::TokenError;

use super::Call;
use crate::app::App;
use crate::error::ApiError;

pub(crate) async fn post(State(app): State<Arc<App>>, request: Request) -> Response {
    let mut call = Call::of(request);
    super::answer(verify(&app, &mut call).await, &call.context)
}

async fn verify(app: &App, call: &mut Call) -> Result<String, ApiError> {
    let token = call.token(app, "token").await?;
    match app.authority.tokens().verify(token.trim(), app.clock.now()).await {
        Ok(()) => Ok("{}".to_owned()),
        Err(TokenError::Revoked) => Err(ApiError::VerifiedRevoked),
        Err(error) => Err(error.into()),
    }
}

pub(crate) async fn options(State(_): State<Arc<App>>) -> Response {
    super::description(super::describe!(
        "Token Verify",
        "Checks whether an access token or a refresh token is valid.",
        r#""token":{"type":"string","required":true,"read_only":false,"label":"Token"}"#
    ))
}
