//! Whoever signed in before is not locked out by what others do.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use axum::body::Body;
use http::{Request, StatusCode, header};
use jeton_authority::Network;
use jeton_authority::audit::Actor;
use jeton_authority::password::{Hashing, HashingBusy, Padding, Password, PasswordHash, Verification};
use jeton_authority::user::Username;
use jeton_server::hashing::HashPool;
use serde_json::json;
use tokio::sync::Semaphore;

use crate::app::{Answer, ELSEWHERE, HOME, PASSWORD, TestApp, cheap};

/// In the same /24 as [`HOME`].
const NEIGHBOUR: &str = "192.0.2.66";

async fn sign_in(app: &TestApp, peer: &str, cookie: Option<&str>, username: &str, password: &str) -> Answer {
    let mut request = Request::post("/api/token/").header(header::CONTENT_TYPE, "application/json");
    if let Some(cookie) = cookie {
        request = request.header(header::COOKIE, cookie);
    }
    let body = json!({"username": username, "password": password}).to_string();
    app.send_from(peer, request.body(Body::from(body)).expect("a request")).await
}

/// A second of somebody who fails twenty times, at made-up names and at ada's.
async fn a_second_of_failures(app: &TestApp, peer: &str) {
    let now = app.service.clock().now().unix();
    for number in 0..10 {
        sign_in(app, peer, None, &format!("made-up {now} {number}"), "wrong").await;
        sign_in(app, peer, None, "ada", "wrong").await;
    }
    app.hand.step(1);
}

/// `name=value` of the cookie that an answer has the browser remember.
fn known_cookie(answer: &Answer) -> Option<String> {
    let cookies = answer.headers.get_all(header::SET_COOKIE).iter();
    let mut texts = cookies.map(|cookie| cookie.to_str().expect("text"));
    let cookie = texts.find(|text| text.starts_with("__Host-jeton-known="))?;
    cookie.split(';').next().map(str::to_owned)
}

#[tokio::test]
async fn a_neighbour_who_fails_twenty_times_a_second_keeps_nobody_out_who_signed_in_from_there() {
    let app = TestApp::new().await;
    app.sign_in().await;
    for second in 0..90 {
        a_second_of_failures(&app, NEIGHBOUR).await;
        if second % 10 == 0 {
            sign_in(&app, HOME, None, "ada", PASSWORD).await.pair();
        }
    }
}

#[tokio::test]
async fn networks_that_signed_in_before_are_known_after_a_restart() {
    let before = TestApp::new().await;
    before.sign_in().await;
    let app = before.second_node().await;
    for _ in 0..60 {
        a_second_of_failures(&app, NEIGHBOUR).await;
    }
    for number in 0..200 {
        sign_in(&app, &format!("198.51.{number}.7"), None, "ada", "wrong").await;
    }
    assert_eq!(
        sign_in(&app, "203.0.113.9", None, "ada", PASSWORD).await.status,
        429,
        "strangers are held up"
    );
    sign_in(&app, HOME, None, "ada", PASSWORD).await.pair();
}

#[tokio::test]
async fn an_account_that_never_signed_in_keeps_a_try_a_minute_in_its_network() {
    let app = TestApp::new().await;
    app.add_user("bob").await;
    for _ in 0..60 {
        a_second_of_failures(&app, NEIGHBOUR).await;
    }
    assert_eq!(sign_in(&app, NEIGHBOUR, None, "bob", "mistyped").await.status, 401);
    assert_eq!(
        sign_in(&app, NEIGHBOUR, None, "bob", PASSWORD).await.status,
        429,
        "the network has to slow down"
    );
    for _ in 0..60 {
        a_second_of_failures(&app, NEIGHBOUR).await;
    }
    sign_in(&app, NEIGHBOUR, None, "bob", PASSWORD).await.pair();
}

#[tokio::test]
async fn a_browser_that_signed_in_before_gets_in_where_everybody_has_one_address() {
    let app = TestApp::new().await;
    let cookie = known_cookie(&app.try_sign_in("ada", PASSWORD).await).expect("a cookie");
    for _ in 0..60 {
        a_second_of_failures(&app, HOME).await;
    }
    let without = sign_in(&app, HOME, None, "ada", PASSWORD).await;
    assert_eq!(without.status, 429, "nothing tells her from the one who fails");
    sign_in(&app, HOME, Some(&cookie), "ada", PASSWORD).await.pair();
    sign_in(&app.second_node().await, ELSEWHERE, Some(&cookie), "ada", PASSWORD).await.pair();

    // Their own failures count.
    for _ in 0..5 {
        assert_eq!(sign_in(&app, HOME, Some(&cookie), "ada", "wrong").await.status, 401);
    }
    assert_eq!(sign_in(&app, HOME, Some(&cookie), "ada", PASSWORD).await.status, 429);
}

#[tokio::test]
async fn a_cookie_that_was_made_up_or_is_of_another_account_helps_nobody() {
    let app = TestApp::new().await;
    app.add_user("mallory").await;
    let genuine = known_cookie(&app.try_sign_in("ada", PASSWORD).await).expect("a cookie");
    let other = known_cookie(&app.try_sign_in("mallory", PASSWORD).await).expect("a cookie");
    for _ in 0..10 {
        a_second_of_failures(&app, HOME).await;
    }
    let (name, value) = genuine.split_once('=').expect("a pair");
    let flipped = if value.starts_with('A') { 'B' } else { 'A' };
    let changed = format!("{name}={flipped}{}", &value[1..]);
    let cut = format!("{name}={}", &value[..value.len() - 11]);
    let twice = format!("{genuine}; {genuine}");
    for cookie in [&other, &changed, &cut, &twice, &format!("{name}="), &format!("{name}=AAAA")] {
        let answer = sign_in(&app, HOME, Some(cookie), "ada", PASSWORD).await;
        assert_eq!(answer.status, 429, "{cookie}");
    }
    sign_in(&app, HOME, Some(&genuine), "ada", PASSWORD).await.pair();
}

#[tokio::test]
async fn the_cookie_of_a_known_browser_names_nobody_and_stays_small_and_out_of_reach() {
    let app = TestApp::new().await;
    let mut cookie: Option<String> = None;
    for number in 0..20 {
        let name = format!("user-{number}");
        app.add_user(&name).await;
        let answer = sign_in(&app, HOME, cookie.as_deref(), &name, PASSWORD).await;
        let line = answer.headers.get_all(header::SET_COOKIE).iter().next().expect("a cookie");
        let line = line.to_str().expect("text");
        for flag in ["; Path=/", "; Max-Age=15552000", "; HttpOnly", "; SameSite=Lax", "; Secure"] {
            assert!(line.contains(flag), "{line}");
        }
        assert!(line.len() < 300 && !line.contains(&name), "{line}");
        cookie = known_cookie(&answer);
    }
    let wrong = sign_in(&app, HOME, cookie.as_deref(), "user-0", "wrong").await;
    assert_eq!(known_cookie(&wrong), None, "a failure has nothing remembered");
}

#[tokio::test]
async fn signing_in_on_the_page_has_the_browser_remembered_too() {
    let app = TestApp::new().await;
    app.add_client("web", crate::sso::client::web()).await;
    let browser = crate::sso::browser::Browser::new(&app);
    browser.sign_in(&crate::sso::client::authorize(&[])).await;
    let cookie = browser.cookie("__Host-jeton-known").expect("the browser keeps it");
    for _ in 0..10 {
        a_second_of_failures(&app, HOME).await;
    }
    let cookie = format!("__Host-jeton-known={cookie}");
    sign_in(&app, HOME, Some(&cookie), "ada", PASSWORD).await.pair();
}

/// What somebody is answered who guesses at a name from the network of its owner, and from the owner's address.
async fn answers_to_guesses_at(name: &str) -> Vec<(StatusCode, Option<String>, String)> {
    let app = TestApp::new().await;
    let bob = app.add_user("bob").await;
    app.add_user("stranger").await;
    for known in ["ada", "bob"] {
        app.try_sign_in(known, PASSWORD).await.pair();
    }
    app.store.disable_user(bob, Actor::Operator, app.service.clock().now()).await.expect("a store");
    let mut answers = Vec::new();
    for round in 0..60 {
        for number in 0..5 {
            sign_in(&app, NEIGHBOUR, None, &format!("made-up {round} {number}"), "wrong").await;
            sign_in(&app, &format!("198.51.{round}.{number}"), None, name, "wrong").await;
        }
        let peer = if round % 3 == 0 { NEIGHBOUR } else { HOME };
        let password = if name == "bob" { PASSWORD } else { "wrong" };
        let answer = sign_in(&app, peer, None, name, password).await;
        answers.push((
            answer.status,
            answer.header("retry-after").map(str::to_owned),
            answer.text().to_owned(),
        ));
        app.hand.step(i64::from(round % 4));
    }
    answers
}

#[tokio::test]
async fn wrong_passwords_are_answered_alike_for_users_of_a_network_and_for_names_that_nobody_has() {
    let of_nobody = answers_to_guesses_at("nobody").await;
    for status in [StatusCode::UNAUTHORIZED, StatusCode::TOO_MANY_REQUESTS] {
        assert!(of_nobody.iter().any(|(found, ..)| *found == status), "{of_nobody:?}");
    }
    // One who signed in from there, one who did and is disabled since, and one who never did.
    for name in ["ada", "bob", "stranger"] {
        assert_eq!(answers_to_guesses_at(name).await, of_nobody, "{name}");
    }
}

#[tokio::test]
async fn a_sign_in_is_noted_once_a_day_and_an_unknown_network_never() {
    let app = TestApp::new().await;
    app.sign_in().await;
    let name = Username::parse("ada").expect("a name");
    let ada = app.store.find_user(&name).await.expect("a store").expect("ada").id;
    let noted = async |network| app.store.find_known_network(ada, network).await.expect("a store");
    let home = Network::V4([192, 0, 2]);
    let first = noted(home).await.expect("it is known");
    app.hand.step(3600);
    app.sign_in().await;
    assert_eq!(noted(home).await, Some(first));
    app.hand.step(24 * 3600);
    app.sign_in().await;
    assert_eq!(noted(home).await, Some(app.service.clock().now()));
    assert_eq!(noted(Network::Unknown).await, None);
}

/// Hashes nothing until it is let go, and counts what it holds.
struct HeldHashing {
    pool: HashPool,
    held: AtomicUsize,
    let_go: Semaphore,
}

#[async_trait]
impl Hashing for HeldHashing {
    async fn verify(
        &self,
        hash: PasswordHash,
        candidate: Password,
        padding: Padding,
    ) -> Result<Verification, HashingBusy> {
        self.held.fetch_add(1, Ordering::SeqCst);
        let permit = self.let_go.acquire().await;
        permit.expect("it is never closed").forget();
        self.held.fetch_sub(1, Ordering::SeqCst);
        self.pool.verify(hash, candidate, padding).await
    }

    async fn hash(&self, password: Password, salt: [u8; 16]) -> Result<PasswordHash, HashingBusy> {
        self.pool.hash(password, salt).await
    }

    fn places(&self) -> Option<usize> {
        Some(8)
    }
}

#[tokio::test]
async fn made_up_names_of_one_network_fill_a_share_of_the_hash_queue_and_who_is_known_gets_through() {
    let pool = HashPool::with_threads(cheap(), 1, 8).expect("a thread");
    let hashing = Arc::new(HeldHashing { pool, held: AtomicUsize::new(0), let_go: Semaphore::new(1) });
    let app = TestApp::with_hashing(Arc::clone(&hashing) as _, |settings| settings, |service| service).await;
    let app = Arc::new(app);
    app.sign_in().await;

    let mut flood = tokio::task::JoinSet::new();
    for number in 0..100 {
        let app = Arc::clone(&app);
        flood.spawn(async move { sign_in(&app, NEIGHBOUR, None, &format!("made-up {number}"), "x").await });
    }
    // Two hold places, eight wait for one, and all others are turned away at once.
    for _ in 0..90 {
        let answer = flood.join_next().await.expect("a task").expect("no panic");
        answer.expect(503, r#"{"detail":"Too many sign-ins are in progress, try again later."}"#);
        assert!(answer.header("retry-after").is_some());
    }
    assert_eq!(hashing.held.load(Ordering::SeqCst), 2);

    let known = Arc::clone(&app);
    let known = tokio::spawn(async move { sign_in(&known, HOME, None, "ada", PASSWORD).await });
    while hashing.held.load(Ordering::SeqCst) < 3 {
        tokio::task::yield_now().await;
    }
    hashing.let_go.add_permits(100);
    known.await.expect("no panic").pair();
    assert!(flood.join_all().await.iter().all(|answer| answer.status == StatusCode::UNAUTHORIZED));
}
