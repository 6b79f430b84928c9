//! The throttle slows guessing and cannot be used to lock somebody out.

use std::time::Duration;

use jeton_authority::Network;
use jeton_authority::throttle::{
    ACCOUNT_FAILURES_PER_HOUR, Attempt, FREE_FAILURES, LONGEST_WAIT_SECONDS, NETWORK_FAILURES, REMEMBERED,
    SITE_FAILURES, Throttle,
};
use jeton_jose::Timestamp;
use proptest::prelude::*;

fn at(second: i64) -> Timestamp {
    Timestamp::from_unix(1_800_000_000 + second)
}

fn network(number: u32) -> Network {
    let [_, a, b, c] = number.to_be_bytes();
    Network::of([a, b, c, 1].into())
}

/// Fails once; answers the wait in seconds where the attempt was refused.
fn fail(throttle: &mut Throttle, account: &str, from: u32, second: i64) -> Result<(), u64> {
    throttle
        .begin(account, network(from), at(second))
        .map(drop)
        .map_err(|refused| refused.retry_after.as_secs())
}

#[test]
fn after_five_failures_the_wait_doubles_up_to_a_minute() {
    let mut throttle = Throttle::default();
    for _ in 0..FREE_FAILURES {
        fail(&mut throttle, "ada", 1, 0).expect("free");
    }
    let mut second = 0;
    for wait in [1, 2, 4, 8, 16, 32, 60, 60] {
        assert_eq!(fail(&mut throttle, "ada", 1, second), Err(wait));
        second += i64::try_from(wait).expect("small");
        fail(&mut throttle, "ada", 1, second).expect("it waited");
    }
}

#[test]
fn refused_attempts_do_not_lengthen_the_wait() {
    let mut throttle = Throttle::default();
    for _ in 0..FREE_FAILURES {
        fail(&mut throttle, "ada", 1, 0).expect("free");
    }
    for _ in 0..1000 {
        assert_eq!(fail(&mut throttle, "ada", 1, 0), Err(1));
    }
    fail(&mut throttle, "ada", 1, 1).expect("it waited");
}

#[test]
fn attempts_under_way_at_once_count_before_they_fail() {
    let mut throttle = Throttle::default();
    let attempts: Vec<_> = (0..1000).filter_map(|_| throttle.begin("ada", network(1), at(0)).ok()).collect();
    assert_eq!(attempts.len(), usize::try_from(FREE_FAILURES).expect("small"));
}

#[test]
fn a_success_clears_what_this_account_did_wrong_from_this_network() {
    let mut throttle = Throttle::default();
    for _ in 0..FREE_FAILURES - 1 {
        fail(&mut throttle, "ada", 1, 0).expect("free");
    }
    let attempt = throttle.begin("ada", network(1), at(0)).expect("free");
    throttle.succeed(attempt, at(0));
    for _ in 0..FREE_FAILURES {
        fail(&mut throttle, "ada", 1, 0).expect("free again");
    }
}

#[test]
fn an_attempt_that_was_not_looked_at_does_not_count() {
    let mut throttle = Throttle::default();
    for _ in 0..1000 {
        let attempt = throttle.begin("ada", network(1), at(0)).expect("never refused");
        throttle.withdraw(attempt);
    }
}

#[test]
fn a_network_that_tries_many_accounts_is_slowed_to_one_a_second() {
    let mut throttle = Throttle::default();
    let through = (0..1000).filter(|n| fail(&mut throttle, &format!("user{n}"), 1, 0).is_ok()).count();
    assert_eq!(through, usize::try_from(NETWORK_FAILURES).expect("small"));
    assert_eq!(fail(&mut throttle, "one more", 1, 0), Err(1));
    fail(&mut throttle, "one more", 1, 1).expect("a second has passed");
    fail(&mut throttle, "elsewhere", 2, 0).expect("another network is not concerned");
}

#[test]
fn an_office_whose_sign_ins_succeed_is_never_slowed() {
    let mut throttle = Throttle::default();
    for n in 0..10_000 {
        let attempt = throttle.begin(&format!("user{n}"), network(1), at(0)).expect("never refused");
        throttle.succeed(attempt, at(0));
    }
}

#[test]
fn failures_from_everywhere_leave_the_owner_a_try_in_their_own_network() {
    let mut throttle = Throttle::default();
    let home = 99_999;
    let attempt = throttle.begin("ada", network(home), at(0)).expect("free");
    throttle.succeed(attempt, at(0));
    for from in 0..ACCOUNT_FAILURES_PER_HOUR * 3 {
        fail(&mut throttle, "ada", from, 1).expect("the first from each network");
    }
    assert_eq!(fail(&mut throttle, "ada", 0, 1), Err(1), "a second guess from a new network has to wait");
    fail(&mut throttle, "ada", 77_777, 1).expect("a new network has one try");
    for _ in 0..FREE_FAILURES {
        fail(&mut throttle, "ada", home, 1).expect("the owner's network keeps its five");
    }
}

#[test]
fn a_clock_that_goes_back_does_not_lengthen_a_wait() {
    let mut throttle = Throttle::default();
    for _ in 0..20 {
        let _ = fail(&mut throttle, "ada", 1, 100_000);
    }
    let wait = fail(&mut throttle, "ada", 1, 0).expect_err("still to wait");
    assert!(wait <= u64::from(LONGEST_WAIT_SECONDS), "{wait}");
}

#[test]
fn an_account_is_not_held_up_by_its_neighbours_where_it_has_signed_in_before() {
    let mut throttle = Throttle::default();
    let attempt = throttle.begin("ada", network(1), at(0)).expect("free");
    throttle.succeed(attempt, at(0));
    for n in 0..NETWORK_FAILURES {
        fail(&mut throttle, &format!("user{n}"), 1, 0).expect("free");
    }
    assert_eq!(fail(&mut throttle, "eve", 1, 0), Err(1), "the network has to slow down");
    for _ in 0..FREE_FAILURES {
        fail(&mut throttle, "ada", 1, 0).expect("she signs in from here");
    }
    assert_eq!(fail(&mut throttle, "ada", 1, 0), Err(1), "guessing at her is slowed all the same");
}

#[test]
fn the_networks_of_one_ipv6_site_are_slowed_together() {
    let mut throttle = Throttle::default();
    let network = |number: u16| {
        let [high, low] = number.to_be_bytes();
        Network::V6([0x20, 0x01, 0x0d, 0xb8, 0, 1, high, low])
    };
    let through = (0..10_000).filter(|n| throttle.begin("ada", network(*n), at(0)).is_ok()).count();
    assert_eq!(through, usize::try_from(SITE_FAILURES).expect("small"));
    let through = (0..10_000).filter(|n| throttle.begin("ada", network(*n), at(1)).is_ok()).count();
    assert_eq!(through, 10, "ten a second");
    let elsewhere = Network::V6([0x20, 0x01, 0x0d, 0xb8, 0, 2, 0, 0]);
    throttle.begin("ada", elsewhere, at(1)).map(drop).expect("another site is not concerned");
}

#[test]
fn an_attempt_that_was_not_looked_at_does_not_lengthen_the_wait() {
    let mut throttle = Throttle::default();
    for _ in 0..FREE_FAILURES {
        fail(&mut throttle, "ada", 1, 0).expect("free");
    }
    for _ in 0..10 {
        let attempt = throttle.begin("ada", network(1), at(1)).expect("it waited");
        throttle.withdraw(attempt);
    }
    fail(&mut throttle, "ada", 1, 1).expect("it waited");
}

#[test]
fn attempts_still_under_way_outlast_a_success_of_another() {
    let mut throttle = Throttle::default();
    let mut attempts: Vec<Attempt> =
        (0..FREE_FAILURES).map(|_| throttle.begin("ada", network(1), at(0)).expect("free")).collect();
    throttle.succeed(attempts.remove(0), at(0));
    fail(&mut throttle, "ada", 1, 0).expect("one place is free");
    drop(attempts);
    assert_eq!(fail(&mut throttle, "ada", 1, 0), Err(1), "four of before and one more have failed");
}

#[test]
fn a_flood_of_names_is_forgotten_in_the_end() {
    let mut throttle = Throttle::default();
    for n in 0..u32::try_from(REMEMBERED * 5 / 2).expect("small") {
        fail(&mut throttle, &format!("user{n}"), n, 0).expect("first of its kind");
    }
}

#[test]
fn refused_attempts_do_not_crowd_out_what_is_remembered() {
    let mut throttle = Throttle::default();
    for _ in 0..FREE_FAILURES {
        fail(&mut throttle, "ada", 1, 0).expect("free");
    }
    for n in 0..REMEMBERED * 5 {
        let _ = fail(&mut throttle, &format!("user{n}"), 2, 0);
    }
    assert_eq!(fail(&mut throttle, "ada", 1, 0), Err(1));
}

proptest! {
    #[test]
    fn whatever_others_do_the_owner_can_try_again_within_a_minute(
        noise in prop::collection::vec((0_u32..500, 0_i64..600), 0..400),
        own in prop::collection::vec(0_i64..600, 0..30),
    ) {
        let mut throttle = Throttle::default();
        let mut events: Vec<(i64, u32)> = noise.into_iter().map(|(from, second)| (second, from)).collect();
        events.extend(own.into_iter().map(|second| (second, 1_000)));
        events.sort_unstable();
        for (second, from) in events {
            let _ = fail(&mut throttle, "ada", from, second);
        }
        prop_assert!(fail(&mut throttle, "ada", 1_000, 600 + i64::from(LONGEST_WAIT_SECONDS)).is_ok());
    }

    #[test]
    fn guesses_at_one_account_from_one_network_are_bounded_over_time(
        mut seconds in prop::collection::vec(0_i64..3600, 0..2000),
    ) {
        seconds.sort_unstable();
        let mut throttle = Throttle::default();
        let guesses = seconds.iter().filter(|second| fail(&mut throttle, "ada", 1, **second).is_ok()).count();
        // Five free ones, six while the wait doubles to a minute, then one a minute.
        prop_assert!(guesses <= 5 + 6 + 60, "{guesses} guesses in an hour");
    }

    #[test]
    fn failures_of_one_network_are_bounded_however_attempts_overlap(
        steps in prop::collection::vec((0_u32..8, 0_u8..10, 0_usize..60), 1..1500),
    ) {
        let mut throttle = Throttle::default();
        let (mut now, mut next_account) = (0_i64, 0_u32);
        let mut under_way: Vec<(i64, Attempt)> = Vec::new();
        let (mut failed_at, mut taken_back) = (Vec::new(), 0);
        for (pause, what, which) in steps {
            now += i64::from(pause / 7);
            if what < 5 || under_way.is_empty() {
                next_account += 1;
                let begun = throttle.begin(&format!("user{next_account}"), network(1), at(now));
                under_way.extend(begun.ok().map(|attempt| (now, attempt)));
                continue;
            }
            let (began, attempt) = under_way.swap_remove(which % under_way.len());
            match what {
                5..8 => failed_at.push(began),
                8 => throttle.succeed(attempt, at(now)),
                _ => throttle.withdraw(attempt),
            }
            taken_back += i64::from(what >= 8);
        }
        failed_at.sort_unstable();
        for (index, from) in failed_at.iter().enumerate() {
            for (more, to) in failed_at[index..].iter().enumerate() {
                let allowed = i64::from(NETWORK_FAILURES) + (to - from) + taken_back;
                prop_assert!(i64::try_from(more + 1).expect("small") <= allowed, "{} in {} s", more + 1, to - from);
            }
        }
    }

    #[test]
    fn a_refusal_names_a_wait_after_which_the_attempt_is_let_through(
        failures in 0_u32..40,
    ) {
        let mut throttle = Throttle::default();
        let mut second = 0;
        for _ in 0..failures {
            if let Err(wait) = fail(&mut throttle, "ada", 1, second) {
                second += Duration::from_secs(wait).as_secs().cast_signed();
                prop_assert!(fail(&mut throttle, "ada", 1, second).is_ok());
            }
        }
    }
}
