//! The decision table, row by row and to the second, and the laws that hold for every input.

use proptest::prelude::*;

use super::*;

const HOME: Network = Network::V4([192, 0, 2]);
const ELSEWHERE: Network = Network::V4([203, 0, 113]);
/// When the current token of the grants here was minted, and their grace began.
const MINTED: i64 = 1_800_000_000;

fn at(second: i64) -> Timestamp {
    Timestamp::from_unix(MINTED + second)
}

/// A grant at generation 7, advanced at second 0 from home, with all its excuses.
fn grant() -> RefreshState {
    RefreshState {
        generation: 7,
        minted_at: at(0),
        grace_from: Some(at(0)),
        network: HOME,
        excuses: 0,
        clean: 1,
    }
}

/// A token of this grant, presented from home.
fn token(generation: u64) -> Presented {
    Presented { generation, minted_at: at(0), network: HOME }
}

fn from(network: Network, presented: Presented) -> Presented {
    Presented { network, ..presented }
}

fn decided(grant: RefreshState, presented: Presented, second: i64) -> Decision {
    decide(&grant, &presented, at(second), &RefreshPolicy::default())
}

#[test]
fn each_row_of_the_table_to_the_second() {
    use Verdict::{Advance, Excuse, Revoke, StandStill};
    let weary = |excuses| RefreshState { excuses, ..grant() };
    let cases = [
        ("the current token within the grace", grant(), token(7), 0, StandStill),
        ("its last second", grant(), token(7), 29, StandStill),
        ("and the first after it", grant(), token(7), 30, Advance),
        (
            "the current token within the grace from elsewhere",
            grant(),
            from(ELSEWHERE, token(7)),
            29,
            StandStill,
        ),
        ("the current token from elsewhere", grant(), from(ELSEWHERE, token(7)), 30, Advance),
        ("the parent within the grace", grant(), token(6), 29, StandStill),
        ("the parent after it", grant(), token(6), 30, Excuse),
        ("the parent within the grace from elsewhere", grant(), from(ELSEWHERE, token(6)), 0, Excuse),
        ("the parent within the grace needs no excuse", weary(3), token(6), 29, StandStill),
        ("the parent with one excuse left", weary(2), token(6), 30, Excuse),
        ("the parent with none left", weary(3), token(6), 30, Revoke),
        ("the parent from elsewhere with none left", weary(3), from(ELSEWHERE, token(6)), 0, Revoke),
        ("the current token with none left", weary(3), token(7), 30, Advance),
        ("the grandparent within the grace", grant(), token(5), 0, Revoke),
        ("the grandparent after it", grant(), token(5), 1_000, Revoke),
        ("the first token of all", grant(), token(0), 0, Revoke),
    ];
    for (case, grant, presented, second, verdict) in cases {
        let decision = decided(grant, presented, second);
        assert_eq!(decision.verdict, verdict, "{case}");
        assert!(!decision.caught_up, "{case}");
        let writes = matches!(verdict, Advance | Excuse);
        assert_eq!(decision.state != grant, writes, "{case}: only an advance and an excuse are written");
    }
}

#[test]
fn advancing_mints_the_next_generation_where_and_when_it_was_asked_for() {
    let decision = decided(grant(), from(ELSEWHERE, token(7)), 300);
    let advanced = RefreshState {
        generation: 8,
        minted_at: at(300),
        grace_from: Some(at(300)),
        network: ELSEWHERE,
        excuses: 0,
        clean: 2,
    };
    assert_eq!(decision, Decision { verdict: Verdict::Advance, state: advanced, caught_up: false });
}

#[test]
fn an_excuse_hands_out_the_same_token_and_starts_a_grace_where_it_was_asked_for() {
    let decision = decided(grant(), from(ELSEWHERE, token(6)), 300);
    let excused =
        RefreshState { grace_from: Some(at(300)), network: ELSEWHERE, excuses: 1, clean: 0, ..grant() };
    assert_eq!(decision, Decision { verdict: Verdict::Excuse, state: excused, caught_up: false });
    // The same bytes are minted again: their generation and their time are those of before.
    assert_eq!(decided(excused, from(ELSEWHERE, token(6)), 329).verdict, Verdict::StandStill);
    assert_eq!(decided(excused, token(6), 329).verdict, Verdict::Excuse, "the old network is elsewhere now");
    assert_eq!(decided(excused, token(7), 330).verdict, Verdict::Advance);
}

#[test]
fn a_grant_that_was_never_refreshed_advances_at_once() {
    let opened = RefreshState::opened(at(0), HOME);
    let decision = decided(opened, Presented { generation: 0, minted_at: at(0), network: HOME }, 0);
    assert_eq!(decision.verdict, Verdict::Advance);
    assert_eq!((decision.state.generation, decision.state.grace_from), (1, Some(at(0))));
}

#[test]
fn two_clean_advances_in_a_row_bring_all_excuses_back() {
    let mut state = RefreshState { excuses: 3, clean: 0, ..grant() };
    state = decided(state, token(7), 300).state;
    assert_eq!((state.excuses, state.clean), (3, 1));
    assert_eq!(decided(state, token(7), 600).verdict, Verdict::Revoke, "one is not enough");
    state = decided(state, token(8), 600).state;
    assert_eq!((state.excuses, state.clean), (0, 2));
    state = decided(state, token(9), 900).state;
    assert_eq!((state.excuses, state.clean), (0, 2), "it stays there");
}

#[test]
fn an_excuse_between_two_advances_brings_none_back() {
    let mut state = RefreshState { excuses: 1, clean: 0, ..grant() };
    state = decided(state, token(7), 300).state;
    state = decided(state, token(7), 600).state;
    state = decided(state, token(8), 900).state;
    assert_eq!((state.excuses, state.clean), (2, 1));
}

#[test]
fn four_answers_lost_in_a_row_are_one_too_many() {
    let mut state = grant();
    for second in [100, 200, 300] {
        let decision = decided(state, token(6), second);
        assert_eq!(decision.verdict, Verdict::Excuse);
        state = decision.state;
    }
    assert_eq!(decided(state, token(6), 400).verdict, Verdict::Revoke);
}

#[test]
fn a_store_that_went_back_takes_what_the_token_says() {
    // The advances to 8 and 9 were lost. The token of 9 says when it was minted, and its grace counts from then.
    let ahead = Presented { generation: 9, minted_at: at(100), network: ELSEWHERE };
    let caught_up = RefreshState {
        generation: 9,
        minted_at: at(100),
        grace_from: Some(at(100)),
        network: ELSEWHERE,
        ..grant()
    };
    let within = decided(grant(), ahead, 129);
    assert_eq!(within, Decision { verdict: Verdict::StandStill, state: caught_up, caught_up: true });

    let after = decided(grant(), ahead, 130);
    assert_eq!((after.verdict, after.caught_up), (Verdict::Advance, true));
    assert_eq!((after.state.generation, after.state.minted_at), (10, at(130)));

    // From then on the grant stands where the token said: its parent is a parent, the one before it is a replay.
    let parent = from(ELSEWHERE, token(8));
    assert_eq!(decided(caught_up, parent, 129).verdict, Verdict::StandStill);
    assert_eq!(decided(caught_up, parent, 130).verdict, Verdict::Excuse);
    assert_eq!(decided(caught_up, token(7), 101).verdict, Verdict::Revoke);
}

#[test]
fn catching_up_gives_no_excuse_back() {
    let weary = RefreshState { excuses: 3, clean: 0, ..grant() };
    let decision = decided(weary, Presented { generation: 8, minted_at: at(100), network: HOME }, 110);
    assert_eq!((decision.state.excuses, decision.state.clean), (3, 0));
}

#[test]
fn a_clock_that_jumps_back_shortens_or_keeps_the_grace_but_never_stretches_it() {
    // Another node may be a little behind: that is still the same grace.
    assert_eq!(decided(grant(), token(7), -29).verdict, Verdict::StandStill);
    assert_eq!(decided(grant(), token(6), -29).verdict, Verdict::StandStill);
    // A clock that was an hour ahead when the grace began does not hold the grant still for an hour.
    assert_eq!(decided(grant(), token(7), -30).verdict, Verdict::Advance);
    assert_eq!(decided(grant(), token(6), -3_600).verdict, Verdict::Excuse);
}

#[test]
fn the_strict_mode_knows_neither_grace_nor_excuse() {
    let strict = RefreshPolicy { grace: Duration::ZERO, excuses: 0 };
    let verdict = |presented, second| decide(&grant(), &presented, at(second), &strict).verdict;
    assert_eq!(verdict(token(7), 0), Verdict::Advance);
    assert_eq!(verdict(token(6), 0), Verdict::Revoke);
    assert_eq!(verdict(token(6), 100), Verdict::Revoke);
}

#[test]
fn a_grace_without_excuses_forgives_only_within_it() {
    let policy = RefreshPolicy { excuses: 0, ..RefreshPolicy::default() };
    let verdict = |presented, second| decide(&grant(), &presented, at(second), &policy).verdict;
    assert_eq!(verdict(token(6), 29), Verdict::StandStill);
    assert_eq!(verdict(token(6), 30), Verdict::Revoke);
}

#[test]
fn excuses_without_a_grace_are_spent_on_every_retry() {
    let policy = RefreshPolicy { grace: Duration::ZERO, ..RefreshPolicy::default() };
    let decision = decide(&grant(), &token(6), at(0), &policy);
    assert_eq!((decision.verdict, decision.state.excuses), (Verdict::Excuse, 1));
}

#[test]
fn a_neighbour_is_whoever_shares_an_ipv4_24_or_an_ipv6_64() {
    let cases = [
        ("192.0.2.1", "192.0.2.254", Verdict::StandStill),
        ("192.0.2.1", "192.0.3.1", Verdict::Excuse),
        ("192.0.2.1", "::ffff:192.0.2.9", Verdict::StandStill),
        ("2001:db8:0:1::1", "2001:db8:0:1:ffff::9", Verdict::StandStill),
        ("2001:db8:0:1::1", "2001:db8:0:2::1", Verdict::Excuse),
        ("2001:db8:0:1::1", "192.0.2.1", Verdict::Excuse),
    ];
    let network = |address: &str| Network::of(address.parse().expect("an address"));
    for (before, now, verdict) in cases {
        let grant = RefreshState { network: network(before), ..grant() };
        assert_eq!(decided(grant, from(network(now), token(6)), 10).verdict, verdict, "{before} then {now}");
    }
}

#[test]
fn a_retry_within_the_grace_from_an_unknown_network_is_excused_rather_than_taken_for_another_tab() {
    let grant = RefreshState { network: Network::Unknown, ..grant() };
    assert_eq!(decided(grant, from(Network::Unknown, token(6)), 10).verdict, Verdict::Excuse);
}

fn networks() -> impl Strategy<Value = Network> {
    prop_oneof![Just(HOME), Just(ELSEWHERE), any::<[u8; 8]>().prop_map(Network::V6)]
}

fn times() -> impl Strategy<Value = Timestamp> {
    prop_oneof![8 => (-100_i64..100).prop_map(at), 1 => any::<i64>().prop_map(Timestamp::from_unix)]
}

prop_compose! {
    fn grants()(
        generation in 0_u64..20,
        minted_at in times(),
        grace_from in prop::option::of(times()),
        network in networks(),
        excuses in 0_u8..5,
        clean in 0_u8..=CLEAN_ADVANCES_TO_FORGIVE,
    ) -> RefreshState {
        RefreshState { generation, minted_at, grace_from, network, excuses, clean }
    }
}

prop_compose! {
    fn presentations()(generation in 0_u64..22, minted_at in times(), network in networks()) -> Presented {
        Presented { generation, minted_at, network }
    }
}

prop_compose! {
    fn policies()(grace in 0_u64..100, excuses in 0_u8..5) -> RefreshPolicy {
        RefreshPolicy { grace: Duration::from_secs(grace), excuses }
    }
}

proptest! {
    #[test]
    fn the_generation_never_falls_and_never_passes_the_next(
        grant in grants(), presented in presentations(), now in times(), policy in policies(),
    ) {
        let decision = decide(&grant, &presented, now, &policy);
        let reached = grant.generation.max(presented.generation);
        let next = reached + u64::from(decision.verdict == Verdict::Advance);
        prop_assert_eq!(decision.state.generation, next);
        prop_assert_eq!(decision.caught_up, presented.generation > grant.generation);
    }

    #[test]
    fn who_is_not_ahead_and_gets_the_same_or_nothing_writes_nothing(
        grant in grants(), presented in presentations(), now in times(), policy in policies(),
    ) {
        let decision = decide(&grant, &presented, now, &policy);
        let changes_nothing = matches!(decision.verdict, Verdict::StandStill | Verdict::Revoke);
        prop_assert!(decision.caught_up || !changes_nothing || decision.state == grant);
    }

    #[test]
    fn a_token_two_generations_old_ends_the_grant_whatever_the_rest_says(
        grant in grants(), presented in presentations(), now in times(), policy in policies(),
    ) {
        prop_assume!(presented.generation + 2 <= grant.generation);
        prop_assert_eq!(decide(&grant, &presented, now, &policy).verdict, Verdict::Revoke);
    }

    #[test]
    fn the_current_token_never_ends_a_grant(
        grant in grants(), presented in presentations(), now in times(), policy in policies(),
    ) {
        prop_assume!(presented.generation >= grant.generation);
        prop_assert_ne!(decide(&grant, &presented, now, &policy).verdict, Verdict::Revoke);
    }

    #[test]
    fn only_an_excuse_lengthens_a_grace_without_a_new_token(
        grant in grants(), presented in presentations(), now in times(), policy in policies(),
    ) {
        let decision = decide(&grant, &presented, now, &policy);
        let same_token = decision.state.generation == grant.generation;
        let lengthened = decision.state.grace_from != grant.grace_from;
        prop_assert!(!(same_token && lengthened) || decision.verdict == Verdict::Excuse);
        prop_assert!(decision.state.excuses <= grant.excuses + u8::from(decision.verdict == Verdict::Excuse));
    }

    #[test]
    fn every_answer_within_one_grace_carries_the_same_token(
        grant in grants(),
        first in presentations(),
        later in prop::collection::vec((0_u64..22, 0_u64..30, networks()), 1..8),
    ) {
        let policy = RefreshPolicy::default();
        let started = decide(&grant, &first, at(0), &policy);
        prop_assume!(matches!(started.verdict, Verdict::Advance | Verdict::Excuse));
        let token = (started.state.generation, started.state.minted_at);
        let mut state = started.state;
        let mut delays = later;
        delays.sort_unstable_by_key(|(_, delay, _)| *delay);
        for (generation, delay, network) in delays {
            let presented = Presented { generation: generation.min(state.generation), minted_at: at(0), network };
            let decision = decide(&state, &presented, at(delay.cast_signed()), &policy);
            if decision.verdict == Verdict::Revoke {
                break;
            }
            state = decision.state;
            prop_assert_eq!((state.generation, state.minted_at), token);
        }
    }
}
