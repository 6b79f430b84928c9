//! `POST /register`: a client registers itself (RFC 7591 §3). `GET`, `PUT` and `DELETE` below it: the client manages
//! its registration (RFC 7592 §2).

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::response::Response;
use http::request::Parts;
use http::{HeaderMap, StatusCode, header};
use jeton_authority::{LeftOut, OAuthError, Registration};
use jeton_oauth::ErrorCode;
use serde::Serialize;
use serde_json::{Map, Value};

use super::answer;
use crate::app::App;
use crate::error::ApiError;
use crate::request::{RequestContext, logged, read_object};
use crate::respond::json;
use crate::urls::path;

/// `POST /register`.
pub(crate) async fn post(State(app): State<Arc<App>>, context: RequestContext, request: Request) -> Response {
    answer(&context, StatusCode::CREATED, register(&app, &context, request).await)
}

async fn register(app: &App, context: &RequestContext, request: Request) -> Result<Registered, ApiError> {
    let (parts, body) = request.into_parts();
    let (network, members) = (context.network(), members(app, &parts, body).await?);
    let token = bearer(&parts.headers);
    let registration =
        app.authority.registration().register(members, token, network, app.clock.now()).await?;
    tracing::info!(request = context.id(), client = %registration.client_id, %network, "client registered itself");
    log_left_out(context, &registration);
    Ok(Registered::of(app, registration))
}

/// `GET /register/{id}`.
pub(crate) async fn read(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    context: RequestContext,
    headers: HeaderMap,
) -> Response {
    let read = app.authority.registration().read(&id, bearer(&headers).unwrap_or_default()).await;
    answer(&context, StatusCode::OK, read.map(|read| Registered::of(&app, read)).map_err(ApiError::from))
}

/// `PUT /register/{id}`.
pub(crate) async fn change(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    context: RequestContext,
    request: Request,
) -> Response {
    answer(&context, StatusCode::OK, change_registration(&app, &id, &context, request).await)
}

async fn change_registration(
    app: &App,
    id: &str,
    context: &RequestContext,
    request: Request,
) -> Result<Registered, ApiError> {
    let (parts, body) = request.into_parts();
    let (network, members) = (context.network(), members(app, &parts, body).await?);
    let token = bearer(&parts.headers).unwrap_or_default();
    let registration =
        app.authority.registration().change(id, token, members, network, app.clock.now()).await?;
    tracing::info!(request = context.id(), client = %registration.client_id, "client changed its registration");
    log_left_out(context, &registration);
    Ok(Registered::of(app, registration))
}

/// `DELETE /register/{id}`.
pub(crate) async fn remove(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    context: RequestContext,
    headers: HeaderMap,
) -> Response {
    let token = bearer(&headers).unwrap_or_default();
    match app.authority.registration().remove(&id, token, context.network(), app.clock.now()).await {
        Ok(client) => {
            tracing::info!(request = context.id(), %client, "client removed its registration");
            let mut response = json(StatusCode::NO_CONTENT, "");
            response.headers_mut().remove(header::CONTENT_TYPE);
            response
        }
        Err(error) => ApiError::from(error).into_response(&context),
    }
}

/// The response with a client's registration, and the URL to manage it (RFC 7592 §3).
#[derive(Serialize)]
struct Registered {
    #[serde(flatten)]
    registration: Registration,
    registration_client_uri: String,
}

impl Registered {
    fn of(app: &App, registration: Registration) -> Self {
        let path = format!("{}{}", path::REGISTERED, registration.client_id);
        Self { registration_client_uri: app.urls.absolute(&path), registration }
    }
}

/// The members of the metadata that was sent.
async fn members(app: &App, parts: &Parts, body: Body) -> Result<Map<String, Value>, ApiError> {
    const NO_OBJECT: OAuthError = OAuthError::refused(
        ErrorCode::InvalidClientMetadata,
        "the body must be a JSON object of type application/json",
    );
    read_object(&parts.headers, body, &app.limits).await?.ok_or(ApiError::OAuth(NO_OBJECT))
}

/// The registration access token or initial access token (RFC 6750 §2.1).
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (scheme, token) = values.next()?.to_str().ok()?.split_once(' ')?;
    (values.next().is_none() && scheme.eq_ignore_ascii_case("bearer")).then_some(token.trim())
}

/// Logs what a client requested and did not get: its developer only sees that something is missing.
fn log_left_out(context: &RequestContext, registration: &Registration) {
    for LeftOut { member, values, setting } in &registration.left_out {
        tracing::info!(
            request = context.id(),
            client = %registration.client_id,
            member,
            left_out = logged(values),
            setting,
            "registration narrowed: {setting} does not include everything that the client requested"
        );
    }
}
