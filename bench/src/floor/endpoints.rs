//! The floor over HTTP: one handler an operation.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Json, State};
use axum::http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::{Deserialize, Serialize};

use super::session::RefreshToken;
use super::{Floor, single_sign_on};

type Shared = State<Arc<Floor>>;

#[derive(Deserialize)]
struct Credentials {
    username: String,
    password: String,
}

#[derive(Deserialize)]
struct TokenBody {
    token: String,
}

#[derive(Deserialize)]
struct RefreshBody {
    refresh: String,
}

#[derive(Serialize)]
struct Pair {
    access: String,
    refresh: String,
}

#[derive(Serialize)]
struct Greeting<'a> {
    message: &'static str,
    user: &'a str,
}

/// Every path of the floor.
pub(super) fn router(floor: Arc<Floor>) -> Router {
    Router::new()
        .route("/static", get(fixed))
        .route("/sign", post(sign))
        .route("/verify", post(verify))
        .route("/hello", get(hello))
        .route("/session", post(open_session))
        .route("/refresh", post(refresh))
        .route("/hash", post(hash))
        .merge(single_sign_on::routes())
        .with_state(floor)
}

/// An answer that is always the same.
async fn fixed() -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json")], r#"{"hello":"world"}"#)
}

/// A signature and nothing else.
async fn sign(State(floor): Shared, Json(credentials): Json<Credentials>) -> Response {
    if credentials.password.is_empty() {
        return refused();
    }
    let access = floor.signer.issue(&credentials.username, &floor.signer.random());
    pair(access, String::new())
}

/// Verifies a token out of the body.
async fn verify(State(floor): Shared, Json(body): Json<TokenBody>) -> Response {
    match floor.signer.verify(&body.token) {
        Some(_) => ([(CONTENT_TYPE, "application/json")], "{}").into_response(),
        None => refused(),
    }
}

/// The protected view.
async fn hello(State(floor): Shared, headers: HeaderMap) -> Response {
    let bearer = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let claims =
        bearer.and_then(|value| value.strip_prefix("Bearer ")).and_then(|token| floor.signer.verify(token));
    match claims {
        Some(claims) => Json(Greeting { message: "Hello, World!", user: &claims.sub }).into_response(),
        None => refused(),
    }
}

/// Opens a session without asking for a password: how a benchmark gets many.
async fn open_session(State(floor): Shared, Json(credentials): Json<Credentials>) -> Response {
    new_session(&floor, credentials.username).await
}

/// Rotates a refresh token durably and signs an access token.
async fn refresh(State(floor): Shared, Json(body): Json<RefreshBody>) -> Response {
    let Some(spent) = RefreshToken::parse(&body.refresh) else { return refused() };
    let next = RefreshToken::new(spent.id(), floor.signer.random());
    match floor.sessions.rotate(&spent, &next).await {
        Some(user) => pair(floor.signer.issue(&user, &spent.id()), next.encode()),
        None => refused(),
    }
}

/// Verifies a password and nothing else.
async fn hash(State(floor): Shared, Json(credentials): Json<Credentials>) -> Response {
    if floor.passwords.verify(credentials.password).await {
        ([(CONTENT_TYPE, "application/json")], "{}").into_response()
    } else {
        refused()
    }
}

async fn new_session(floor: &Floor, user: String) -> Response {
    let id = floor.signer.random();
    let token = RefreshToken::new(id, floor.signer.random());
    match floor.sessions.open_session(&token, user).await {
        Some(user) => pair(floor.signer.issue(&user, &id), token.encode()),
        None => refused(),
    }
}

fn pair(access: String, refresh: String) -> Response {
    ([(CACHE_CONTROL, "no-store")], Json(Pair { access, refresh })).into_response()
}

/// The answer to what is not accepted.
pub(super) fn refused() -> Response {
    let body = r#"{"detail":"Token is invalid","code":"token_not_valid"}"#;
    (StatusCode::UNAUTHORIZED, [(CONTENT_TYPE, "application/json")], body).into_response()
}
