//! Keys that the issuer changes, and tokens whose key is unknown.

use std::time::Duration;

use http::StatusCode;
use jeton_guard::Guard;
use jeton_jose::Algorithm;

use super::origin::{Origin, Reply, guarded, remote, token};
use crate::world::{AUDIENCE, Issuer, send_token};

#[tokio::test]
async fn a_new_key_is_fetched_with_the_first_token_that_names_it() {
    let (old, new) = (Issuer::new("old"), Issuer::with_algorithm(Algorithm::Ed25519, "new"));
    let origin = Origin::start(Reply::keys(&[&old])).await;
    let (keys, clock) = remote(&origin);
    let app = guarded(&keys, &clock);
    assert_eq!(send_token(&app, &token(&old)).await.status, StatusCode::OK);

    origin.answer(Reply::keys(&[&old, &new]));
    assert_eq!(send_token(&app, &token(&new)).await.status, StatusCode::OK);
    assert_eq!(send_token(&app, &token(&old)).await.status, StatusCode::OK);
    assert_eq!(origin.requests(), 2);
}

#[tokio::test]
async fn no_request_fails_while_keys_rotate_again_and_again() {
    let mut current = Issuer::new("0");
    let origin = Origin::start(Reply::keys(&[&current])).await;
    let (keys, clock) = remote(&origin);
    let app = guarded(&keys, &clock);
    for round in 1..=10 {
        let next = Issuer::new(&round.to_string());
        origin.answer(Reply::keys(&[&current, &next]).after(Duration::from_millis(20)));
        let requests: Vec<_> = (0..40)
            .map(|n| {
                let (app, token) = (app.clone(), token(if n % 2 == 0 { &current } else { &next }));
                tokio::spawn(async move { send_token(&app, &token).await.status })
            })
            .collect();
        for request in requests {
            assert_eq!(request.await.expect("no panic"), StatusCode::OK, "round {round}");
        }
        assert_eq!(origin.requests(), round);
        clock.advance(Duration::from_secs(30));
        current = next;
    }
}

#[tokio::test]
async fn unknown_keys_cause_one_fetch_in_thirty_seconds_whatever_they_are_called() {
    let issuer = Issuer::new("k");
    let origin = Origin::start(Reply::keys(&[&issuer])).await;
    let (keys, clock) = remote(&origin);
    let app = guarded(&keys, &clock);
    assert_eq!(send_token(&app, &token(&issuer)).await.status, StatusCode::OK);
    for n in 0..20 {
        let answer = send_token(&app, &token(&Issuer::new(&format!("unknown-{n}")))).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(origin.requests(), 2);

    clock.advance(Duration::from_secs(30));
    let missing = token(&Issuer::new("unknown-0"));
    assert_eq!(send_token(&app, &missing).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(origin.requests(), 2, "this one is known to be missing");
    assert_eq!(send_token(&app, &token(&Issuer::new("another"))).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(origin.requests(), 3);
}

#[tokio::test]
async fn a_bad_signature_under_a_known_key_causes_no_fetch() {
    let issuer = Issuer::new("k");
    let origin = Origin::start(Reply::keys(&[&issuer])).await;
    let (keys, clock) = remote(&origin);
    let app = guarded(&keys, &clock);
    for forged in [token(&Issuer::new("k")), format!("{}A", token(&issuer)), "a.b.c".into()] {
        assert_eq!(send_token(&app, &forged).await.status, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(origin.requests(), 1);
}

#[tokio::test]
async fn an_answer_that_was_asked_for_earlier_never_takes_the_place_of_a_later_one() {
    let (old, new) = (Issuer::new("old"), Issuer::new("new"));
    let origin = Origin::start(Reply::keys(&[&old])).await;
    origin.answer_in_turn([Reply::keys(&[&old]).after(Duration::from_millis(400)), Reply::keys(&[&new])]);
    let (keys, clock) = remote(&origin);
    let slow = tokio::spawn({
        let keys = keys.clone();
        async move { keys.reload().await }
    });
    origin.asked(1).await;
    keys.reload().await.expect("the new keys");
    slow.await.expect("no panic").expect("newer keys than those it asked for are in use");
    tokio::time::sleep(Duration::from_millis(200)).await;

    let app = guarded(&keys, &clock);
    assert_eq!(send_token(&app, &token(&new)).await.status, StatusCode::OK);
    assert_eq!(origin.requests(), 2);
    assert_eq!(send_token(&app, &token(&old)).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn guards_for_several_audiences_share_one_set() {
    let issuer = Issuer::new("k");
    let origin = Origin::start(Reply::keys(&[&issuer])).await;
    let (keys, clock) = remote(&origin);
    let one = Guard::remote(AUDIENCE, keys.clone()).clock(clock.clone()).build();
    let other = Guard::remote("https://other.example", keys.clone()).clock(clock).build();
    one.verify(&token(&issuer)).await.expect("for this audience");
    other.verify(&token(&issuer)).await.expect_err("for another");
    assert_eq!(origin.requests(), 1);
    one.replace_keys(issuer.keys()).expect_err("they are the issuer's");
}
