//! The probes. `GET /healthz`: the process is alive, whatever its database does. `GET /startupz`: it has started.
//! `GET /readyz`: it can serve requests.
//!
//! Until the authority is open, [`StartUp`](crate::StartUp) answers them.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::response::Response;
use http::StatusCode;
use serde_json::json;

use crate::app::{About, App, NotReady};
use crate::machine::date;
use crate::respond::json;

pub(crate) async fn healthz() -> Response {
    alive()
}

/// The answer of `/healthz`.
pub(crate) fn alive() -> Response {
    json(StatusCode::OK, r#"{"status":"ok"}"#)
}

pub(crate) async fn startupz() -> Response {
    json(StatusCode::OK, r#"{"status":"started"}"#)
}

pub(crate) async fn readyz(State(app): State<Arc<App>>, RawQuery(query): RawQuery) -> Response {
    let Some(about) = about(query.as_deref()) else {
        return json(
            StatusCode::BAD_REQUEST,
            r#"{"detail":"The only parameter of /readyz is exclude=store."}"#,
        );
    };
    match app.readiness.ask(about, &app.authority, &app.clocks).await {
        Ok(()) => json(StatusCode::OK, r#"{"status":"ready"}"#),
        Err(NotReady::Stopping) => unready(r#"{"status":"unavailable","reason":"stopping"}"#),
        Err(NotReady::Store) => unready(r#"{"status":"unavailable","reason":"store"}"#),
        Err(NotReady::Clock(reading)) => {
            let (node, database) = (date(reading.ours.1), date(reading.theirs));
            let body =
                json!({ "status": "unavailable", "reason": "clock", "node": node, "database": database });
            unready(body.to_string())
        }
    }
}

/// An answer that keeps a load balancer from sending requests.
pub(crate) fn unready(body: impl Into<bytes::Bytes>) -> Response {
    json(StatusCode::SERVICE_UNAVAILABLE, body)
}

/// What a query asks about; `None` if it cannot be understood.
fn about(query: Option<&str>) -> Option<About> {
    match query {
        None | Some("") => Some(About::All),
        Some("exclude=store") => Some(About::WithoutStore),
        Some(_) => None,
    }
}
