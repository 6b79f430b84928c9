//! The token API for users with a second factor.

use http::StatusCode;
use jeton_authority::audit::Actor;
use jeton_authority::password::Password;
use serde_json::{Value, json};

use crate::app::{Answer, PASSWORD, TestApp};

const PATH: &str = "/api/token/second-factor/";

async fn challenge(app: &TestApp) -> String {
    let answer = app.try_sign_in("ada", PASSWORD).await;
    answer.json()["challenge"].as_str().unwrap_or_else(|| panic!("{}", answer.text())).to_owned()
}

async fn present(app: &TestApp, challenge: &str, code: &str) -> Answer {
    app.post(PATH, &json!({"challenge": challenge, "code": code})).await
}

#[track_caller]
fn refused(answer: &Answer, code: &str) {
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{}", answer.text());
    assert_eq!(answer.json()["code"], code, "{}", answer.text());
    assert!(answer.json()["detail"].is_string(), "{}", answer.text());
    assert!(answer.header("set-cookie").is_none(), "{:?}", answer.headers);
}

#[tokio::test]
async fn the_right_password_is_answered_with_a_challenge_that_a_code_turns_into_a_pair() {
    let app = TestApp::new().await;
    let secret = app.set_up_app("ada").await;
    let answer = app.try_sign_in("ada", PASSWORD).await;
    refused(&answer, "second_factor_required");
    let body = answer.json();
    assert_eq!(body["expires_in"], 600);
    assert!(body["detail"].as_str().is_some_and(|text| text.contains("authenticator app")), "{body}");
    let members: Vec<_> = body.as_object().expect("an object").keys().cloned().collect();
    assert_eq!(members, ["challenge", "code", "detail", "expires_in"]);
    let answer = present(&app, body["challenge"].as_str().expect("a challenge"), &app.code(&secret)).await;
    let pair = answer.pair();
    assert!(answer.header("set-cookie").is_some(), "the browser is known from now on");
    app.refresh(&pair.refresh).await.pair();
    assert_eq!(app.verify(&pair.access).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_wrong_password_is_answered_as_for_everybody_else() {
    let app = TestApp::new().await;
    app.add_user("bob").await;
    app.set_up_app("ada").await;
    let answers = [app.try_sign_in("ada", "wrong").await, app.try_sign_in("bob", "wrong").await];
    assert_eq!(answers[0].text(), answers[1].text());
    assert_eq!(answers[0].status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_challenge_and_a_code_count_once_even_at_the_same_time() {
    let app = TestApp::new().await;
    let secret = app.set_up_app("ada").await;
    let first = challenge(&app).await;
    let code = app.code(&secret);
    let both = tokio::join!(present(&app, &first, &code), present(&app, &first, &code));
    let mut statuses = [both.0.status, both.1.status];
    statuses.sort();
    assert_eq!(statuses, [StatusCode::OK, StatusCode::UNAUTHORIZED]);
    app.hand.step(30);
    refused(&present(&app, &first, &app.code(&secret)).await, "second_factor_over");
    let second = challenge(&app).await;
    refused(&present(&app, &second, &code).await, "second_factor_used");
    refused(&present(&app, &second, "000000").await, "second_factor_refused");
    // A typing error does not spend the challenge.
    present(&app, &second, &app.code(&secret)).await.pair();
}

#[tokio::test]
async fn a_challenge_lasts_ten_minutes_and_as_long_as_its_user_stays_the_same() {
    let app = TestApp::new().await;
    let secret = app.set_up_app("ada").await;
    let (late, changed, disabled) = (challenge(&app).await, challenge(&app).await, challenge(&app).await);
    app.hand.step(599);
    refused(&present(&app, &late, "000000").await, "second_factor_refused");
    app.hand.step(1);
    refused(&present(&app, &late, &app.code(&secret)).await, "second_factor_over");
    refused(&present(&app, &changed, &app.code(&secret)).await, "second_factor_over");
    refused(&present(&app, &disabled, &app.code(&secret)).await, "second_factor_over");

    let (user, now) = (app.user_id("ada").await, app.service.clock().now());
    let changed = challenge(&app).await;
    let hash = app.hashing.hash(Password::new(PASSWORD), [5; 16]).await.expect("a hash");
    app.store.change_password(user, hash, None, Actor::Operator, now).await.expect("a store");
    refused(&present(&app, &changed, &app.code(&secret)).await, "second_factor_over");
    let disabled = challenge(&app).await;
    app.store.disable_user(user, Actor::Operator, now).await.expect("a store");
    refused(&present(&app, &disabled, &app.code(&secret)).await, "second_factor_over");
}

#[tokio::test]
async fn a_changed_challenge_and_one_from_elsewhere_are_none() {
    let app = TestApp::new().await;
    let secret = app.set_up_app("ada").await;
    let own = challenge(&app).await;
    let mut changed = own.clone().into_bytes();
    changed[20] = if changed[20] == b'A' { b'B' } else { b'A' };
    let changed = String::from_utf8(changed).expect("text");
    for wrong in [changed.as_str(), "x", &own[1..], &format!("{own}A"), "<script>"] {
        refused(&present(&app, wrong, &app.code(&secret)).await, "second_factor_over");
    }
    present(&app, &own, &app.code(&secret)).await.pair();
}

#[tokio::test]
async fn what_is_missing_or_no_code_is_named_by_its_field() {
    let app = TestApp::new().await;
    app.set_up_app("ada").await;
    let own = challenge(&app).await;
    let answer = app.post(PATH, &json!({})).await;
    let required = json!(["This field is required."]);
    assert_eq!(answer.json(), json!({"challenge": required, "code": required}));
    for code in ["12345", "12345x", "everything else", &"1".repeat(5_000)] {
        let answer = present(&app, &own, code).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{code:.10}: {}", answer.text());
        assert!(answer.json()["code"][0].is_string(), "{}", answer.text());
    }
    let answer = app.post(PATH, &json!({"challenge": own, "code": 123_456})).await;
    assert_eq!(answer.json()["code"], "second_factor_refused", "a number is a code, too");
}

#[tokio::test]
async fn a_recovery_code_stands_in_for_the_app() {
    let app = TestApp::new().await;
    app.set_up_app("ada").await;
    let codes = app.recovery_codes("ada").await;
    let own = challenge(&app).await;
    present(&app, &own, &codes[0]).await.pair();
    let own = challenge(&app).await;
    refused(&present(&app, &own, &codes[0]).await, "second_factor_refused");
}

#[tokio::test]
async fn the_endpoint_describes_itself_and_answers_with_and_without_a_slash() {
    let app = TestApp::new().await;
    let request = http::Request::options(PATH).body(axum::body::Body::empty()).expect("a request");
    let described: Value = app.send(request).await.json();
    assert!(described["actions"]["POST"]["challenge"].is_object(), "{described}");
    let answer = app.post("/api/token/second-factor", &json!({})).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.text());
}
