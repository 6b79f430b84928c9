//! `POST /api/token/second-factor/`: a challenge and a code are exchanged for a pair of tokens. `POST /api/token/` answers with
//! the challenge if the password is right and the user has a second factor.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use jeton_authority::sign_in::{Challenge, CodeError};

use super::Call;
use crate::app::App;
use crate::error::ApiError;
use crate::interaction::remember_browser;
use crate::request::Validation;

/// Who holds the challenges of the token API.
const HOLDER: [&str; 1] = ["token api"];

const CHALLENGE: &str = "challenge";
const CODE: &str = "code";

/// The answer that asks for a second factor.
pub(super) fn required(app: &App, challenge: &Challenge) -> ApiError {
    let challenge = app.authority.sign_in().seal_challenge(challenge, &HOLDER);
    ApiError::SecondFactorRequired { challenge }
}

pub(crate) async fn post(State(app): State<Arc<App>>, request: Request) -> Response {
    let mut call = Call::of(request);
    super::answer(obtain(&app, &mut call).await, &call.context)
}

async fn obtain(app: &App, call: &mut Call) -> Result<String, ApiError> {
    let [challenge, code] = call.fields(app, [CHALLENGE, CODE]).await?;
    let mut validation = Validation::default();
    let challenge = validation.text(CHALLENGE, challenge);
    let code = validation.text(CODE, code);
    validation.finish().map_err(ApiError::Fields)?;

    let (request, network) = (call.context.id(), call.context.network());
    let sign_in = app.authority.sign_in();
    let challenge = sign_in.open_challenge(challenge.trim(), &HOLDER).ok_or(CodeError::Over)?;
    match sign_in.with_code(&challenge, &code, call.context.caller(), app.clock.now()).await {
        Ok((user, pair)) => {
            remember_browser(app, &call.context, user.username.as_str());
            tracing::info!(request, grant = %pair.grant, %network, "signed in");
            // A token is base64url and dots: nothing in it needs escaping.
            Ok(format!("{{\"refresh\":\"{}\",\"access\":\"{}\"}}", pair.refresh, pair.access))
        }
        Err(error) => {
            let (code, user) = (error.code(), challenge.user());
            tracing::info!(request, code, %user, %network, "second factor refused");
            Err(error.into())
        }
    }
}

pub(crate) async fn options() -> Response {
    super::description(super::describe!(
        "Token Second Factor",
        "Exchanges a challenge and a one-time code for an access token and a refresh token.",
        r#""challenge":{"type":"string","required":true,"read_only":false,"label":"Challenge"},"#,
        r#""code":{"type":"string","required":true,"read_only":false,"label":"Code"}"#
    ))
}
