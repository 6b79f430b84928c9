//! What a running server tells whoever watches it: metrics in the text format of Prometheus, and the probes, on a listener of its own.

mod collecting;
mod process;
mod text;

use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

use axum::response::Response;
use http::{HeaderValue, Method, Request, StatusCode, header};
use hyper::body::Incoming;
use jeton_jose::Timestamp;

use crate::connection::tls::Tls;
use crate::connection::{Answer, Peer};
use crate::logging::Log;
use crate::machine::hashing::HashFigures;
use crate::respond::json;
use crate::settings::Limits;
use crate::startup::StartUp;
use crate::urls::path;

/// The path of the metrics.
const METRICS: &str = "/metrics";
/// How many may ask at once: a few collectors, and the probes.
const CONNECTIONS: u32 = 64;

/// Answers `GET /metrics` and the probes. Cloning is cheap.
#[derive(Clone)]
pub struct Telemetry {
    watched: Arc<Watched>,
}

/// What is watched.
struct Watched {
    start_up: StartUp,
    started_at: Timestamp,
    tls: Option<Tls>,
    hashing: OnceLock<HashFigures>,
    log: Option<Log>,
    limits: Limits,
}

impl Telemetry {
    /// Watches a server from its start.
    pub fn of(start_up: StartUp, started_at: Timestamp) -> TelemetryBuilder {
        TelemetryBuilder { start_up, started_at, tls: None, log: None }
    }

    /// Also watches the threads that hash passwords, once they have been started.
    pub fn watch_hashing(&self, hashing: HashFigures) {
        let _ = self.watched.hashing.set(hashing);
    }

    /// All metrics as text.
    pub fn metrics(&self) -> String {
        collecting::collect(&self.watched)
    }
}

/// Builds a [`Telemetry`].
pub struct TelemetryBuilder {
    start_up: StartUp,
    started_at: Timestamp,
    tls: Option<Tls>,
    log: Option<Log>,
}

impl TelemetryBuilder {
    /// Also watches the certificate of the listeners.
    #[must_use]
    pub fn tls(self, tls: Option<Tls>) -> Self {
        Self { tls, ..self }
    }

    /// Also watches the log.
    #[must_use]
    pub fn log(self, log: Option<Log>) -> Self {
        Self { log, ..self }
    }

    /// What answers.
    pub fn build(self) -> Telemetry {
        let Self { start_up, started_at, tls, log } = self;
        let hashing = OnceLock::new();
        let limits =
            Limits { connections: CONNECTIONS, connections_per_network: CONNECTIONS, ..Limits::default() };
        Telemetry { watched: Arc::new(Watched { start_up, started_at, tls, hashing, log, limits }) }
    }
}

impl Answer for Telemetry {
    fn limits(&self) -> &Limits {
        &self.watched.limits
    }

    fn trusts(&self, _: IpAddr) -> bool {
        false
    }

    async fn answer(&self, peer: Peer, request: Request<Incoming>) -> Response {
        let readable = matches!(*request.method(), Method::GET | Method::HEAD);
        match request.uri().path() {
            METRICS if readable => {
                let mut response = json(StatusCode::OK, self.metrics());
                let media_type = HeaderValue::from_static(text::MEDIA_TYPE);
                response.headers_mut().insert(header::CONTENT_TYPE, media_type);
                response
            }
            path::HEALTHZ | path::READYZ | path::STARTUPZ => {
                Answer::answer(&self.watched.start_up, peer, request).await
            }
            METRICS => json(StatusCode::METHOD_NOT_ALLOWED, r#"{"detail":"Only GET is allowed."}"#),
            _ => json(StatusCode::NOT_FOUND, r#"{"detail":"Not found. There is /metrics."}"#),
        }
    }
}
