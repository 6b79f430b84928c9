//! What clients are told when the server is short of something or broken.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use http::StatusCode;
use jeton_authority::password::{Hashing, HashingBusy, Padding, Password, PasswordHash, Verification};
use jeton_server::Limits;
use jeton_server::hashing::HashPool;
use tempfile::TempDir;

use crate::app::{Answer, PASSWORD, TestApp, cheap, open_store};
use crate::failing_store::{FailingStore, Fault};

/// How verifying a password goes wrong.
#[derive(Clone, Copy)]
enum Trouble {
    Busy,
    Panics,
    NeverEnds,
}

/// Hashes, but does not verify.
struct TroubledHashing(HashPool, Trouble);

#[async_trait]
impl Hashing for TroubledHashing {
    async fn verify(&self, _: PasswordHash, _: Password, _: Padding) -> Result<Verification, HashingBusy> {
        match self.1 {
            Trouble::Busy => Err(HashingBusy),
            Trouble::Panics => panic!("as the test wants it"),
            Trouble::NeverEnds => std::future::pending().await,
        }
    }

    async fn hash(&self, password: Password, salt: [u8; 16]) -> Result<PasswordHash, HashingBusy> {
        self.0.hash(password, salt).await
    }
}

async fn app_in(trouble: Trouble) -> TestApp {
    let hashing = TroubledHashing(HashPool::with_threads(cheap(), 1, 8).expect("a thread"), trouble);
    let limits = Limits { request_time: Duration::from_millis(200), ..Limits::default() };
    TestApp::with_hashing(Arc::new(hashing), |settings| settings, |service| service.limits(limits)).await
}

#[track_caller]
fn expect_unavailable(answer: &Answer, detail: &str) {
    answer.expect(503, &format!(r#"{{"detail":"{detail}"}}"#));
    assert!(answer.header("retry-after").is_some());
}

#[tokio::test]
async fn a_full_hash_queue_asks_to_come_back() {
    let app = app_in(Trouble::Busy).await;
    let answer = app.try_sign_in("ada", PASSWORD).await;
    expect_unavailable(&answer, "Too many sign-ins are in progress, try again later.");
    assert_eq!(answer.header("allow"), Some("POST, OPTIONS"));
}

#[tokio::test]
async fn a_flood_of_sign_ins_is_turned_away_and_never_fails() {
    let pool = Arc::new(HashPool::with_threads(cheap(), 1, 1).expect("a thread"));
    let app = Arc::new(TestApp::with_hashing(pool, |settings| settings, |service| service).await);
    let mut flood = tokio::task::JoinSet::new();
    for number in 0..200 {
        let app = Arc::clone(&app);
        flood.spawn(async move { app.try_sign_in(&format!("nobody{number}"), "x").await.status });
    }
    let statuses = flood.join_all().await;
    let known = [StatusCode::UNAUTHORIZED, StatusCode::SERVICE_UNAVAILABLE, StatusCode::TOO_MANY_REQUESTS];
    assert!(statuses.iter().all(|status| known.contains(status)), "{statuses:?}");
    assert!(statuses.contains(&StatusCode::SERVICE_UNAVAILABLE), "{statuses:?}");
}

#[tokio::test]
async fn a_panic_is_answered_500_and_the_server_lives() {
    let app = app_in(Trouble::Panics).await;
    let answer = app.try_sign_in("ada", PASSWORD).await;
    answer.expect(500, r#"{"detail":"A server error occurred."}"#);
    assert!(answer.header("x-request-id").is_some());
    app.get("/healthz").await.expect(200, r#"{"status":"ok"}"#);
}

#[tokio::test]
async fn a_request_that_takes_too_long_is_answered_503() {
    let app = app_in(Trouble::NeverEnds).await;
    let answer = app.try_sign_in("ada", PASSWORD).await;
    expect_unavailable(&answer, "The request took too long, try again later.");
}

#[tokio::test]
async fn a_full_disk_stops_what_writes_and_only_until_there_is_room() {
    let folder = TempDir::new().expect("a temporary folder");
    let store = FailingStore::over(open_store(&folder).await);
    let pool = Arc::new(HashPool::with_threads(cheap(), 1, 8).expect("a thread"));
    let over = Arc::clone(&store) as Arc<dyn jeton_authority::store::Store>;
    let app = TestApp::over(over, folder, pool, |settings| settings, |service| service).await;
    let pair = app.sign_in().await;
    app.hand.step(240);

    store.set(Fault::CannotWrite);
    let detail = "Storage is unavailable at the moment, try again later.";
    expect_unavailable(&app.refresh(&pair.refresh).await, detail);
    expect_unavailable(&app.try_sign_in("ada", PASSWORD).await, detail);
    expect_unavailable(&app.sign_out(&pair.refresh).await, detail);
    app.verify(&pair.access).await.expect(200, "{}");
    assert_eq!(app.get("/.well-known/jwks.json").await.status, 200);
    app.get("/healthz").await.expect(200, r#"{"status":"ok"}"#);
    app.get("/readyz").await.expect(503, r#"{"status":"unavailable","reason":"store"}"#);

    store.set(Fault::Broken);
    let answer = app.refresh(&pair.refresh).await;
    answer.expect(500, r#"{"detail":"A server error occurred."}"#);
    assert!(!answer.text().contains("broken"), "the cause is for the log");
    app.refresh("garbage").await.expect(401, r#"{"detail":"Token is invalid","code":"token_not_valid"}"#);

    store.set(Fault::None);
    app.refresh(&pair.refresh).await.pair();
    tokio::time::sleep(Duration::from_millis(1100)).await;
    app.get("/readyz").await.expect(200, r#"{"status":"ready"}"#);
}
