//! `POST /register`: a client registers itself (RFC 7591 §3); `GET`, `PUT` and `DELETE` below it: it manages what it said
//! (RFC 7592 §2).

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::response::Response;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use jeton_authority::{LeftOut, OAuthError, Registration, RegistrationError};
use jeton_oauth::ErrorCode;
use serde_json::{Map, Value};

use super::client_request::context;
use crate::app::App;
use crate::error::ApiError;
use crate::request::{RequestContext, logged, read_object};
use crate::respond::json;

/// `POST /register`.
pub(crate) async fn post(State(app): State<Arc<App>>, mut request: Request) -> Response {
    let context = context(&mut request);
    let (parts, body) = request.into_parts();
    let network = context.network();
    let outcome = match members(&app, &parts, body).await {
        Ok(members) => {
            let token = bearer(&parts.headers);
            app.authority.register_client(members, token, network, app.clock.now()).await
        }
        Err(error) => return error.into_response(&context),
    };
    if let Ok(registration) = &outcome {
        tracing::info!(request = context.id(), client = %registration.client_id, %network, "client registered itself");
        log_left_out(&context, registration);
    }
    answer(&context, StatusCode::CREATED, outcome)
}

/// `GET /register/{id}`.
pub(crate) async fn read(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    mut request: Request,
) -> Response {
    let context = context(&mut request);
    let token = bearer(request.headers()).unwrap_or_default();
    answer(&context, StatusCode::OK, app.authority.read_registration(&id, token).await)
}

/// `PUT /register/{id}`.
pub(crate) async fn change(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    mut request: Request,
) -> Response {
    let context = context(&mut request);
    let (parts, body) = request.into_parts();
    let members = match members(&app, &parts, body).await {
        Ok(members) => members,
        Err(error) => return error.into_response(&context),
    };
    let token = bearer(&parts.headers).unwrap_or_default();
    let outcome =
        app.authority.change_registration(&id, token, members, context.network(), app.clock.now()).await;
    if let Ok(registration) = &outcome {
        tracing::info!(request = context.id(), client = %registration.client_id, "client changed its registration");
        log_left_out(&context, registration);
    }
    answer(&context, StatusCode::OK, outcome)
}

/// `DELETE /register/{id}`.
pub(crate) async fn remove(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    mut request: Request,
) -> Response {
    let context = context(&mut request);
    let token = bearer(request.headers()).unwrap_or_default();
    match app.authority.remove_registration(&id, token, context.network(), app.clock.now()).await {
        Ok(client) => {
            tracing::info!(request = context.id(), %client, "client removed itself");
            let mut response = json(StatusCode::NO_CONTENT, "");
            response.headers_mut().remove(header::CONTENT_TYPE);
            response
        }
        Err(error) => answer(&context, StatusCode::OK, Err(error)),
    }
}

/// The members of the description that was sent.
async fn members(app: &App, parts: &Parts, body: Body) -> Result<Map<String, Value>, ApiError> {
    const NO_OBJECT: OAuthError = OAuthError::refused(
        ErrorCode::InvalidClientMetadata,
        "the body is no JSON object of type application/json",
    );
    read_object(&parts.headers, body, &app.limits).await?.ok_or(ApiError::OAuth(NO_OBJECT))
}

/// The registration access token, or the one to register with (RFC 6750 §2.1).
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (scheme, token) = values.next()?.to_str().ok()?.split_once(' ')?;
    (values.next().is_none() && scheme.eq_ignore_ascii_case("bearer")).then_some(token.trim())
}

/// Says what a client asked for and did not get: its developer sees only that something is missing.
fn log_left_out(context: &RequestContext, registration: &Registration) {
    for LeftOut { member, values, setting } in &registration.left_out {
        tracing::info!(
            request = context.id(),
            client = %registration.client_id,
            member,
            left_out = logged(values),
            setting,
            "the registration was narrowed: {setting} does not name all that the client asked for"
        );
    }
}

fn answer(
    context: &RequestContext,
    status: StatusCode,
    outcome: Result<Registration, RegistrationError>,
) -> Response {
    match outcome {
        Ok(registration) => json(status, serde_json::to_vec(&registration).unwrap_or_default()),
        Err(RegistrationError::OAuth(error)) => ApiError::from(error).into_response(context),
        Err(error) => {
            tracing::info!(request = context.id(), code = error.code(), "{error}");
            refused(&error)
        }
    }
}

fn refused(error: &RegistrationError) -> Response {
    if let RegistrationError::Throttled { rate, retry_after } = error {
        let body = format!(
            r#"{{"error":"temporarily_unavailable","error_description":"a network may register {} clients at once and then one every {} seconds: settings client.registrations_at_once and client.registrations_pause"}}"#,
            rate.at_once,
            rate.pause.as_secs(),
        );
        let mut response = json(StatusCode::TOO_MANY_REQUESTS, body);
        response.headers_mut().insert(header::RETRY_AFTER, retry_after.as_secs().max(1).into());
        return response;
    }
    if matches!(error, RegistrationError::Closed) {
        let body =
            r#"{"error":"access_denied","error_description":"clients do not register themselves here"}"#;
        return json(StatusCode::FORBIDDEN, body);
    }
    // RFC 7592 §2.1: a client that is gone is told no more than one with a wrong token.
    const CHALLENGE: HeaderValue =
        HeaderValue::from_static("Bearer realm=\"register\", error=\"invalid_token\"");
    let body = match error {
        RegistrationError::InitialToken => {
            r#"{"error":"invalid_token","error_description":"registering wants a token of the operator that is valid"}"#
        }
        _ => r#"{"error":"invalid_token","error_description":"the registration access token is not valid"}"#,
    };
    let mut response = json(StatusCode::UNAUTHORIZED, body);
    response.headers_mut().insert(header::WWW_AUTHENTICATE, CHALLENGE);
    response
}
