//! Tokens that were verified before.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use http::StatusCode;
use jeton_jose::KeySet;
use serde_json::json;

use crate::world::{Issuer, NOW, app, builder, send_token, with};

#[tokio::test]
async fn a_remembered_token_passes_again_and_never_past_its_expiry() {
    let issuer = Issuer::new("k");
    for leeway in [0, 30] {
        let (builder, clock) = builder(&issuer);
        let app = app(&builder.leeway(Duration::from_secs(leeway)).remember(64).build());
        let token = issuer.token();
        for (after, status) in
            [(0, StatusCode::OK), (299 + leeway, StatusCode::OK), (300 + leeway, StatusCode::UNAUTHORIZED)]
        {
            clock.set(NOW.saturating_add(Duration::from_secs(after)));
            assert_eq!(send_token(&app, &token).await.status, status, "{after} s later, leeway {leeway}");
        }
    }
}

#[tokio::test]
async fn a_clock_that_goes_back_makes_a_remembered_token_too_early_again() {
    let issuer = Issuer::new("k");
    let (builder, clock) = builder(&issuer);
    let app = app(&builder.remember(64).build());
    let token = issuer.sign(&with("nbf", json!(NOW.unix())));
    assert_eq!(send_token(&app, &token).await.status, StatusCode::OK);
    clock.set(NOW.saturating_sub(Duration::from_secs(1)));
    assert_eq!(send_token(&app, &token).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn nothing_but_the_very_same_token_is_taken_for_a_remembered_one() {
    let issuer = Issuer::new("k");
    let app = app(&builder(&issuer).0.remember(64).build());
    let token = issuer.token();
    assert_eq!(send_token(&app, &token).await.status, StatusCode::OK);

    let (signed, signature) = token.rsplit_once('.').expect("three parts");
    let (header, payload) = signed.split_once('.').expect("two parts");
    let other = issuer.sign(&with("sub", json!("root")));
    let other_payload = other.split('.').nth(1).expect("a payload");
    for forged in [
        format!("{header}.{other_payload}.{signature}"),
        format!("{header}.{payload}.A{}", &signature[1..]),
        signature.to_owned(),
        format!("{header}.{payload}x.{signature}"),
    ] {
        assert_eq!(send_token(&app, &forged).await.status, StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test]
async fn a_refused_token_is_not_remembered() {
    let issuer = Issuer::new("k");
    let (builder, clock) = builder(&issuer);
    let app = app(&builder.remember(64).build());
    let early = issuer.sign(&with("nbf", json!(NOW.unix() + 10)));
    assert_eq!(send_token(&app, &early).await.status, StatusCode::UNAUTHORIZED);
    clock.advance(Duration::from_secs(10));
    assert_eq!(send_token(&app, &early).await.status, StatusCode::OK);
    let bound = issuer.sign(&with("cnf", json!({"jkt": "x"})));
    for _ in 0..2 {
        assert_eq!(send_token(&app, &bound).await.status, StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test]
async fn many_more_tokens_than_there_is_room_for_all_pass_each_as_itself() {
    let issuer = Issuer::new("k");
    let app = app(&builder(&issuer).0.remember(16).build());
    let tokens: Vec<_> = (0..100)
        .map(|n| (issuer.sign(&with("sub", json!(format!("user-{n}")))), format!("Hello, user-{n}!")))
        .collect();
    for _ in 0..2 {
        for (token, greeting) in &tokens {
            assert_eq!(send_token(&app, token).await.body, *greeting);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn once_the_keys_are_replaced_no_token_of_the_old_ones_passes_however_many_are_under_way() {
    let (old, new) = (Issuer::new("old"), Issuer::new("new"));
    let (old_keys, new_keys): (KeySet, KeySet) = (old.keys(), new.keys());
    let guard = builder(&old).0.remember(64).build();
    let tokens: Vec<String> = (0..8).map(|n| old.sign(&with("jti", json!(format!("t{n}"))))).collect();
    let stop = std::sync::Arc::new(AtomicBool::new(false));
    let requests = tokens.clone().into_iter().map(|token| {
        let (guard, stop) = (guard.clone(), std::sync::Arc::clone(&stop));
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
            while !stop.load(Ordering::Relaxed) {
                let _ = runtime.block_on(guard.verify(&token));
            }
        })
    });
    let requests: Vec<_> = requests.collect();
    for _ in 0..200 {
        guard.replace_keys(old_keys.clone()).expect("the keys are the caller's");
        tokio::task::yield_now().await;
        guard.replace_keys(new_keys.clone()).expect("the keys are the caller's");
        for token in &tokens {
            guard.verify(token).await.expect_err("its key is gone");
        }
    }
    stop.store(true, Ordering::Relaxed);
    for request in requests {
        request.join().expect("no panic");
    }
}
