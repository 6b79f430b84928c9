//! A server in process: its own database, its own clock. With `JETON_TEST_NODES=2` in the environment it is two, and each request goes to the
//! other one than the request before, as behind a balancer without affinity.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::body::{Body, to_bytes};
use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode, header};
use jeton_authority::audit::Actor;
use jeton_authority::keys::MasterKey;
use jeton_authority::password::{Argon2Params, Hashing, Password};
use jeton_authority::settings::Settings;
use jeton_authority::store::{NewUser, Store, UserAddition};
use jeton_authority::user::{Attributes, Role, UserStatus, Username};
use jeton_authority::{Authority, Ports, Random, SystemRandom, UserId};
use jeton_jose::Timestamp;
use jeton_server::hashing::HashPool;
use jeton_server::{Clock, ClockHand, Limits, Service, ServiceBuilder};
use jeton_store::{Access, DataFolder, OpenMode};
use serde_json::Value;
use tempfile::TempDir;

pub(crate) const PASSWORD: &str = "correct horse";
/// 2026-11-22T20:00:00Z
pub(crate) const NOW: i64 = 1_795_377_600;
pub(crate) const HOME: &str = "192.0.2.10";
pub(crate) const ELSEWHERE: &str = "198.51.100.7";

pub(crate) struct TestApp {
    pub(crate) service: Service,
    pub(crate) hand: ClockHand,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) hashing: Arc<dyn Hashing>,
    pub(crate) folder: Arc<TempDir>,
    /// The other node, and how many requests there were.
    other: Option<Arc<(Service, AtomicUsize)>>,
}

/// The master key of every app.
pub(crate) fn master() -> MasterKey {
    MasterKey::from_bytes([7; 32])
}

/// Parameters that cost next to nothing.
pub(crate) fn cheap() -> Argon2Params {
    Argon2Params::new(8, 1, 1).expect("the least that argon2 allows")
}

/// Opens the database of a folder, as another process does.
pub(crate) async fn open_store(folder: &TempDir) -> Arc<dyn Store> {
    let data = DataFolder::open(folder.path()).expect("a data folder");
    let database = data.database_url();
    let store = jeton_store::open(&database, OpenMode::CreateOrMigrate, Access::Command, None);
    store.await.expect("a database")
}

impl TestApp {
    pub(crate) async fn new() -> Self {
        Self::with(|settings| settings, |service| service).await
    }

    pub(crate) async fn with_limits(limits: Limits) -> Self {
        Self::with(|settings| settings, |service| service.limits(limits)).await
    }

    pub(crate) async fn with(
        settings: impl FnOnce(Settings) -> Settings,
        service: impl FnOnce(ServiceBuilder) -> ServiceBuilder,
    ) -> Self {
        let pool = HashPool::with_threads(cheap(), 2, 64).expect("two threads");
        Self::with_hashing(Arc::new(pool), settings, service).await
    }

    pub(crate) async fn with_hashing(
        hashing: Arc<dyn Hashing>,
        settings: impl FnOnce(Settings) -> Settings,
        service: impl FnOnce(ServiceBuilder) -> ServiceBuilder,
    ) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let store = open_store(&folder).await;
        Self::over(store, folder, hashing, settings, service).await
    }

    pub(crate) async fn over(
        store: Arc<dyn Store>,
        folder: TempDir,
        hashing: Arc<dyn Hashing>,
        settings: impl FnOnce(Settings) -> Settings,
        service: impl FnOnce(ServiceBuilder) -> ServiceBuilder,
    ) -> Self {
        let (clock, hand) = Clock::manual(Timestamp::from_unix(NOW));
        let mut defaults = Settings::new("https://auth.example");
        defaults.password.argon2 = cheap();
        let builder = service(Service::builder().clock(clock.clone()));
        let settings = settings(defaults);
        let node = async |builder: ServiceBuilder| {
            let ports = Ports { hashing: Arc::clone(&hashing), ..builder.ports() };
            let opened =
                Authority::open(Arc::clone(&store), master(), settings.clone(), ports, clock.now()).await;
            builder.build(Arc::new(opened.expect("an authority")))
        };
        let service = node(builder.clone()).await;
        let other = match std::env::var_os("JETON_TEST_NODES") {
            Some(nodes) if nodes == "2" => Some(Arc::new((node(builder).await, AtomicUsize::new(0)))),
            _ => None,
        };
        let app = Self { service, hand, store, hashing, folder: Arc::new(folder), other };
        app.add_user("ada").await;
        app
    }

    /// Only the first node, for tests of what a node remembers.
    pub(crate) fn alone(mut self) -> Self {
        self.other = None;
        self
    }

    /// Another server that has opened the same database, with a clock of its own at the same time.
    pub(crate) async fn second_node(&self) -> Self {
        self.restarted_with(|settings| settings).await
    }

    /// As [`TestApp::second_node`], with other settings.
    pub(crate) async fn restarted_with(&self, change: impl FnOnce(Settings) -> Settings) -> Self {
        let (clock, hand) = Clock::manual(self.service.clock().now());
        let settings = change(self.service.authority().settings().clone());
        let (store, hashing) = (open_store(&self.folder).await, Arc::clone(&self.hashing));
        let builder = Service::builder().clock(clock.clone());
        let ports = Ports { hashing: Arc::clone(&hashing), ..builder.ports() };
        let authority = Authority::open(Arc::clone(&store), master(), settings, ports, clock.now());
        let service = builder.build(Arc::new(authority.await.expect("an authority")));
        Self { service, hand, store, hashing, folder: Arc::clone(&self.folder), other: None }
    }

    pub(crate) async fn add_user(&self, name: &str) -> UserId {
        self.add_user_with(name, PASSWORD).await
    }

    pub(crate) async fn add_user_with(&self, name: &str, password: &str) -> UserId {
        let mut id = [0; 16];
        SystemRandom.fill(&mut id);
        let id = UserId::from_bytes(id);
        let password = self.hashing.hash(Password::new(password), [3; 16]).await.expect("a hash");
        let user = NewUser {
            id,
            imported_key: None,
            username: Username::parse(name).expect("a name"),
            email: None,
            password,
            role: Role::Member,
            status: UserStatus::Active,
            created_at: self.service.clock().now(),
            attributes: Attributes::default(),
        };
        assert_eq!(self.store.add_user(user, Actor::Operator).await.expect("a store"), UserAddition::Added);
        id
    }

    pub(crate) async fn send_from(&self, peer: &str, request: Request<Body>) -> Answer {
        let peer: IpAddr = peer.parse().expect("an address");
        Answer::of(self.next_node().await.answer(peer, request).await).await
    }

    /// The node that the next request goes to. A node looks every second whether the others changed something.
    async fn next_node(&self) -> &Service {
        match self.other.as_deref() {
            Some((other, requests)) if requests.fetch_add(1, Ordering::Relaxed) % 2 == 1 => {
                other.authority().tick(other.clock().now()).await.expect("a store");
                other
            }
            Some(_) => {
                self.service.authority().tick(self.service.clock().now()).await.expect("a store");
                &self.service
            }
            None => &self.service,
        }
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        self.send_from(HOME, request).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Request::get(path).body(Body::empty()).expect("a request")).await
    }

    pub(crate) async fn post_from(&self, peer: &str, path: &str, body: &Value) -> Answer {
        let request = Request::post(path)
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(body.to_string()))
            .expect("a request");
        self.send_from(peer, request).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.post_from(HOME, path, body).await
    }

    pub(crate) async fn sign_in(&self) -> Pair {
        self.try_sign_in("ada", PASSWORD).await.pair()
    }

    pub(crate) async fn try_sign_in(&self, username: &str, password: &str) -> Answer {
        self.post("/api/token/", &serde_json::json!({"username": username, "password": password})).await
    }

    pub(crate) async fn refresh(&self, token: &str) -> Answer {
        self.refresh_from(HOME, token).await
    }

    pub(crate) async fn refresh_from(&self, peer: &str, token: &str) -> Answer {
        self.post_from(peer, "/api/token/refresh/", &serde_json::json!({"refresh": token})).await
    }

    pub(crate) async fn verify(&self, token: &str) -> Answer {
        self.post("/api/token/verify/", &serde_json::json!({"token": token})).await
    }

    pub(crate) async fn sign_out(&self, token: &str) -> Answer {
        self.post("/api/token/blacklist/", &serde_json::json!({"refresh": token})).await
    }
}

#[derive(Debug)]
pub(crate) struct Pair {
    pub(crate) access: String,
    pub(crate) refresh: String,
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    async fn of(response: http::Response<Body>) -> Self {
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.expect("a body");
        Self { status: parts.status, headers: parts.headers, body }
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("text")
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().expect("text"))
    }

    #[track_caller]
    pub(crate) fn pair(&self) -> Pair {
        assert_eq!(self.status, StatusCode::OK, "{}", self.text());
        let body = self.json();
        let token = |name: &str| body[name].as_str().expect("a token").to_owned();
        Pair { access: token("access"), refresh: token("refresh") }
    }

    #[track_caller]
    pub(crate) fn expect(&self, status: u16, body: &str) {
        assert_eq!((self.status.as_u16(), self.text()), (status, body));
    }
}
