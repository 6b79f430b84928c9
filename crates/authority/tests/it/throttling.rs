//! The throttle slows guessing and cannot be used to lock somebody out.

use std::time::Duration;

use jeton_authority::throttle::{
    ACCOUNT_FAILURES_PER_HOUR, Attempt, FORGOTTEN_AFTER_SECONDS, FREE_FAILURES, KEPT_FROM_STRANGERS,
    LONGEST_WAIT_SECONDS, NETWORK_FAILURES, NETWORK_SHARE, REMEMBERED, SITE_FAILURES, Standing, Throttle,
    TurnedAway,
};
use jeton_authority::{Caller, Network};
use jeton_jose::Timestamp;
use proptest::prelude::*;

const HOME: u32 = 99_999;
const BROWSER: Standing = Standing::Browser([7; 16]);

fn at(second: i64) -> Timestamp {
    Timestamp::from_unix(1_800_000_000 + second)
}

/// Somebody in the IPv4 network of this number.
fn in_network(number: u32) -> Caller {
    at_address(number, 1)
}

/// Somebody at one of the addresses of a network.
fn at_address(network: u32, last: u8) -> Caller {
    let [_, a, b, c] = network.to_be_bytes();
    Caller::at(Some([a, b, c, last].into()))
}

/// How a wrong password went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// It was verified, and the answer says that it is wrong.
    Wrong,
    /// It was verified, and the answer is that it came so many seconds too early.
    Veiled(u64),
    /// It was not verified: it came so many seconds too early.
    Early(u64),
    /// It was not verified: there was no place.
    Busy,
}

fn outcome(begun: &Result<Attempt, TurnedAway>) -> Outcome {
    match begun {
        Ok(attempt) => {
            attempt.veil().map_or(Outcome::Wrong, |veil| Outcome::Veiled(veil.retry_after.as_secs()))
        }
        Err(TurnedAway::Throttled(throttled)) => Outcome::Early(throttled.retry_after.as_secs()),
        Err(TurnedAway::Busy) => Outcome::Busy,
    }
}

fn fail_as(
    throttle: &mut Throttle,
    account: &str,
    caller: &Caller,
    standing: Standing,
    second: i64,
) -> Outcome {
    outcome(&throttle.begin(account, caller, standing, at(second)))
}

/// A stranger's wrong password; answers the wait in seconds where it was slowed.
fn fail(throttle: &mut Throttle, account: &str, from: u32, second: i64) -> Result<(), u64> {
    match fail_as(throttle, account, &in_network(from), Standing::Stranger, second) {
        Outcome::Wrong => Ok(()),
        Outcome::Veiled(seconds) | Outcome::Early(seconds) => Err(seconds),
        Outcome::Busy => panic!("there is no bound on places"),
    }
}

/// Whether the right password would sign in.
fn gets_in(throttle: &mut Throttle, account: &str, caller: &Caller, standing: Standing, second: i64) -> bool {
    let Ok(attempt) = throttle.begin(account, caller, standing, at(second)) else { return false };
    let may = attempt.may_succeed();
    throttle.withdraw(attempt);
    may
}

/// Fails at other accounts until the network has to slow down, and at `account` from everywhere until it is closed to
/// strangers.
fn attack(throttle: &mut Throttle, account: &str, network: u32, second: i64) {
    for number in 0..NETWORK_FAILURES * 2 {
        let _ = fail(throttle, &format!("made-up {number}"), network, second);
    }
    for from in 0..ACCOUNT_FAILURES_PER_HOUR * 2 {
        let _ = fail(throttle, account, from, second);
    }
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
    let begin = |throttle: &mut Throttle| throttle.begin("ada", &in_network(1), Standing::Stranger, at(0));
    let attempts: Vec<_> = (0..1000).filter_map(|_| begin(&mut throttle).ok()).collect();
    assert_eq!(attempts.len(), usize::try_from(FREE_FAILURES).expect("small"));
}

#[test]
fn a_success_clears_what_this_account_did_wrong_from_this_network() {
    let mut throttle = Throttle::default();
    for _ in 0..FREE_FAILURES - 1 {
        fail(&mut throttle, "ada", 1, 0).expect("free");
    }
    let attempt = throttle.begin("ada", &in_network(1), Standing::Stranger, at(0)).expect("free");
    throttle.succeed(attempt, at(0));
    for _ in 0..FREE_FAILURES {
        fail(&mut throttle, "ada", 1, 0).expect("free again");
    }
}

#[test]
fn a_quarter_of_an_hour_without_an_attempt_forgets_failures() {
    let mut throttle = Throttle::default();
    for _ in 0..FREE_FAILURES {
        fail(&mut throttle, "ada", 1, 0).expect("free");
    }
    for _ in 0..FREE_FAILURES {
        fail(&mut throttle, "ada", 1, FORGOTTEN_AFTER_SECONDS).expect("free again");
    }
    assert_eq!(fail(&mut throttle, "ada", 1, FORGOTTEN_AFTER_SECONDS), Err(1));
}

#[test]
fn an_attempt_that_was_not_looked_at_does_not_count() {
    let mut throttle = Throttle::default();
    for _ in 0..1000 {
        let attempt = throttle.begin("ada", &in_network(1), Standing::Stranger, at(0));
        throttle.withdraw(attempt.expect("never refused"));
    }
}

#[test]
fn an_attempt_that_was_not_looked_at_does_not_lengthen_the_wait() {
    let mut throttle = Throttle::default();
    for _ in 0..FREE_FAILURES {
        fail(&mut throttle, "ada", 1, 0).expect("free");
    }
    for _ in 0..10 {
        let attempt = throttle.begin("ada", &in_network(1), Standing::Stranger, at(1));
        throttle.withdraw(attempt.expect("it waited"));
    }
    fail(&mut throttle, "ada", 1, 1).expect("it waited");
}

#[test]
fn an_attempt_that_was_not_looked_at_takes_no_failure_of_the_same_second_with_it() {
    let mut throttle = Throttle::default();
    let first = throttle.begin("ada", &in_network(1), Standing::Stranger, at(0)).expect("free");
    for _ in 0..FREE_FAILURES {
        let _ = fail(&mut throttle, "ada", 1, 0);
    }
    throttle.withdraw(first);
    let _ = fail(&mut throttle, "ada", 1, 0);
    assert_eq!(fail(&mut throttle, "ada", 1, 0), Err(1), "all five failures count");
}

#[test]
fn a_network_that_tries_many_accounts_leaves_each_a_try_a_minute_and_no_more() {
    let mut throttle = Throttle::default();
    for number in 0..1000 {
        fail(&mut throttle, &format!("made-up {number}"), 1, 0).expect("the first try of its account");
    }
    fail(&mut throttle, "ada", 1, 30).expect("her try of this minute");
    // The neighbour goes on failing all the time.
    for number in 0..1000 {
        let _ = fail(&mut throttle, &format!("more {number}"), 1, 40);
    }
    assert_eq!(fail(&mut throttle, "ada", 1, 40), Err(1), "the network has room again in a second");
    for number in 0..1000 {
        let _ = fail(&mut throttle, &format!("even more {number}"), 1, 90);
    }
    assert!(gets_in(&mut throttle, "ada", &in_network(1), Standing::Stranger, 90), "her next try");
    fail(&mut throttle, "elsewhere", 2, 0).expect("another network is not concerned");
}

#[test]
fn an_office_whose_sign_ins_succeed_is_never_slowed() {
    let mut throttle = Throttle::default();
    for n in 0..10_000 {
        let attempt = throttle.begin(&format!("user{n}"), &in_network(1), Standing::Stranger, at(0));
        throttle.succeed(attempt.expect("never refused"), at(0));
    }
}

#[test]
fn who_signed_in_before_is_not_touched_by_the_failures_of_others() {
    for standing in [Standing::Network, BROWSER] {
        let mut throttle = Throttle::default();
        for second in 0..100 {
            attack(&mut throttle, "ada", HOME, second);
            // A neighbour at another address of the same network guesses at the same account.
            fail_as(&mut throttle, "ada", &at_address(HOME, 66), standing_of_a_neighbour(standing), second);
            let home = in_network(HOME);
            let closed = !gets_in(&mut throttle, "ada", &in_network(77_777), Standing::Stranger, second);
            assert!(closed || second > 0, "the account is closed to strangers");
            assert!(gets_in(&mut throttle, "ada", &home, standing, second), "{standing:?} at {second}");
        }
    }
}

/// The network is the same for both, the browser is not.
fn standing_of_a_neighbour(standing: Standing) -> Standing {
    if standing == BROWSER { Standing::Stranger } else { standing }
}

#[test]
fn a_browser_that_signed_in_before_is_not_touched_by_who_shares_its_address() {
    let mut throttle = Throttle::default();
    let home = in_network(HOME);
    for second in 0..100 {
        for _ in 0..20 {
            fail_as(&mut throttle, "ada", &home, Standing::Network, second);
            fail_as(&mut throttle, "ada", &home, Standing::Stranger, second);
        }
        assert!(gets_in(&mut throttle, "ada", &home, BROWSER, second), "{second}");
    }
}

#[test]
fn ones_own_failures_count_however_well_known_one_is() {
    for standing in [Standing::Network, BROWSER] {
        let mut throttle = Throttle::default();
        let home = in_network(HOME);
        for _ in 0..FREE_FAILURES {
            assert_eq!(fail_as(&mut throttle, "ada", &home, standing, 0), Outcome::Wrong);
        }
        assert_eq!(fail_as(&mut throttle, "ada", &home, standing, 0), Outcome::Early(1));
        assert!(!gets_in(&mut throttle, "ada", &home, standing, 0), "{standing:?}");
    }
}

#[test]
fn guessing_one_account_is_bounded_however_many_networks_join() {
    let mut throttle = Throttle::default();
    let mut guesses = 0;
    let hours = 24;
    for hour in 0..hours {
        for from in 0..1000 {
            let attempt = throttle.begin("ada", &in_network(from), Standing::Stranger, at(hour * 3600));
            guesses += u32::from(attempt.is_ok_and(|attempt| attempt.may_succeed()));
        }
    }
    assert_eq!(guesses, ACCOUNT_FAILURES_PER_HOUR * u32::try_from(hours).expect("small"));
}

#[test]
fn a_veiled_attempt_holds_nobody_else_up() {
    let mut throttle = Throttle::default();
    // One address uses up what the network has of this account.
    for _ in 0..FREE_FAILURES {
        fail_as(&mut throttle, "ada", &at_address(1, 1), Standing::Stranger, 0);
    }
    for last in 2..200 {
        let outcome = fail_as(&mut throttle, "ada", &at_address(1, last), Standing::Stranger, 0);
        assert_eq!(outcome, Outcome::Veiled(1), "{last}");
    }
    assert!(gets_in(&mut throttle, "ada", &at_address(1, 200), Standing::Stranger, 1));
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
fn the_networks_of_one_ipv6_site_are_slowed_together() {
    let mut throttle = Throttle::default();
    let network = |number: u16| {
        let [high, low] = number.to_be_bytes();
        Caller::from(Network::V6([0x20, 0x01, 0x0d, 0xb8, 0, 1, high, low]))
    };
    // Each account is tried for the second time within the minute, so none has its try of this minute left.
    let mut second_tries = |from: u16, second| {
        (from..from + 1000)
            .filter(|number| {
                let (account, caller) = (format!("user{number}"), network(*number));
                fail_as(&mut throttle, &account, &caller, Standing::Stranger, second);
                let again = fail_as(&mut throttle, &account, &caller, Standing::Stranger, second);
                again == Outcome::Wrong
            })
            .count()
    };
    let through = second_tries(0, 0);
    assert!(through <= usize::try_from(SITE_FAILURES / 2).expect("small"), "{through}");
    assert_eq!(second_tries(2000, 0), 0, "the site is full");
    let elsewhere = Caller::from(Network::V6([0x20, 0x01, 0x0d, 0xb8, 0, 2, 0, 0]));
    for _ in 0..FREE_FAILURES {
        let outcome = fail_as(&mut throttle, "bob", &elsewhere, Standing::Stranger, 0);
        assert_eq!(outcome, Outcome::Wrong, "another site is not concerned");
    }
}

#[test]
fn attempts_still_under_way_outlast_a_success_of_another() {
    let mut throttle = Throttle::default();
    let mut attempts: Vec<Attempt> = (0..FREE_FAILURES)
        .map(|_| throttle.begin("ada", &in_network(1), Standing::Stranger, at(0)).expect("free"))
        .collect();
    throttle.succeed(attempts.remove(0), at(0));
    fail(&mut throttle, "ada", 1, 0).expect("one place is free");
    drop(attempts);
    assert_eq!(fail(&mut throttle, "ada", 1, 0), Err(1), "four of before and one more have failed");
}

#[test]
fn made_up_names_do_not_have_the_failures_at_an_account_forgotten() {
    let mut throttle = Throttle::default();
    for from in 0..ACCOUNT_FAILURES_PER_HOUR {
        fail(&mut throttle, "ada", from, 0).expect("free");
    }
    for _ in 0..FREE_FAILURES {
        fail(&mut throttle, "bob", 1, 0).expect("free");
    }
    for n in 0..u32::try_from(REMEMBERED * 5).expect("small") {
        fail(&mut throttle, &format!("user{n}"), n % 1000, 0).expect("the first of its account");
    }
    assert_eq!(fail(&mut throttle, "bob", 1, 0), Err(1));
    assert_eq!(fail(&mut throttle, "ada", 77_777, 0), Err(36));
}

#[test]
fn strangers_in_one_network_hold_a_share_of_the_places_and_all_together_not_all_of_them() {
    let places = 64;
    let mut throttle = Throttle::over(Some(places));
    let places = u32::try_from(places).expect("small");
    let mut hold = |from: &Caller, standing, count: u32| -> Vec<Attempt> {
        (0..count)
            .filter_map(|number| {
                let account = format!("{standing:?} {} {number}", from.network());
                throttle.begin(&account, from, standing, at(0)).ok()
            })
            .collect()
    };
    let mut held = Vec::new();
    for from in [in_network(1), Caller::from(Network::Unknown), in_network(3)] {
        let attempts = hold(&from, Standing::Stranger, 1000);
        assert_eq!(attempts.len(), usize::try_from(places / NETWORK_SHARE).expect("small"));
        held.extend(attempts);
    }
    assert!(hold(&in_network(4), Standing::Stranger, 10).is_empty(), "the rest is kept from strangers");
    assert_eq!(held.len(), usize::try_from(places - places / KEPT_FROM_STRANGERS).expect("small"));
    assert_eq!(
        hold(&in_network(1), Standing::Network, 1).len(),
        1,
        "somebody who is known there has a place"
    );
    assert_eq!(hold(&in_network(4), BROWSER, 1).len(), 1, "and so has a browser that is known");
    drop(held);
    assert!(!hold(&in_network(4), Standing::Stranger, 10).is_empty(), "what ends gives its place back");
}

#[test]
fn who_finds_no_place_is_told_that_the_service_is_busy_and_not_counted() {
    let mut throttle = Throttle::over(Some(4));
    let first = throttle.begin("ada", &in_network(1), Standing::Stranger, at(0)).expect("the only place");
    for _ in 0..100 {
        assert_eq!(fail_as(&mut throttle, "bob", &in_network(1), Standing::Stranger, 0), Outcome::Busy);
    }
    drop(first);
    for _ in 0..FREE_FAILURES {
        fail(&mut throttle, "bob", 1, 0).expect("free");
    }
}

proptest! {
    #[test]
    fn whatever_others_do_elsewhere_the_owner_can_try_again_within_a_minute(
        noise in prop::collection::vec((0_u32..4, 0_u32..300, 0_i64..600), 0..400),
        own in prop::collection::vec(0_i64..600, 0..30),
    ) {
        let mut throttle = Throttle::default();
        // Others fail at other accounts, in the owner's network too.
        let mut events: Vec<(i64, u32, String)> =
            noise.into_iter().map(|(from, name, second)| (second, from, format!("made-up {name}"))).collect();
        events.extend(own.into_iter().map(|second| (second, 1, "ada".to_owned())));
        events.sort_unstable();
        for (second, from, account) in events {
            let _ = fail(&mut throttle, &account, from, second);
        }
        prop_assert!(fail(&mut throttle, "ada", 1, 600 + i64::from(LONGEST_WAIT_SECONDS)).is_ok());
    }

    #[test]
    fn guesses_at_one_account_from_one_network_are_bounded_over_time(
        mut tries in prop::collection::vec((0_i64..3600, any::<u8>()), 0..2000),
    ) {
        tries.sort_unstable();
        let mut throttle = Throttle::default();
        let guesses = tries
            .iter()
            .filter(|(second, last)| {
                let caller = at_address(1, *last);
                let begun = throttle.begin("ada", &caller, Standing::Stranger, at(*second));
                begun.is_ok_and(|attempt| attempt.may_succeed())
            })
            .count();
        // Five free ones, six while the wait doubles to a minute, then one a minute.
        prop_assert!(guesses <= 5 + 6 + 60, "{guesses} guesses in an hour");
    }

    #[test]
    fn a_wrong_password_is_answered_alike_whether_the_account_knows_the_network_or_does_not_exist(
        steps in prop::collection::vec((0_u8..16, 0_u8..4, 0_i64..40), 0..100),
    ) {
        let mut throttles = [Standing::Stranger, Standing::Network].map(|standing| (Throttle::default(), standing));
        let mut second = 0;
        for (what, last, pause) in steps {
            second += if pause < 30 { 0 } else { pause - 29 };
            let answers = throttles.each_mut().map(|(throttle, standing)| match what {
                0..12 => fail_as(throttle, "somebody", &at_address(HOME, last), *standing, second),
                12..15 => fail_as(throttle, "somebody", &in_network(u32::from(last) + 50), Standing::Stranger, second),
                _ => {
                    attack(throttle, "somebody", HOME, second);
                    Outcome::Wrong
                }
            });
            prop_assert_eq!(answers[0], answers[1]);
        }
    }

    #[test]
    fn guesses_of_strangers_at_one_account_are_bounded_however_attempts_overlap(
        steps in prop::collection::vec((0_u32..60, 0_u8..10, 0_usize..60), 1..1500),
    ) {
        let mut throttle = Throttle::default();
        let (mut now, mut next_network) = (0_i64, 0_u32);
        let mut under_way: Vec<(i64, Attempt)> = Vec::new();
        let (mut failed_at, mut taken_back) = (Vec::new(), 0);
        for (pause, what, which) in steps {
            now += i64::from(pause / 50);
            if what < 5 || under_way.is_empty() {
                next_network += 1;
                let begun = throttle.begin("ada", &in_network(next_network), Standing::Stranger, at(now));
                under_way.extend(begun.ok().filter(Attempt::may_succeed).map(|attempt| (now, attempt)));
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
                let allowed = i64::from(ACCOUNT_FAILURES_PER_HOUR) + (to - from).div_euclid(36) + 1 + taken_back;
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
