//! The decision table, row by row and to the second, and the laws that hold for every input.

use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::UserId;
use crate::client::{ClientPolicy, NewClient};
use crate::grant::GrantDetail;
use jeton_oauth::Scope;
use jeton_oauth::client::ClientId;

const HOME: Network = Network::V4([192, 0, 2]);
const ELSEWHERE: Network = Network::V4([203, 0, 113]);
/// When the current token of the grants here was minted, and their grace began.
const MINTED: i64 = 1_800_000_000;

fn at(second: i64) -> Timestamp {
    Timestamp::from_unix(MINTED + second)
}

/// The state of a grant at generation 7, advanced at second 0 from home, with all its excuses.
fn grant() -> RefreshState {
    RefreshState {
        generation: 7,
        minted_at: at(0),
        grace_from: Some(at(0)),
        network: HOME,
        excuses: 0,
        excused: false,
        clean: 1,
    }
}

/// A grant of the token API in this state.
fn row(state: RefreshState) -> Grant {
    Grant {
        id: GrantId::from_bytes([1; 16]),
        sid: None,
        user: UserId::from_bytes([2; 16]),
        client: "jeton".into(),
        scope: Scope::default(),
        detail: None,
        state,
        expires_at: Timestamp::MAX,
        revoked_at: None,
    }
}

/// A client of this name that cannot keep a secret.
fn client(id: &str) -> Arc<Client> {
    let metadata =
        serde_json::json!({"redirect_uris": ["https://app.example/"], "token_endpoint_auth_method": "none"});
    let client = Client::new(NewClient {
        id: ClientId::parse(id).expect("an identifier"),
        metadata: serde_json::from_value(metadata).expect("metadata"),
        policy: ClientPolicy::default(),
        secret: None,
        registration_token: None,
        created_at: at(0),
    });
    Arc::new(client.expect("a client"))
}

/// A grant of the client `phone` in this state, bound to a DPoP key or to nothing.
fn row_of_phone(state: RefreshState, jkt: Option<&str>) -> Grant {
    let mut detail = GrantDetail::from_json(r#"{"auth_time":1800000000}"#).expect("a detail");
    detail.jkt = jkt.map(Into::into);
    Grant { client: "phone".into(), detail: Some(Box::new(detail)), ..row(state) }
}

/// A token of this grant, presented from home.
fn token(generation: u64) -> Presented {
    Presented::new(generation, at(0), HOME)
}

fn from(network: Network, presented: Presented) -> Presented {
    Presented { network, ..presented }
}

fn decided(grant: RefreshState, presented: Presented, second: i64) -> Decision {
    decided_with(&RefreshPolicy::default(), grant, presented, second)
}

fn decided_with(policy: &RefreshPolicy, grant: RefreshState, presented: Presented, second: i64) -> Decision {
    decide(&row(grant), UserStatus::Active, &presented, at(second), policy)
}

/// The one record that a decision leaves.
fn audited(decision: &Decision) -> Option<AuditEvent> {
    decision.audit.as_ref().map(|record| record.event)
}

#[test]
fn each_row_of_the_table_to_the_second() {
    use Verdict::{Advance, Excuse, ExcuseAgain, Revoke, StandStill};
    let weary = |excuses| RefreshState { excuses, ..grant() };
    let excused = |excuses| RefreshState { excused: true, clean: 0, ..weary(excuses) };
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
        ("the same parent again", excused(1), token(6), 30, ExcuseAgain),
        ("the same parent again with no excuse left", excused(3), token(6), 30, ExcuseAgain),
        (
            "the same parent within the grace from elsewhere",
            excused(3),
            from(ELSEWHERE, token(6)),
            0,
            ExcuseAgain,
        ),
        ("the same parent within the grace", excused(3), token(6), 29, StandStill),
        ("the current token after an excuse", excused(1), token(7), 30, Advance),
        ("the grandparent of an excused generation", excused(1), token(5), 30, Revoke),
        ("the grandparent within the grace", grant(), token(5), 0, Revoke),
        ("the grandparent after it", grant(), token(5), 1_000, Revoke),
        ("the first token of all", grant(), token(0), 0, Revoke),
    ];
    for (case, grant, presented, second, verdict) in cases {
        let decision = decided(grant, presented, second);
        assert_eq!(decision.verdict, verdict, "{case}");
        assert!(!decision.caught_up, "{case}");
        let writes = matches!(verdict, Advance | Excuse) || (verdict == ExcuseAgain && second > 0);
        assert!(
            decision.state == grant || writes || verdict == ExcuseAgain,
            "{case}: nothing else is written"
        );
        assert!(decision.state != grant || !writes, "{case}: this is written");
        assert_eq!(decision.ended.is_some(), verdict == Revoke, "{case}");
        let event = match verdict {
            Excuse => Some(AuditEvent::RefreshExcused),
            Revoke => Some(AuditEvent::RefreshReplayed),
            _ => None,
        };
        assert_eq!(audited(&decision), event, "{case}");
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
        excused: false,
        clean: 2,
    };
    let expected =
        Decision { verdict: Verdict::Advance, state: advanced, caught_up: false, ended: None, audit: None };
    assert_eq!(decision, expected);
}

#[test]
fn an_excuse_hands_out_the_same_token_and_starts_a_grace_where_it_was_asked_for() {
    let decision = decided(grant(), from(ELSEWHERE, token(6)), 300);
    let excused = RefreshState {
        grace_from: Some(at(300)),
        network: ELSEWHERE,
        excuses: 1,
        excused: true,
        clean: 0,
        ..grant()
    };
    assert_eq!((decision.verdict, decision.state, decision.ended), (Verdict::Excuse, excused, None));
    let subject = AuditSubject::user(UserId::from_bytes([2; 16])).with_grant(GrantId::from_bytes([1; 16]));
    let (event, by) = (AuditEvent::RefreshExcused, Actor::Authority);
    let record = AuditRecord::asked_from(ELSEWHERE, event, by, subject, at(300));
    assert_eq!(decision.audit, Some(record));
    // The same bytes are minted again: their generation and their time are those of before.
    assert_eq!(decided(excused, from(ELSEWHERE, token(6)), 329).verdict, Verdict::StandStill);
    let moved = decided(excused, token(6), 329);
    assert_eq!(moved.verdict, Verdict::ExcuseAgain, "the old network is elsewhere now");
    assert_eq!(moved.state, RefreshState { grace_from: Some(at(329)), network: HOME, ..excused });
    assert_eq!(decided(excused, token(7), 330).verdict, Verdict::Advance);
}

#[test]
fn a_grant_that_was_never_refreshed_advances_at_once() {
    let opened = RefreshState::opened(at(0), HOME);
    let decision = decided(opened, token(0), 0);
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

/// A thief and a user in lockstep force a new generation, and a new excuse, on every lap.
#[test]
fn the_fourth_generation_in_a_row_that_needs_an_excuse_ends_the_grant() {
    let mut state = grant();
    for lap in 0..3 {
        let parent = from(ELSEWHERE, token(state.generation - 1));
        let decision = decided(state, parent, 200 * lap + 100);
        assert_eq!(decision.verdict, Verdict::Excuse, "lap {lap}");
        let advanced =
            decided(decision.state, from(ELSEWHERE, token(decision.state.generation)), 200 * lap + 200);
        assert_eq!(advanced.verdict, Verdict::Advance, "lap {lap}");
        state = advanced.state;
    }
    assert_eq!(state.excuses, 3);
    assert_eq!(decided(state, token(state.generation - 1), 700).verdict, Verdict::Revoke);
}

#[test]
fn a_client_that_never_stores_the_new_token_costs_one_excuse_in_all() {
    let first = RefreshState::opened(at(0), HOME);
    let mut state = decided(first, token(0), 300).state;
    for step in 2..288 {
        let network = if step % 3 == 0 { ELSEWHERE } else { HOME };
        let decision = decided(state, from(network, token(0)), 300 * step);
        assert_eq!(audited(&decision).is_some(), step == 2, "step {step}: counted and audited once");
        state = decision.state;
        assert_eq!((state.generation, state.minted_at, state.excuses), (1, at(300), 1), "step {step}");
        assert_eq!(state.network, network);
    }
    // It is a replay again as soon as somebody has used the successor.
    let advanced = decided(state, token(1), 300 * 288).state;
    assert!(!advanced.excused);
    assert_eq!(decided(advanced, token(0), 300 * 288 + 1).verdict, Verdict::Revoke);
}

#[test]
fn a_spent_token_is_a_retry_where_its_key_was_proved() {
    let phone = client("phone");
    let bound = row_of_phone(RefreshState { excuses: 3, ..grant() }, Some("thumbprint"));
    let strict = RefreshPolicy { grace: Duration::ZERO, excuses: 0 };
    for policy in [RefreshPolicy::default(), strict] {
        for (generation, second) in [(6, 0), (6, 1_000), (5, 0), (0, 100_000)] {
            let presented = from(ELSEWHERE, token(generation)).by(Arc::clone(&phone), KeyProof::Proved);
            let decision = decide(&bound, UserStatus::Active, &presented, at(second), &policy);
            let expected = Decision {
                verdict: Verdict::KeyHeld,
                state: bound.state,
                caught_up: false,
                ended: None,
                audit: None,
            };
            assert_eq!(decision, expected, "generation {generation}");
        }
        let current = token(7).by(Arc::clone(&phone), KeyProof::Proved);
        let decision = decide(&bound, UserStatus::Active, &current, at(1_000), &policy);
        assert_eq!(decision.verdict, Verdict::Advance, "the current token advances as ever");
    }
}

#[test]
fn a_key_that_the_grant_is_not_bound_to_excuses_nothing() {
    let unbound = row_of_phone(grant(), None);
    let presented = token(5).by(client("phone"), KeyProof::Proved);
    let decision = decide(&unbound, UserStatus::Active, &presented, at(0), &RefreshPolicy::default());
    assert_eq!(decision.verdict, Verdict::Revoke);
}

#[test]
fn who_may_not_use_a_token_changes_nothing_and_learns_nothing_of_the_grant() {
    use RefreshRefusal::{Expired, KeyNotProved, NothingPermitted, Revoked, UserDisabled, WrongClient};
    let of_phone = |generation| token(generation).by(client("phone"), KeyProof::None);
    let bound = row_of_phone(grant(), Some("thumbprint"));
    let of_token_api = row(grant());
    let dead = |grant: Grant| Grant { revoked_at: Some(at(1)), expires_at: at(2), ..grant };
    let (active, disabled) = (UserStatus::Active, UserStatus::Disabled);
    let cases = [
        (WrongClient, dead(bound.clone()), disabled, token(5).by(client("tablet"), KeyProof::Proved)),
        (WrongClient, dead(bound.clone()), disabled, token(5)),
        (WrongClient, of_token_api.clone(), active, of_phone(7)),
        (KeyNotProved, dead(bound.clone()), disabled, of_phone(5)),
        (KeyNotProved, bound.clone(), active, of_phone(9)),
        (UserDisabled, dead(of_token_api.clone()), disabled, token(5)),
        (Revoked, dead(of_token_api.clone()), active, token(5)),
        (Expired, Grant { expires_at: at(1_000), ..of_token_api.clone() }, active, token(5)),
        (Expired, Grant { expires_at: at(1_000), ..of_token_api.clone() }, active, token(9)),
        (
            NothingPermitted,
            Grant { scope: Scope::parse("orders").expect("a scope"), ..row_of_phone(grant(), None) },
            active,
            of_phone(7),
        ),
        (
            NothingPermitted,
            Grant { scope: Scope::parse("orders").expect("a scope"), ..row_of_phone(grant(), None) },
            active,
            of_phone(5),
        ),
    ];
    for (refusal, grant, user, presented) in cases {
        let decision = decide(&grant, user, &presented, at(1_000), &RefreshPolicy::default());
        let expected = Decision {
            verdict: Verdict::Refuse(refusal),
            state: grant.state,
            caught_up: false,
            ended: None,
            audit: None,
        };
        assert_eq!(decision, expected);
    }
}

#[test]
fn a_store_that_went_back_takes_what_the_token_says() {
    // The advances to 8 and 9 were lost. The token of 9 says when it was minted, and its grace counts from then.
    let ahead = Presented::new(9, at(100), ELSEWHERE);
    let before = RefreshState { excused: true, ..grant() };
    let caught_up = RefreshState {
        generation: 9,
        minted_at: at(100),
        grace_from: Some(at(100)),
        network: ELSEWHERE,
        excused: false,
        ..grant()
    };
    let within = decided(before, ahead.clone(), 129);
    assert_eq!((within.verdict, within.state, within.caught_up), (Verdict::StandStill, caught_up, true));
    assert_eq!((audited(&within), within.ended), (Some(AuditEvent::RefreshCaughtUp), None));

    let after = decided(before, ahead, 130);
    assert_eq!((after.verdict, after.caught_up), (Verdict::Advance, true));
    assert_eq!(audited(&after), Some(AuditEvent::RefreshCaughtUp));
    assert_eq!((after.state.generation, after.state.minted_at), (10, at(130)));

    // From then on the grant stands where the token said: its parent is a parent, the one before it is a replay.
    let parent = from(ELSEWHERE, token(8));
    assert_eq!(decided(caught_up, parent.clone(), 129).verdict, Verdict::StandStill);
    assert_eq!(decided(caught_up, parent, 130).verdict, Verdict::Excuse);
    assert_eq!(decided(caught_up, token(7), 101).verdict, Verdict::Revoke);
}

#[test]
fn catching_up_gives_no_excuse_back() {
    let weary = RefreshState { excuses: 3, clean: 0, ..grant() };
    let decision = decided(weary, Presented::new(8, at(100), HOME), 110);
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
    let verdict = |presented, second| decided_with(&strict, grant(), presented, second).verdict;
    assert_eq!(verdict(token(7), 0), Verdict::Advance);
    assert_eq!(verdict(token(6), 0), Verdict::Revoke);
    assert_eq!(verdict(token(6), 100), Verdict::Revoke);
    // One that was excused before the setting was changed is excused no more.
    let excused = RefreshState { excused: true, excuses: 1, ..grant() };
    assert_eq!(decided_with(&strict, excused, token(6), 100).verdict, Verdict::Revoke);
}

#[test]
fn a_grace_without_excuses_forgives_only_within_it() {
    let policy = RefreshPolicy { excuses: 0, ..RefreshPolicy::default() };
    let verdict = |presented, second| decided_with(&policy, grant(), presented, second).verdict;
    assert_eq!(verdict(token(6), 29), Verdict::StandStill);
    assert_eq!(verdict(token(6), 30), Verdict::Revoke);
}

#[test]
fn excuses_without_a_grace_are_spent_on_each_generation_that_is_retried() {
    let policy = RefreshPolicy { grace: Duration::ZERO, ..RefreshPolicy::default() };
    let decision = decided_with(&policy, grant(), token(6), 0);
    assert_eq!((decision.verdict, decision.state.excuses), (Verdict::Excuse, 1));
    let again = decided_with(&policy, decision.state, token(6), 0);
    assert_eq!((again.verdict, again.state.excuses), (Verdict::ExcuseAgain, 1));
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
    prop_oneof![8 => (-100_i64..100).prop_map(at), 1 => (0..Timestamp::MAX.unix()).prop_map(Timestamp::from_unix)]
}

prop_compose! {
    fn grants()(
        generation in 0_u64..20,
        minted_at in times(),
        grace_from in prop::option::of(times()),
        network in networks(),
        excuses in 0_u8..5,
        excused in any::<bool>(),
        clean in 0_u8..=CLEAN_ADVANCES_TO_FORGIVE,
    ) -> RefreshState {
        RefreshState { generation, minted_at, grace_from, network, excuses, excused, clean }
    }
}

prop_compose! {
    fn presentations()(generation in 0_u64..22, minted_at in times(), network in networks()) -> Presented {
        Presented::new(generation, minted_at, network)
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
        let decision = decide(&row(grant), UserStatus::Active, &presented, now, &policy);
        let reached = grant.generation.max(presented.generation);
        let next = reached + u64::from(decision.verdict == Verdict::Advance);
        prop_assert_eq!(decision.state.generation, next);
        prop_assert_eq!(decision.caught_up, presented.generation > grant.generation);
    }

    #[test]
    fn who_is_not_ahead_and_gets_the_same_or_nothing_writes_nothing(
        grant in grants(), presented in presentations(), now in times(), policy in policies(),
    ) {
        let decision = decide(&row(grant), UserStatus::Active, &presented, now, &policy);
        let changes_nothing = matches!(decision.verdict, Verdict::StandStill | Verdict::Revoke);
        prop_assert!(decision.caught_up || !changes_nothing || decision.state == grant);
    }

    #[test]
    fn a_token_two_generations_old_ends_the_grant_whatever_the_rest_says(
        grant in grants(), presented in presentations(), now in times(), policy in policies(),
    ) {
        prop_assume!(presented.generation + 2 <= grant.generation);
        prop_assert_eq!(decide(&row(grant), UserStatus::Active, &presented, now, &policy).verdict, Verdict::Revoke);
    }

    #[test]
    fn the_current_token_never_ends_a_grant(
        grant in grants(), presented in presentations(), now in times(), policy in policies(),
    ) {
        prop_assume!(presented.generation >= grant.generation);
        prop_assert_ne!(decide(&row(grant), UserStatus::Active, &presented, now, &policy).verdict, Verdict::Revoke);
    }

    #[test]
    fn only_an_excuse_lengthens_a_grace_without_a_new_token(
        grant in grants(), presented in presentations(), now in times(), policy in policies(),
    ) {
        let decision = decide(&row(grant), UserStatus::Active, &presented, now, &policy);
        let same_token = decision.state.generation == grant.generation;
        let lengthened = decision.state.grace_from != grant.grace_from;
        let excused = matches!(decision.verdict, Verdict::Excuse | Verdict::ExcuseAgain);
        prop_assert!(!(same_token && lengthened) || excused);
        prop_assert!(decision.state.excuses <= grant.excuses + u8::from(decision.verdict == Verdict::Excuse));
    }

    #[test]
    fn every_answer_within_one_grace_carries_the_same_token(
        grant in grants(),
        first in presentations(),
        later in prop::collection::vec((0_u64..22, 0_u64..30, networks()), 1..8),
    ) {
        let policy = RefreshPolicy::default();
        let started = decide(&row(grant), UserStatus::Active, &first, at(0), &policy);
        prop_assume!(matches!(started.verdict, Verdict::Advance | Verdict::Excuse | Verdict::ExcuseAgain));
        let token = (started.state.generation, started.state.minted_at);
        let mut state = started.state;
        let mut delays = later;
        delays.sort_unstable_by_key(|(_, delay, _)| *delay);
        for (generation, delay, network) in delays {
            let presented = Presented::new(generation.min(state.generation), at(0), network);
            let now = at(delay.cast_signed());
            let decision = decide(&row(state), UserStatus::Active, &presented, now, &policy);
            if decision.verdict == Verdict::Revoke {
                break;
            }
            state = decision.state;
            prop_assert_eq!((state.generation, state.minted_at), token);
        }
    }
}
