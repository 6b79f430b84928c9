//! `POST /api/token/`: a username and a password are exchanged for a pair of tokens.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use jeton_authority::SignInError;

use super::Call;
use crate::app::App;
use crate::error::ApiError;
use crate::interaction::remember_browser;
use crate::request::Validation;
use crate::settings::PASSWORD;

pub(crate) async fn post(State(app): State<Arc<App>>, request: Request) -> Response {
    let mut call = Call::of(request);
    super::answer(obtain(&app, &mut call).await, &call.context)
}

async fn obtain(app: &App, call: &mut Call) -> Result<String, ApiError> {
    let field = app.token_api.username_field.as_str();
    let [username, password] = call.fields(app, [field, PASSWORD]).await?;
    let mut validation = Validation::default();
    let username = validation.text(field, username);
    let password = validation.password(PASSWORD, password);
    validation.finish().map_err(ApiError::Fields)?;

    let request = call.context.id();
    let network = call.context.network();
    let caller = call.context.caller();
    match app.authority.sign_in().with_password(&username, password, caller, app.clock.now()).await {
        Ok(pair) => {
            remember_browser(app, &call.context, &username);
            tracing::info!(request, grant = %pair.grant, %network, "signed in");
            // A token is base64url and dots: nothing in it needs escaping.
            Ok(format!("{{\"refresh\":\"{}\",\"access\":\"{}\"}}", pair.refresh, pair.access))
        }
        Err(SignInError::SecondFactorRequired(challenge)) => {
            let user = challenge.user();
            tracing::info!(request, %user, %network, "sign-in requires a second factor");
            Err(super::second_factor::required(app, &challenge))
        }
        Err(error) => {
            let (account, code) = (hint(&username), error.code());
            match error {
                SignInError::Refused => tracing::info!(request, code, account, %network, "sign-in refused"),
                SignInError::Throttled { .. } => {
                    tracing::info!(request, code, account, %network, "sign-in throttled");
                }
                // The table of errors logs the rest, with its cause.
                _ => {}
            }
            Err(error.into())
        }
    }
}

/// Enough of a username to recognise it in the log. Not all of it, because people type passwords into that field.
fn hint(username: &str) -> String {
    let username = username.trim();
    let first = username.chars().next().filter(|letter| letter.is_alphanumeric()).unwrap_or('?');
    format!("{first}…({})", username.chars().count())
}

pub(crate) async fn options(State(app): State<Arc<App>>) -> Response {
    const DESCRIPTION: &str = super::describe!(
        "Token Obtain Pair",
        "Exchanges a username and a password for an access token and a refresh token.",
        r#""username":{"type":"string","required":true,"read_only":false,"label":"Username"},"#,
        r#""password":{"type":"string","required":true,"read_only":false,"label":"Password"}"#
    );
    let field = &app.token_api.username_field;
    let [name, label] =
        [field.as_str().into(), field.label().into()].map(|text: serde_json::Value| text.to_string());
    let body =
        DESCRIPTION.replacen(r#""Username""#, &label, 1).replacen(r#""username":"#, &format!("{name}:"), 1);
    super::description(body)
}
