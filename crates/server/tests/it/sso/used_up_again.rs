//! What was accepted once stays used, though the store fails over to one that has not received it.

use std::sync::Arc;

use http::StatusCode;
use jeton_authority::audit::Actor;
use jeton_authority::store::GrantStore;
use jeton_jose::dpop::Request as Proved;
use jeton_server::hashing::HashPool;
use serde_json::Value;
use tempfile::TempDir;

use super::browser::{Browser, redirected};
use super::client::{authorize, web};
use super::dpop::{Phone, USERINFO, phone};
use super::logout_delivery::claims;
use super::{assertions, device};
use crate::app::{Answer, TestApp, cheap, open_store};
use crate::failing_store::FailingStore;

/// A copy of the database, as of now.
fn copy_of(folder: &TempDir) -> TempDir {
    let copy = TempDir::new().expect("a temporary folder");
    for entry in std::fs::read_dir(folder.path()).expect("a folder") {
        let entry = entry.expect("an entry");
        if entry.file_type().expect("a type").is_file() {
            std::fs::copy(entry.path(), copy.path().join(entry.file_name())).expect("a copy");
        }
    }
    copy
}

#[track_caller]
fn expect(answer: &Answer, status: StatusCode, error: Option<&str>) {
    assert_eq!(answer.status, status, "{}", answer.text());
    if let Some(error) = error {
        assert_eq!(answer.json()["error"], error);
    }
}

#[tokio::test]
async fn codes_assertions_and_proofs_stay_used_though_a_failover_forgot_them() {
    let folder = TempDir::new().expect("a temporary folder");
    let store = FailingStore::over(open_store(&folder).await);
    let pool = HashPool::with_threads(cheap(), 2, 64).expect("two threads");
    let over = Arc::clone(&store) as Arc<_>;
    let app =
        TestApp::over(over, folder, Arc::new(pool), |settings| settings, |service| service).await.alone();
    app.add_client("web", web()).await;
    app.add_client("phone", phone()).await;
    device::add_clients(&app).await;
    let key = assertions::add_client_with_key(&app, "batch").await;
    let feed = app.service.authority().feed();
    let now = app.service.clock().now();

    let code = async || {
        let back = redirected(&Browser::new(&app).sign_in(&authorize(&[])).await);
        back.get("code").expect("a code").to_owned()
    };
    let (leaving, spent, waiting) = (code().await, code().await, code().await);
    let (television, radio) = (device::begin(&app).await, device::begin(&app).await);
    device::allow(&app, &television).await;
    device::allow(&app, &radio).await;
    let assertion = |jti: &str| {
        let named = |name, value: &str| (name, Value::from(value));
        assertions::sign(key.clone(), &[named("iss", "batch"), named("sub", "batch"), named("jti", jti)])
    };
    let (first, second) = (assertion("first"), assertion("second"));
    let owner = Phone::new(&app);
    let tokens = owner.tokens().await;
    let access = tokens["access_token"].as_str().expect("a token");
    let request = Proved::new("GET", USERINFO).access_token(access);
    let (proof, another) = (owner.prove(request), owner.prove(request));
    let ended = app.redeem(&leaving).await.json();
    let ended = claims(ended["access_token"].as_str().expect("a token"))["sid"].to_string();
    let ended = ended.trim_matches('"').parse().expect("a grant");
    feed.poll(now).await.expect("a poll");
    let standby = copy_of(&app.folder);

    expect(&app.redeem(&spent).await, StatusCode::OK, None);
    expect(&device::poll(&app, &television).await, StatusCode::OK, None);
    expect(&assertions::present(&app, &first).await, StatusCode::OK, None);
    expect(&owner.userinfo("DPoP", access, Some(&proof)).await, StatusCode::OK, None);
    store.end_grant(ended, Actor::Operator, now).await.expect("a store");
    feed.poll(now).await.expect("a poll");

    store.fail_over(open_store(&standby).await);
    feed.poll(now).await.expect("a poll");
    assert_eq!(
        feed.end_again(now).await.expect("a store"),
        5,
        "a grant, two codes, an assertion and a proof"
    );
    assert_eq!(feed.end_again(now).await.expect("a store"), 0);

    expect(&app.redeem(&spent).await, StatusCode::BAD_REQUEST, Some("invalid_grant"));
    expect(&device::poll(&app, &television).await, StatusCode::BAD_REQUEST, Some("invalid_grant"));
    expect(&assertions::present(&app, &first).await, StatusCode::BAD_REQUEST, Some("invalid_client"));
    let replayed = owner.userinfo("DPoP", access, Some(&proof)).await;
    expect(&replayed, StatusCode::UNAUTHORIZED, Some("invalid_dpop_proof"));

    // What was not used is good.
    expect(&app.redeem(&waiting).await, StatusCode::OK, None);
    expect(&device::poll(&app, &radio).await, StatusCode::OK, None);
    expect(&assertions::present(&app, &second).await, StatusCode::OK, None);
    expect(&owner.userinfo("DPoP", access, Some(&another)).await, StatusCode::OK, None);
}
