//! `GET /healthz`: the process is alive. `GET /readyz`: it can serve requests.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

use crate::app::App;
use crate::respond::json;

pub(crate) async fn healthz() -> Response {
    json(StatusCode::OK, r#"{"status":"ok"}"#)
}

pub(crate) async fn readyz(State(app): State<Arc<App>>) -> Response {
    if app.readiness.ask(&app.authority).await {
        json(StatusCode::OK, r#"{"status":"ready"}"#)
    } else {
        json(StatusCode::SERVICE_UNAVAILABLE, r#"{"status":"unavailable","reason":"store"}"#)
    }
}
