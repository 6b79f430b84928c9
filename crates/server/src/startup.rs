//! A server from the moment that it listens: while its database is opened and migrated, it answers the probes, and
//! everything else with `503`. From then on, its service answers.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use axum::response::Response;
use http::{HeaderValue, Method, Request, StatusCode, header};
use hyper::body::Incoming;
use serde_json::json;

use crate::connection::{Answer, OpenConnections, Peer};
use crate::endpoints::health::{alive, unready};
use crate::proxy::TrustedProxies;
use crate::respond::json as json_answer;
use crate::service::{Service, ServiceBuilder};
use crate::settings::Limits;
use crate::urls::{Urls, path};

/// What a server does before it can serve requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StartPhase {
    /// It opens its database.
    OpeningDatabase,
    /// It brings the database up to date, or waits for another node that does.
    MigratingDatabase {
        /// The step that is under way, counted from 1.
        step: u32,
        /// How many steps there are.
        of: u32,
        /// The name of the step.
        name: &'static str,
        /// Whether another node performs it.
        by_another_node: bool,
    },
    /// It opens the keys.
    OpeningKeys,
}

/// A server that has begun to listen. Cloning is cheap.
#[derive(Clone)]
pub struct StartUp {
    shared: Arc<Shared>,
}

struct Shared {
    limits: Limits,
    proxies: TrustedProxies,
    urls: Urls,
    phase: Mutex<StartPhase>,
    service: OnceLock<Service>,
    connections: OnceLock<OpenConnections>,
}

impl StartUp {
    /// What answers while the authority of a service is still being opened, under this issuer.
    pub fn of(service: &ServiceBuilder, issuer: &str) -> Self {
        let (limits, proxies) = service.of_connections();
        let (limits, proxies) = (limits.clone(), proxies.clone());
        let phase = Mutex::new(StartPhase::OpeningDatabase);
        let urls = Urls::of(issuer);
        let (service, connections) = (OnceLock::new(), OnceLock::new());
        Self { shared: Arc::new(Shared { limits, proxies, urls, phase, service, connections }) }
    }

    /// Says from now on that the server is in this phase.
    pub fn enter(&self, phase: StartPhase) {
        *self.shared.phase.lock().unwrap_or_else(PoisonError::into_inner) = phase;
    }

    /// Lets the service answer from now on. A second service is ignored.
    pub fn finish(&self, service: Service) {
        let _ = self.shared.service.set(service);
    }

    /// The service, once it answers.
    pub(crate) fn service(&self) -> Option<&Service> {
        self.shared.service.get()
    }

    /// The open connections, once there is a listener.
    pub(crate) fn connections(&self) -> Option<&OpenConnections> {
        self.shared.connections.get()
    }

    /// Answers a request while there is no service.
    fn starting(&self, method: &Method, path: &str) -> Response {
        if !matches!(*method, Method::GET | Method::HEAD) {
            return too_early();
        }
        match self.shared.urls.within(path) {
            path::HEALTHZ => alive(),
            path::READYZ => unready(r#"{"status":"unavailable","reason":"starting"}"#),
            path::STARTUPZ => unready(self.progress()),
            _ => too_early(),
        }
    }

    fn progress(&self) -> String {
        let phase = self.shared.phase.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match phase {
            StartPhase::OpeningDatabase => json!({ "status": "starting", "phase": "opening_database" }),
            StartPhase::MigratingDatabase { step, of, name, by_another_node } => json!({
                "status": "starting",
                "phase": "migrating_database",
                "step": step,
                "of": of,
                "name": name,
                "by": if by_another_node { "another_node" } else { "this_node" },
            }),
            StartPhase::OpeningKeys => json!({ "status": "starting", "phase": "opening_keys" }),
        }
        .to_string()
    }
}

fn too_early() -> Response {
    let body = r#"{"detail":"The server is starting, try again later."}"#;
    let mut response = json_answer(StatusCode::SERVICE_UNAVAILABLE, body);
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    response
}

impl Answer for StartUp {
    fn limits(&self) -> &Limits {
        &self.shared.limits
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.shared.proxies.trusts(address)
    }

    fn watch(&self, connections: OpenConnections) {
        let _ = self.shared.connections.set(connections);
    }

    fn leave(&self) -> Duration {
        self.shared.service.get().map_or(Duration::ZERO, Answer::leave)
    }

    fn end_streams(&self) {
        if let Some(service) = self.shared.service.get() {
            service.end_streams();
        }
    }

    async fn answer(&self, peer: Peer, request: Request<Incoming>) -> Response {
        match self.shared.service.get() {
            Some(service) => Answer::answer(service, peer, request).await,
            None => self.starting(request.method(), request.uri().path()),
        }
    }
}
