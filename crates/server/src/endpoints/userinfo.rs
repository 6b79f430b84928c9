//! `GET` and `POST /userinfo`: what an access token lets its client know of the user (OpenID Connect Core §5.3).

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use http::{Method, StatusCode, header};
use jeton_authority::issue::SenderConstraint;
use jeton_oauth::BearerError;

use super::client_request::context;
use crate::app::App;
use crate::error::ApiError;
use crate::oauth_error::challenge;
use crate::request::form;
use crate::respond::json;

pub(crate) async fn answer(State(app): State<Arc<App>>, mut request: Request) -> Response {
    let context = context(&mut request);
    let token = match token(&app, request).await {
        Ok(Found::Token(token)) => token,
        Ok(Found::Nothing) => return challenge(None),
        Ok(Found::Malformed) => {
            return challenge(Some((
                BearerError::InvalidRequest,
                "the token is sent in two ways, or malformed",
            )));
        }
        Err(error) => return error.into_response(&context),
    };
    match app.authority.userinfo(&token, &SenderConstraint::default(), app.clock.now()).await {
        Ok(info) => json(StatusCode::OK, serde_json::to_vec(&info.claims).unwrap_or_default()),
        Err(error) => ApiError::UserInfo(error).into_response(&context),
    }
}

enum Found {
    Token(String),
    Nothing,
    Malformed,
}

/// The token, in the header or in the body (RFC 6750 §2.1 and §2.2).
async fn token(app: &App, request: Request) -> Result<Found, ApiError> {
    let (parts, body) = request.into_parts();
    let mut values = parts.headers.get_all(header::AUTHORIZATION).iter();
    let in_header = match (values.next(), values.next()) {
        (None, _) => None,
        (Some(value), None) => match value.to_str().ok().and_then(|text| text.split_once(' ')) {
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Some(token.trim().to_owned()),
            _ => return Ok(Found::Malformed),
        },
        _ => return Ok(Found::Malformed),
    };
    let in_body = if parts.method == Method::POST {
        form::of_body(&parts, body, &app.limits).await?.get("access_token").map(str::to_owned)
    } else {
        None
    };
    Ok(match (in_header, in_body) {
        (Some(_), Some(_)) => Found::Malformed,
        (Some(token), None) | (None, Some(token)) => Found::Token(token),
        (None, None) => Found::Nothing,
    })
}
