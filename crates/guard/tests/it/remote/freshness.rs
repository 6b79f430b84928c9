//! When keys are fetched, and when they are not.

use std::time::Duration;

use http::StatusCode;
use jeton_guard::remote::{FetchError, RemoteJwkSetBuilder};

use super::origin::{Origin, Reply, fetcher, guarded, remote, token};
use crate::world::{ISSUER, Issuer, NOW, send_token};

#[tokio::test]
async fn keys_are_fetched_when_the_first_token_comes_and_not_for_the_next_one() {
    let issuer = Issuer::new("k");
    let origin = Origin::start(Reply::keys(&[&issuer])).await;
    let (keys, clock) = remote(&origin);
    let app = guarded(&keys, &clock);
    assert_eq!(origin.requests(), 0);
    for _ in 0..3 {
        assert_eq!(send_token(&app, &token(&issuer)).await.body, "Hello, user-1!");
    }
    assert_eq!(origin.requests(), 1);
    assert_eq!(keys.fetched_at(), Some(NOW));
}

#[tokio::test]
async fn a_request_that_holds_no_token_or_garbage_causes_no_fetch() {
    let origin = Origin::start(Reply::keys(&[&Issuer::new("k")])).await;
    let (keys, clock) = remote(&origin);
    let app = guarded(&keys, &clock);
    for authorization in [&[][..], &["Basic dXNlcjpwYXNz"], &["Bearer"], &["Bearer a b"], &["Bearer a.b.c"]] {
        assert!(crate::world::send(&app, authorization).await.status.is_client_error());
    }
    assert_eq!(origin.requests(), 0);
}

#[tokio::test]
async fn a_hundred_requests_at_once_cause_one_fetch() {
    let issuer = Issuer::new("k");
    let origin = Origin::start(Reply::keys(&[&issuer]).after(Duration::from_millis(200))).await;
    let (keys, clock) = remote(&origin);
    let app = guarded(&keys, &clock);
    let requests: Vec<_> = (0..100)
        .map(|_| {
            let (app, token) = (app.clone(), token(&issuer));
            tokio::spawn(async move { send_token(&app, &token).await.status })
        })
        .collect();
    for request in requests {
        assert_eq!(request.await.expect("no panic"), StatusCode::OK);
    }
    assert_eq!(origin.requests(), 1);
}

#[tokio::test]
async fn a_fetch_goes_on_when_the_request_that_began_it_is_gone() {
    let issuer = Issuer::new("k");
    let origin = Origin::start(Reply::keys(&[&issuer]).after(Duration::from_secs(1))).await;
    let (keys, clock) = remote(&origin);
    let app = guarded(&keys, &clock);
    let token = token(&issuer);
    let gone = tokio::time::timeout(Duration::from_millis(50), send_token(&app, &token)).await;
    gone.expect_err("it did not wait");
    assert_eq!(send_token(&app, &token).await.status, StatusCode::OK);
    assert_eq!(origin.requests(), 1);
}

#[tokio::test]
async fn keys_are_refreshed_ahead_while_nobody_waits() {
    let issuer = Issuer::new("k");
    let origin = Origin::start(Reply::keys(&[&issuer])).await;
    let (keys, clock) = remote(&origin);
    let app = guarded(&keys, &clock);
    assert_eq!(send_token(&app, &token(&issuer)).await.status, StatusCode::OK);

    origin.answer(Reply::keys(&[&issuer]).after(Duration::from_secs(3)));
    clock.advance(Duration::from_secs(300));
    let started = tokio::time::Instant::now();
    for _ in 0..10 {
        assert_eq!(send_token(&app, &token(&issuer)).await.status, StatusCode::OK);
    }
    assert!(started.elapsed() < Duration::from_secs(3), "nobody waited");
    origin.asked(2).await;
    assert_eq!(origin.requests(), 2);
}

#[tokio::test]
async fn a_key_that_the_issuer_withdrew_stops_counting_after_ten_minutes_at_the_latest() {
    let (old, new) = (Issuer::new("old"), Issuer::new("new"));
    let origin = Origin::start(Reply::keys(&[&old, &new])).await;
    let (keys, clock) = remote(&origin);
    let app = guarded(&keys, &clock);
    let token = token(&old);
    assert_eq!(send_token(&app, &token).await.status, StatusCode::OK);

    origin.answer(Reply::keys(&[&new]));
    clock.advance(Duration::from_secs(600));
    // The token is remembered, and the answer to the very first request is a refusal all the same.
    assert_eq!(send_token(&app, &token).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn an_outage_is_bridged_for_an_hour_and_then_refused() {
    let issuer = Issuer::new("k");
    let origin = Origin::start(Reply::keys(&[&issuer])).await;
    let (keys, clock) = remote(&origin);
    let app = guarded(&keys, &clock);
    let token = token(&issuer);
    assert_eq!(send_token(&app, &token).await.status, StatusCode::OK);

    for broken in ["500 Internal Server Error", "404 Not Found", "302 Found\r\nlocation: /elsewhere"] {
        origin.answer(Reply::status(broken));
        clock.set(NOW.saturating_add(Duration::from_secs(3599)));
        assert_eq!(send_token(&app, &token).await.status, StatusCode::OK, "{broken}");
        clock.set(NOW.saturating_add(Duration::from_secs(3606)));
        let answer = send_token(&app, &token).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{broken}");
        assert_eq!(
            (answer.challenge(), &answer.headers["retry-after"]),
            ("", &"10".parse().expect("a value"))
        );
        assert_eq!(answer.headers["cache-control"], "no-store");
    }
    // It recovers by itself, once the pause after a failure is over.
    origin.answer(Reply::keys(&[&issuer]));
    clock.advance(Duration::from_secs(5));
    assert_eq!(send_token(&app, &token).await.status, StatusCode::OK);
}

#[tokio::test]
async fn an_issuer_that_fails_is_left_alone_for_five_seconds() {
    let issuer = Issuer::new("k");
    let origin = Origin::start(Reply::status("503 Service Unavailable")).await;
    let (keys, clock) = remote(&origin);
    let app = guarded(&keys, &clock);
    for _ in 0..10 {
        assert_eq!(send_token(&app, &token(&issuer)).await.status, StatusCode::SERVICE_UNAVAILABLE);
    }
    assert_eq!(origin.requests(), 1);
    clock.advance(Duration::from_secs(5));
    origin.answer(Reply::keys(&[&issuer]));
    assert_eq!(send_token(&app, &token(&issuer)).await.status, StatusCode::OK);
    assert_eq!(origin.requests(), 2);
}

#[tokio::test]
async fn a_bad_set_never_takes_the_place_of_a_good_one() {
    let issuer = Issuer::new("k");
    let origin = Origin::start(Reply::keys(&[&issuer])).await;
    let (keys, clock) = remote(&origin);
    let app = guarded(&keys, &clock);
    assert_eq!(send_token(&app, &token(&issuer)).await.status, StatusCode::OK);
    let private = jeton_jose::JwkSet::new(vec![issuer.key.to_jwk()]).to_json().to_string();
    for bad in
        ["", "{}", "[]", r#"{"keys":[{"kty":"EC"}]}"#, r#"{"keys":[{"kty":"oct","k":"c2VjcmV0"}]}"#, &private]
    {
        origin.answer(Reply::ok(bad));
        let error = keys.reload().await.expect_err(bad);
        assert!(matches!(error, FetchError::Keys(_) | FetchError::NoUsableKey), "{bad}: {error}");
        assert!(!format!("{error} {error:?}").contains("c2VjcmV0"));
        assert_eq!(send_token(&app, &token(&issuer)).await.status, StatusCode::OK, "{bad}");
    }
}

#[tokio::test]
async fn a_set_without_one_usable_key_never_takes_the_place_of_a_good_one() {
    let issuer = Issuer::new("k");
    let origin = Origin::start(Reply::keys(&[&issuer])).await;
    let (keys, clock) = remote(&origin);
    let app = guarded(&keys, &clock);
    assert_eq!(send_token(&app, &token(&issuer)).await.status, StatusCode::OK);
    let jwk: serde_json::Value =
        serde_json::from_str(&issuer.key.public_key().to_jwk().to_json()).expect("JSON");
    let with = |name: &str, value: &str| {
        let mut jwk = jwk.clone();
        jwk[name] = value.into();
        serde_json::json!({"keys": [jwk]}).to_string()
    };
    for bad in [r#"{"keys":[]}"#, &with("use", "enc"), &with("alg", "ECDH-ES"), &with("alg", "XS256")] {
        origin.answer(Reply::ok(bad));
        assert_eq!(keys.reload().await.expect_err(bad), FetchError::NoUsableKey);
        clock.advance(Duration::from_secs(600));
        assert_eq!(send_token(&app, &token(&issuer)).await.status, StatusCode::OK, "{bad}");
    }
    // Nor does it stand for keys that were never there: that is an outage, and no fault of the token.
    let (fresh, clock) = remote(&origin);
    let refused = send_token(&guarded(&fresh, &clock), &token(&issuer)).await;
    assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn two_issuers_with_one_url_do_not_share_their_keys() {
    let issuer = Issuer::new("k");
    let origin = Origin::start(Reply::keys(&[&issuer])).await;
    let (_, clock) = remote(&origin);
    let other = RemoteJwkSetBuilder::new("https://other.example", origin.url())
        .fetcher(fetcher())
        .clock(clock.clone())
        .build();
    let app = guarded(&other, &clock);
    let answer = send_token(&app, &token(&issuer)).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "the token names {ISSUER}");
    assert!(answer.challenge().contains("another issuer"));
}
