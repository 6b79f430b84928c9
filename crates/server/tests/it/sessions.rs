//! A session from sign-in to sign-out, as the token API shows it.

use http::StatusCode;
use jeton_authority::audit::Actor;

use crate::app::{ELSEWHERE, TestApp};

const BLACKLISTED: &str = r#"{"detail":"Token is blacklisted","code":"token_not_valid"}"#;
const EXPIRED: &str = r#"{"detail":"Token is expired","code":"token_not_valid"}"#;

#[tokio::test]
async fn the_four_calls_work_one_after_the_other() {
    let app = TestApp::new().await;
    let pair = app.sign_in().await;
    app.verify(&pair.access).await.expect(200, "{}");
    app.verify(&pair.refresh).await.expect(200, "{}");

    app.hand.step(240);
    let next = app.refresh(&pair.refresh).await.pair();
    assert_ne!(next.refresh, pair.refresh);
    app.verify(&next.access).await.expect(200, "{}");
    // The access token from before the refresh lives on until it expires.
    app.verify(&pair.access).await.expect(200, "{}");

    app.sign_out(&next.refresh).await.expect(200, "{}");
    app.refresh(&next.refresh).await.expect(401, BLACKLISTED);
    app.verify(&next.access).await.expect(400, r#"{"non_field_errors":["Token is blacklisted"]}"#);
    app.sign_out(&next.refresh).await.expect(401, BLACKLISTED);
}

#[tokio::test]
async fn within_the_grace_a_spent_token_gets_the_same_successor() {
    let app = TestApp::new().await;
    let first = app.sign_in().await;
    app.hand.step(240);
    let second = app.refresh(&first.refresh).await.pair();
    app.hand.step(20);
    assert_eq!(app.refresh(&first.refresh).await.pair().refresh, second.refresh);
    assert_eq!(app.refresh(&second.refresh).await.pair().refresh, second.refresh);
}

#[tokio::test]
async fn many_tabs_that_refresh_at_once_get_one_successor() {
    let app = std::sync::Arc::new(TestApp::new().await);
    let first = std::sync::Arc::new(app.sign_in().await.refresh);
    app.hand.step(240);
    let mut tabs = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let (app, first) = (std::sync::Arc::clone(&app), std::sync::Arc::clone(&first));
        tabs.spawn(async move { app.refresh(&first).await.pair().refresh });
    }
    let mut successors = tabs.join_all().await;
    successors.dedup();
    assert_eq!(successors.len(), 1);
}

#[tokio::test]
async fn a_lost_answer_is_excused_from_elsewhere_too() {
    let app = TestApp::new().await;
    let first = app.sign_in().await;
    app.hand.step(240);
    let second = app.refresh(&first.refresh).await.pair();
    app.hand.step(3600);
    assert_eq!(app.refresh_from(ELSEWHERE, &first.refresh).await.pair().refresh, second.refresh);
}

#[tokio::test]
async fn a_replay_ends_the_session() {
    let app = TestApp::new().await;
    let first = app.sign_in().await;
    app.hand.step(240);
    let second = app.refresh(&first.refresh).await.pair();
    app.hand.step(240);
    let third = app.refresh(&second.refresh).await.pair();
    app.hand.step(240);
    app.refresh(&first.refresh).await.expect(401, BLACKLISTED);
    app.refresh(&third.refresh).await.expect(401, BLACKLISTED);
    app.verify(&third.access).await.expect(400, r#"{"non_field_errors":["Token is blacklisted"]}"#);
}

#[tokio::test]
async fn signing_out_with_the_parent_token_ends_the_session_too() {
    let app = TestApp::new().await;
    let first = app.sign_in().await;
    app.hand.step(240);
    let second = app.refresh(&first.refresh).await.pair();
    app.sign_out(&first.refresh).await.expect(200, "{}");
    app.refresh(&second.refresh).await.expect(401, BLACKLISTED);
}

#[tokio::test]
async fn a_disabled_user_is_out_at_once() {
    let app = TestApp::new().await;
    let bob = app.add_user("bob").await;
    let pair = app.try_sign_in("bob", crate::app::PASSWORD).await.pair();
    app.store.disable_user(bob, Actor::Operator, app.service.clock().now()).await.expect("a store");
    app.refresh(&pair.refresh)
        .await
        .expect(401, r#"{"detail":"No active account found for the given token."}"#);
    assert_ne!(app.verify(&pair.access).await.status, StatusCode::OK);
    app.try_sign_in("bob", crate::app::PASSWORD)
        .await
        .expect(401, r#"{"detail":"No active account found with the given credentials"}"#);
}

#[tokio::test]
async fn guessing_is_slowed_down_and_the_answer_says_until_when() {
    let app = TestApp::new().await;
    let mut throttled = None;
    for _ in 0..200 {
        let answer = app.try_sign_in("ada", "wrong").await;
        if answer.status == StatusCode::TOO_MANY_REQUESTS {
            throttled = Some(answer);
            break;
        }
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    }
    let throttled = throttled.expect("200 wrong passwords in one second are too many");
    let wait: i64 = throttled.header("retry-after").expect("a time").parse().expect("seconds");
    assert!(wait >= 1);
    let unit = if wait == 1 { "second" } else { "seconds" };
    throttled.expect(
        429,
        &format!(r#"{{"detail":"Request was throttled. Expected available in {wait} {unit}."}}"#),
    );
    assert_eq!(throttled.header("allow"), Some("POST, OPTIONS"));
    app.hand.step(wait);
    assert_eq!(app.try_sign_in("ada", crate::app::PASSWORD).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_clock_that_jumps_breaks_nothing() {
    let app = TestApp::new().await;
    let mut pair = app.sign_in().await;
    // A little back and forth, as time servers do it.
    for step in [300, -5, 300, -2, 3600, -60] {
        app.hand.step(step);
        pair = app.refresh(&pair.refresh).await.pair();
    }
    // Far back: nobody is signed in before they were born, but nothing fails either.
    app.hand.step(-100 * 365 * 24 * 3600);
    for answer in [app.refresh(&pair.refresh).await, app.verify(&pair.access).await] {
        assert!(!answer.status.is_server_error(), "{}", answer.text());
    }
    assert!(!app.try_sign_in("ada", crate::app::PASSWORD).await.status.is_server_error());
    // Far ahead: everything has expired.
    app.hand.set(jeton_jose::Timestamp::MAX);
    app.refresh(&pair.refresh).await.expect(401, EXPIRED);
    app.verify(&pair.access).await.expect(401, EXPIRED);
    assert!(!app.try_sign_in("ada", crate::app::PASSWORD).await.status.is_server_error());
    assert!(!app.get("/readyz").await.status.is_server_error());
}
