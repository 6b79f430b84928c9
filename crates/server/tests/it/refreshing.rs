//! Refreshing for a whole day, as front ends do that were written for simplejwt's default: they keep the first refresh token.

use std::sync::Arc;

use http::StatusCode;
use serde_json::Value;
use tokio::task::JoinSet;

use crate::app::{ELSEWHERE, HOME, TestApp};

/// How long an access token of simplejwt and of the authority holds by default, in seconds.
const FIVE_MINUTES: i64 = 300;
/// How often five minutes fit into the life of a refresh token.
const A_DAY: i64 = 24 * 3600 / FIVE_MINUTES;

async fn with_excuses(excuses: u8) -> TestApp {
    let excuses = |mut settings: jeton_authority::settings::Settings| {
        settings.refresh.policy.excuses = excuses;
        settings
    };
    TestApp::with(excuses, |service| service).await
}

#[tokio::test]
async fn a_client_that_keeps_its_first_token_refreshes_for_a_whole_day() {
    let app = TestApp::new().await;
    let first = app.sign_in().await.refresh;
    let mut successor = None;
    for step in 0..A_DAY {
        let pair = app.refresh(&first).await.pair();
        assert_eq!(app.verify(&pair.access).await.status, StatusCode::OK, "step {step}");
        let successor = successor.get_or_insert_with(|| pair.refresh.clone());
        assert_eq!(&pair.refresh, successor, "step {step}");
        app.hand.step(FIVE_MINUTES);
    }
    let refused = app.refresh(&first).await;
    assert_eq!(
        (refused.status, &refused.json()["code"]),
        (StatusCode::UNAUTHORIZED, &Value::from("token_not_valid"))
    );
}

#[tokio::test]
async fn one_excuse_is_enough_for_a_client_that_keeps_its_first_token() {
    let app = with_excuses(1).await;
    let first = app.sign_in().await.refresh;
    for step in 0..A_DAY {
        assert_eq!(app.refresh(&first).await.status, StatusCode::OK, "step {step}");
        app.hand.step(FIVE_MINUTES);
    }
}

#[tokio::test]
async fn four_tabs_that_keep_the_first_token_and_change_networks_are_never_signed_out() {
    const NETWORKS: [&str; 5] = [HOME, ELSEWHERE, "203.0.113.5", "2001:db8:7::1", "2001:db8:8::1"];
    let app = TestApp::new().await;
    let first = app.sign_in().await.refresh;
    // The tabs ask at once, within the grace, at its end, and long after it.
    let pauses = [0, 7, 23, 31, FIVE_MINUTES - 61];
    for step in 0..(A_DAY - 1) * pauses.len() as i64 {
        let at = usize::try_from(step).expect("small");
        let network = NETWORKS[(at / 3 + at * at) % NETWORKS.len()];
        let answer = app.refresh_from(network, &first).await;
        assert_eq!(answer.status, StatusCode::OK, "step {step} from {network}: {}", answer.text());
        app.hand.step(pauses[at % pauses.len()]);
    }
}

#[tokio::test]
async fn a_hundred_tabs_that_present_the_first_token_at_once_are_all_answered() {
    let app = Arc::new(TestApp::new().await);
    let first = app.sign_in().await.refresh;
    for round in 0..4 {
        let mut tabs = JoinSet::new();
        for tab in 0..100 {
            let (app, first) = (Arc::clone(&app), first.clone());
            let network = if tab % 2 == 0 { HOME } else { ELSEWHERE };
            tabs.spawn(async move { app.refresh_from(network, &first).await.pair().refresh });
        }
        let successors = tabs.join_all().await;
        assert!(successors.iter().all(|successor| *successor == successors[0]), "round {round}");
        app.hand.step(FIVE_MINUTES);
    }
}

#[tokio::test]
async fn the_first_token_is_a_replay_once_somebody_has_used_the_second_and_third() {
    let app = TestApp::new().await;
    let first = app.sign_in().await.refresh;
    let mut current = first.clone();
    for _ in 0..2 {
        current = app.refresh(&current).await.pair().refresh;
        app.hand.step(FIVE_MINUTES);
    }
    app.refresh(&first).await.expect(401, r#"{"detail":"Token is blacklisted","code":"token_not_valid"}"#);
    assert_eq!(app.refresh(&current).await.status, StatusCode::UNAUTHORIZED, "the grant has ended");
}

#[tokio::test]
async fn a_thief_and_a_user_who_take_turns_from_two_networks_end_on_the_fourth_lap() {
    let app = TestApp::new().await;
    let stolen = app.sign_in().await.refresh;
    let (mut users, mut thiefs) = (stolen.clone(), stolen);
    let mut laps = 0;
    loop {
        let thief = app.refresh_from(ELSEWHERE, &thiefs).await;
        app.hand.step(FIVE_MINUTES);
        let user = app.refresh(&users).await;
        app.hand.step(FIVE_MINUTES);
        if thief.status != StatusCode::OK || user.status != StatusCode::OK {
            break;
        }
        (thiefs, users) = (thief.pair().refresh, user.pair().refresh);
        laps += 1;
    }
    assert_eq!(laps, 3);
}

#[tokio::test]
async fn without_excuses_a_token_works_once_beyond_the_grace() {
    let app = with_excuses(0).await;
    let first = app.sign_in().await.refresh;
    assert_eq!(app.refresh(&first).await.status, StatusCode::OK);
    app.hand.step(29);
    assert_eq!(app.refresh(&first).await.status, StatusCode::OK, "within the grace");
    app.hand.step(1);
    app.refresh(&first).await.expect(401, r#"{"detail":"Token is blacklisted","code":"token_not_valid"}"#);
}
