//! Guards of APIs that follow the feed of a real server.

use std::net::SocketAddr;
use std::time::Duration;

use jeton_authority::audit::Actor;
use jeton_authority::client::{ClientPolicy, StoredClient};
use jeton_authority::keyring::rotate;
use jeton_authority::keys::KeyId;
use jeton_authority::user::{Attributes, Username};
use jeton_guard::remote::{Fetcher, Reach, RemoteJwkSet, RemoteJwkSetBuilder, RemoteUrl};
use jeton_guard::revocations::{FeedState, Revocations, RevocationsBuilder, WhenCutOff};
use jeton_guard::{Guard, ManualClock, Refusal};
use jeton_jose::Timestamp;
use jeton_oauth::client::ClientId;
use jeton_server::{Background, serve};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

use crate::app::{NOW, TestApp, master};

const ISSUER: &str = "https://auth.example";

/// A server on a socket.
struct Running {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    server: JoinHandle<()>,
}

impl Running {
    async fn start(app: &TestApp, address: &str) -> Self {
        let listener = TcpListener::bind(address).await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (stop, stopped) = oneshot::channel::<()>();
        let service = app.service.clone();
        let server = tokio::spawn(async move {
            let background = Background::start(&service);
            serve(listener, service, async {
                let _ = stopped.await;
            })
            .await;
            background.stop().await;
        });
        Self { address, stop, server }
    }

    async fn stop(self) -> SocketAddr {
        let _ = self.stop.send(());
        self.server.await.expect("no panic");
        self.address
    }

    fn url(&self, path: &str) -> RemoteUrl {
        RemoteUrl::parse(&format!("http://{}{path}", self.address)).expect("a URL")
    }
}

struct World {
    app: TestApp,
    running: Running,
    revocations: Revocations,
    guard: Guard,
}

impl World {
    async fn new() -> Self {
        Self::with(|revocations| revocations).await
    }

    async fn with(configure: impl FnOnce(RevocationsBuilder) -> RevocationsBuilder) -> Self {
        let app = TestApp::new().await;
        let running = Running::start(&app, "127.0.0.1:0").await;
        let clock = ManualClock::new(Timestamp::from_unix(NOW));
        let fetcher = Fetcher::new().allow(Reach::Loopback);
        let keys = RemoteJwkSetBuilder::new(ISSUER, running.url("/.well-known/jwks.json"));
        let keys: RemoteJwkSet = keys.fetcher(fetcher.clone()).clock(clock.clone()).build();
        let revocations = Revocations::at(running.url("/revocations"), keys.clone());
        let revocations =
            configure(revocations.fetcher(fetcher).clock(clock.clone())).start().expect("a runtime");
        let guard =
            Guard::remote(ISSUER, keys).clock(clock).remember(100).revocations(revocations.clone()).build();
        let this = Self { app, running, revocations, guard };
        this.state_becomes(FeedState::Heard).await;
        this
    }

    async fn state_becomes(&self, state: FeedState) {
        let becomes = async {
            while self.revocations.status().state != state {
                sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(Duration::from_secs(120), becomes).await.unwrap_or_else(|_| panic!("{:?}", self.revocations));
    }

    async fn refused(&self, token: &str) -> (Duration, Refusal) {
        refused(&self.guard, token).await
    }

    async fn accepts(&self, token: &str) -> bool {
        self.guard.verify(token).await.is_ok()
    }
}

/// How long it takes until a guard refuses a token, and why.
async fn refused(guard: &Guard, token: &str) -> (Duration, Refusal) {
    let asked = Instant::now();
    loop {
        match guard.verify(token).await {
            Err(refusal) => return (asked.elapsed(), refusal),
            Ok(_) if asked.elapsed() > Duration::from_secs(120) => panic!("it is accepted still"),
            Ok(_) => sleep(Duration::from_millis(5)).await,
        }
    }
}

const A_SECOND: Duration = Duration::from_secs(1);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sign_out_is_known_to_a_guard_within_a_second() {
    let world = World::new().await;
    let (pair, other) = (world.app.sign_in().await, world.app.sign_in().await);
    // The second look finds it among the remembered ones.
    assert!(world.accepts(&pair.access).await && world.accepts(&pair.access).await);
    world.app.sign_out(&pair.refresh).await;
    let (after, refusal) = world.refused(&pair.access).await;
    assert_eq!(refusal, Refusal::Revoked);
    assert!(after < A_SECOND, "{after:?}");
    assert!(world.accepts(&other.access).await);
    assert_eq!(world.revocations.status().sessions, 1);
}

/// A token of a service's own.
async fn own_token(app: &TestApp, client: &str) -> String {
    let answer = app.post_as(client, "/token", &[("grant_type", "client_credentials")]).await;
    answer.json()["access_token"].as_str().unwrap_or_else(|| panic!("{}", answer.text())).to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_without_a_session_is_refused_once_it_was_revoked_or_its_client_changed() {
    let world = World::new().await;
    let metadata = json!({"grant_types": ["client_credentials"], "scope": "orders:read orders:write"});
    for client in ["report", "other"] {
        world.app.add_client_with(client, metadata.clone(), ClientPolicy::default()).await;
    }
    let (revoked, changed) = (own_token(&world.app, "report").await, own_token(&world.app, "report").await);
    let other = own_token(&world.app, "other").await;
    assert!(world.accepts(&revoked).await && world.accepts(&changed).await && world.accepts(&other).await);
    assert_eq!(world.app.post_as("report", "/revoke", &[("token", &revoked)]).await.status, 200);
    let (after, refusal) = world.refused(&revoked).await;
    assert_eq!(refusal, Refusal::Revoked);
    assert!(after < A_SECOND, "{after:?}");
    assert!(world.accepts(&changed).await);

    let id = ClientId::parse("report").expect("an identifier");
    let stored = world.app.store.find_client(&id).await.expect("a store").expect("a client");
    let document = stored.document.replace(" orders:write", "").into();
    let now = Timestamp::from_unix(NOW + 1);
    let less = StoredClient { document, ..stored };
    world.app.store.change_client(less, Actor::Operator, now).await.expect("a store");
    let (after, refusal) = world.refused(&changed).await;
    assert_eq!(refusal, Refusal::Stale);
    assert!(after < A_SECOND, "{after:?}");
    assert!(world.accepts(&other).await);
    assert_eq!(world.revocations.status().sessions, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_ended_before_a_guard_began_to_listen_is_refused_too() {
    let world = World::new().await;
    let pair = world.app.sign_in().await;
    world.app.sign_out(&pair.refresh).await;
    let keys = RemoteJwkSetBuilder::new(ISSUER, world.running.url("/.well-known/jwks.json"));
    let fetcher = Fetcher::new().allow(Reach::Loopback);
    let clock = ManualClock::new(Timestamp::from_unix(NOW));
    let keys = keys.fetcher(fetcher.clone()).clock(clock.clone()).build();
    let late = Revocations::at(world.running.url("/revocations"), keys.clone()).fetcher(fetcher);
    let late = late.clock(clock.clone()).start().expect("a runtime");
    let guard = Guard::remote(ISSUER, keys).clock(clock).revocations(late.clone()).build();
    while late.status().state != FeedState::Heard {
        sleep(Duration::from_millis(10)).await;
    }
    let (after, refusal) = refused(&guard, &pair.access).await;
    assert_eq!(refusal, Refusal::Revoked);
    assert!(after < A_SECOND, "{after:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_role_refuses_the_tokens_from_before_it_and_none_from_after() {
    let world = World::new().await;
    let pair = world.app.sign_in().await;
    let later = Timestamp::from_unix(NOW + 1);
    let ada = world.app.store.find_user(&Username::parse("ada").expect("a name")).await.expect("a store");
    let roles = Attributes::from_json(r#"{"roles": ["editor"]}"#).expect("attributes");
    world
        .app
        .store
        .change_attributes(ada.expect("a user").id, roles, Actor::Operator, later)
        .await
        .expect("a store");
    let (after, refusal) = world.refused(&pair.access).await;
    assert_eq!(refusal, Refusal::Stale);
    assert!(after < A_SECOND, "{after:?}");
    world.app.hand.set(Timestamp::from_unix(NOW + 2));
    let fresh = world.app.refresh(&pair.refresh).await.pair();
    assert!(world.accepts(&fresh.access).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_withdrawn_key_refuses_its_tokens_and_the_next_one_is_fetched() {
    let world = World::new().await;
    let pair = world.app.sign_in().await;
    assert!(world.accepts(&pair.access).await);
    let now = world.app.service.clock().now();
    let kid =
        jeton_jose::jwt::Unverified::parse(&pair.access).expect("a token").kid().expect("a name").to_owned();
    rotate(&*world.app.store, &master(), None, Duration::ZERO, Actor::Operator, now).await.expect("a key");
    world.app.store.withdraw_key(&KeyId::new(kid), Actor::Operator, now).await.expect("a store");
    let (after, refusal) = world.refused(&pair.access).await;
    assert!(after < A_SECOND, "{after:?} {refusal:?}");
    let pair = world.app.sign_in().await;
    assert!(world.accepts(&pair.access).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guard_is_at_another_node_within_a_second_and_has_missed_nothing() {
    let world = World::new().await;
    let pair = world.app.sign_in().await;
    let other = world.app.second_node().await;
    let World { app, running, revocations, guard } = world;
    let address = running.stop().await;
    app.sign_out(&pair.refresh).await;
    let started = Instant::now();
    let running = Running::start(&other, &address.to_string()).await;
    let world = World { app, running, revocations, guard };
    let (_, refusal) = world.refused(&pair.access).await;
    assert_eq!(refusal, Refusal::Revoked);
    assert!(started.elapsed() < 2 * A_SECOND, "{:?}", started.elapsed());
    assert_eq!(world.revocations.status().state, FeedState::Heard, "a restart is no interruption");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guard_that_is_cut_off_follows_its_policy_and_says_so() {
    let world = World::with(|revocations| revocations.when_cut_off(WhenCutOff::Refuse)).await;
    let pair = world.app.sign_in().await;
    assert!(world.accepts(&pair.access).await);
    let other = world.app.second_node().await;
    let World { app, running, revocations, guard } = world;
    let address = running.stop().await;
    assert!(guard.verify(&pair.access).await.is_ok(), "not for a moment");
    while revocations.status().state != FeedState::CutOff {
        sleep(Duration::from_millis(50)).await;
    }
    let refusal = guard.verify(&pair.access).await.expect_err("nobody knows");
    assert_eq!((refusal.code(), refusal), ("revocations_unknown", Refusal::RevocationsUnknown));
    let running = Running::start(&other, &address.to_string()).await;
    let world = World { app, running, revocations, guard };
    world.state_becomes(FeedState::Heard).await;
    assert!(world.accepts(&pair.access).await);
}
