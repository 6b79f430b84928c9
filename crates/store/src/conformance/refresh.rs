//! Refreshing: each row of the table of refresh rules, and each other outcome, through the store.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use jeton_authority::audit::AuditEvent;
use jeton_authority::client::Client;
use jeton_authority::grant::GrantDetail;
use jeton_authority::grant::RefreshState;
use jeton_authority::refresh_token::{KeyProof, Presented, RefreshRefusal, Verdict, decide};
use jeton_authority::settings::RefreshPolicy;
use jeton_authority::store::{GrantFilter, GrantOpening, Refresh, UserAddition};
use jeton_authority::user::UserStatus;
use jeton_authority::{GrantId, Network};

use super::fixture::{
    ELSEWHERE, Fresh, HOME, LIFETIME, OPERATOR, POLICY, at, granted, mix, new_grant, new_user, public_client,
    token, unknown_grant, username,
};

/// The state of the only live grant, as a list shows it.
async fn stored(fresh: &Fresh) -> RefreshState {
    let ages = Duration::from_secs(LIFETIME.cast_unsigned());
    let grants = fresh.list_grants(GrantFilter::All, None, 2, ages, at(0)).await.expect("listing");
    assert_eq!(grants.len(), 1);
    grants[0].grant.state
}

/// Presents a token, checks that the answer is what is stored, and returns it.
async fn presented(
    fresh: &Fresh,
    grant: GrantId,
    generation: u64,
    network: Network,
    seconds: i64,
) -> RefreshState {
    let state = granted(fresh.present(grant, generation, network, at(seconds)).await).state;
    assert_eq!(stored(fresh).await, state);
    state
}

pub(super) async fn the_first_refresh_advances_even_at_once(fresh: &Fresh) {
    let grant = fresh.grant(fresh.user("ada").await).await;
    let state = presented(fresh, grant, 0, ELSEWHERE, 0).await;
    let expected = RefreshState {
        generation: 1,
        minted_at: at(0),
        grace_from: Some(at(0)),
        network: ELSEWHERE,
        excuses: 0,
        excused: false,
        clean: 1,
    };
    assert_eq!(state, expected);
    assert_eq!(fresh.grant_standing(grant).await.expect("looking").expect("it exists").generation, 1);
}

pub(super) async fn the_current_token_stands_still_within_the_grace(fresh: &Fresh) {
    let grant = fresh.grant_at(fresh.user("ada").await, 5).await;
    let before = stored(fresh).await;
    for (network, seconds) in [(HOME, 5), (ELSEWHERE, 20), (HOME, 34)] {
        assert_eq!(presented(fresh, grant, 5, network, seconds).await, before);
    }
}

pub(super) async fn the_token_before_stands_still_within_the_grace_at_home(fresh: &Fresh) {
    let grant = fresh.grant_at(fresh.user("ada").await, 5).await;
    let before = stored(fresh).await;
    for seconds in [5, 34] {
        assert_eq!(presented(fresh, grant, 4, HOME, seconds).await, before);
    }
}

pub(super) async fn the_token_before_is_excused_within_the_grace_from_elsewhere(fresh: &Fresh) {
    let grant = fresh.grant_at(fresh.user("ada").await, 5).await;
    let before = stored(fresh).await;
    let expected = RefreshState {
        grace_from: Some(at(10)),
        network: ELSEWHERE,
        excuses: before.excuses + 1,
        excused: true,
        clean: 0,
        ..before
    };
    assert_eq!(presented(fresh, grant, 4, ELSEWHERE, 10).await, expected);
}

pub(super) async fn the_current_token_advances_after_the_grace(fresh: &Fresh) {
    let grant = fresh.grant_at(fresh.user("ada").await, 5).await;
    let state = presented(fresh, grant, 5, ELSEWHERE, 35).await;
    assert_eq!((state.generation, state.minted_at, state.grace_from), (6, at(35), Some(at(35))));
    assert_eq!(state.network, ELSEWHERE);
}

pub(super) async fn the_token_before_is_excused_after_the_grace(fresh: &Fresh) {
    let grant = fresh.grant_at(fresh.user("ada").await, 5).await;
    let state = presented(fresh, grant, 4, HOME, 35).await;
    assert_eq!((state.generation, state.minted_at, state.grace_from), (5, at(5), Some(at(35))));
    assert_eq!((state.excuses, state.excused, state.clean), (1, true, 0));
    // The excuse opened another grace.
    assert_eq!(presented(fresh, grant, 4, HOME, 64).await, state);
}

pub(super) async fn the_same_parent_is_excused_again_and_counted_once(fresh: &Fresh) {
    let grant = fresh.grant_at(fresh.user("ada").await, 5).await;
    for (time, network) in [(100, HOME), (200, ELSEWHERE), (210, HOME), (500, HOME), (900, ELSEWHERE)] {
        let state = presented(fresh, grant, 4, network, time).await;
        assert_eq!((state.generation, state.minted_at, state.excuses, state.excused), (5, at(5), 1, true));
        assert_eq!((state.grace_from, state.network), (Some(at(time)), network));
    }
    assert_eq!(fresh.audited().await, [AuditEvent::UserAdded, AuditEvent::RefreshExcused]);
}

pub(super) async fn the_token_before_ends_the_grant_when_no_excuse_is_left(fresh: &Fresh) {
    let grant = fresh.grant_at(fresh.user("ada").await, 5).await;
    // Each generation is presented once more after its successor: three excuses in a row.
    for lap in 0..3_u8 {
        let (parent, seconds) = (4 + u64::from(lap), 100 + 100 * i64::from(lap));
        assert_eq!(presented(fresh, grant, parent, HOME, seconds).await.excuses, lap + 1);
        assert_eq!(presented(fresh, grant, parent + 1, HOME, seconds + 50).await.generation, parent + 2);
    }
    let Refresh::Replayed(ended) = fresh.present(grant, 7, HOME, at(400)).await else {
        panic!("a fourth excuse was made");
    };
    assert_eq!((ended.id, ended.revoked_at), (grant, Some(at(400))));
    assert!(!fresh.stands(grant).await);
    assert_eq!(fresh.present(grant, 8, HOME, at(401)).await, Refresh::Refused(RefreshRefusal::Revoked));
}

pub(super) async fn an_older_token_ends_the_grant_even_within_the_grace(fresh: &Fresh) {
    let grant = fresh.grant_at(fresh.user("ada").await, 5).await;
    assert!(matches!(fresh.present(grant, 3, HOME, at(6)).await, Refresh::Replayed(_)));
    assert!(!fresh.stands(grant).await);
    assert_eq!(fresh.present(grant, 3, HOME, at(6)).await, Refresh::Refused(RefreshRefusal::Revoked));
}

pub(super) async fn two_clean_advances_bring_the_excuses_back(fresh: &Fresh) {
    let grant = fresh.grant_at(fresh.user("ada").await, 5).await;
    let steps = [(4, 100), (5, 200), (6, 300)].map(|(generation, seconds)| (generation, seconds));
    let mut excuses = Vec::new();
    for (generation, seconds) in steps {
        let state = presented(fresh, grant, generation, HOME, seconds).await;
        excuses.push((state.excuses, state.clean));
    }
    assert_eq!(excuses, [(1, 0), (1, 1), (0, 2)]);
}

pub(super) async fn a_token_ahead_of_the_store_is_taken_over(fresh: &Fresh) {
    let grant = fresh.grant_at(fresh.user("ada").await, 5).await;
    let before = stored(fresh).await;
    let ahead = Presented::new(7, at(90), ELSEWHERE);
    let answer = fresh.refresh_grant(grant, ahead, POLICY, at(100)).await.expect("refreshing");
    let expected = RefreshState {
        generation: 7,
        minted_at: at(90),
        grace_from: Some(at(90)),
        network: ELSEWHERE,
        ..before
    };
    assert_eq!(granted(answer).state, expected);
    assert_eq!(stored(fresh).await, expected);
    assert_eq!(fresh.audited().await, [AuditEvent::UserAdded, AuditEvent::RefreshCaughtUp]);
}

pub(super) async fn a_token_ahead_of_the_store_advances_after_the_grace(fresh: &Fresh) {
    let grant = fresh.grant_at(fresh.user("ada").await, 5).await;
    let ahead = Presented::new(7, at(50), HOME);
    let answer = fresh.refresh_grant(grant, ahead, POLICY, at(100)).await.expect("refreshing");
    let state = granted(answer).state;
    assert_eq!((state.generation, state.minted_at), (8, at(100)));
    assert_eq!(stored(fresh).await, state);
}

pub(super) async fn without_grace_and_excuses_each_token_works_once(fresh: &Fresh) {
    let strict = RefreshPolicy { grace: Duration::ZERO, excuses: 0 };
    let grant = fresh.grant(fresh.user("ada").await).await;
    let present = async |generation| fresh.refresh_grant(grant, token(generation, HOME), strict, at(0)).await;
    assert_eq!(granted(present(0).await.expect("refreshing")).state.generation, 1);
    assert_eq!(granted(present(1).await.expect("refreshing")).state.generation, 2);
    assert!(matches!(present(1).await, Ok(Refresh::Replayed(_))));
    assert_eq!(present(2).await.expect("refreshing"), Refresh::Refused(RefreshRefusal::Revoked));
}

/// A grant of the client `phone`, bound to a key, at generation 5.
async fn bound_grant(fresh: &Fresh) -> (GrantId, Arc<Client>) {
    let detail = GrantDetail::from_json(r#"{"auth_time":1700000000,"jkt":"thumbprint"}"#);
    let mut new = new_grant(fresh.user("ada").await);
    (new.client, new.detail) = ("phone".into(), detail.map(Box::new));
    let (grant, phone) = (new.id, public_client("phone"));
    assert_eq!(fresh.open_grant(new).await.expect("opening"), GrantOpening::Opened);
    for generation in 0..5 {
        let proved = token(generation, HOME).by(Arc::clone(&phone), KeyProof::Proved);
        let seconds = 1 + 100 * generation.cast_signed();
        granted(fresh.refresh_grant(grant, proved, POLICY, at(seconds)).await.expect("refreshing"));
    }
    (grant, phone)
}

pub(super) async fn any_spent_token_of_a_bound_grant_is_a_retry_where_its_key_was_proved(fresh: &Fresh) {
    let (grant, phone) = bound_grant(fresh).await;
    let before = stored(fresh).await;
    for generation in [4, 0, 3, 4] {
        let proved = token(generation, ELSEWHERE).by(Arc::clone(&phone), KeyProof::Proved);
        let answer = fresh.refresh_grant(grant, proved, POLICY, at(900)).await.expect("refreshing");
        assert_eq!(granted(answer).state, before);
        assert_eq!(stored(fresh).await, before);
    }
    assert_eq!(fresh.audited().await, [AuditEvent::UserAdded]);
}

pub(super) async fn who_may_not_use_a_token_changes_nothing(fresh: &Fresh) {
    let (grant, phone) = bound_grant(fresh).await;
    let before = stored(fresh).await;
    let cases = [
        (token(5, HOME), RefreshRefusal::WrongClient),
        (token(0, HOME).by(public_client("tablet"), KeyProof::Proved), RefreshRefusal::WrongClient),
        (token(0, HOME).by(Arc::clone(&phone), KeyProof::None), RefreshRefusal::KeyNotProved),
        (token(9, HOME).by(phone, KeyProof::None), RefreshRefusal::KeyNotProved),
    ];
    for (presented, refusal) in cases {
        let answer = fresh.refresh_grant(grant, presented, POLICY, at(900)).await.expect("refreshing");
        assert_eq!(answer, Refresh::Refused(refusal));
        assert_eq!(stored(fresh).await, before);
    }
    assert_eq!(fresh.audited().await, [AuditEvent::UserAdded]);
}

pub(super) async fn a_refresh_answers_with_all_that_minting_needs(fresh: &Fresh) {
    let ada = fresh.user("ada").await;
    let mut new = new_grant(ada);
    new.scope = "openid profile".parse().expect("a scope");
    assert_eq!(fresh.open_grant(new.clone()).await.expect("opening"), GrantOpening::Opened);
    let Refresh::Granted(live, _) = fresh.present(new.id, 0, HOME, at(1)).await else {
        panic!("not granted")
    };
    assert_eq!(live.username, username("ada"));
    assert_eq!(live.subject.as_str(), ada.to_string());
    assert_eq!((live.grant.id, live.grant.user), (new.id, ada));
    assert_eq!((live.grant.client, live.grant.scope), (new.client, new.scope));
    assert_eq!((live.grant.expires_at, live.grant.revoked_at), (at(LIFETIME), None));
}

pub(super) async fn an_imported_key_is_the_subject(fresh: &Fresh) {
    let mut user = new_user("ada");
    user.imported_key = Some("17".into());
    let id = user.id;
    assert_eq!(fresh.add_user(user, OPERATOR).await.expect("adding"), UserAddition::Added);
    let grant = fresh.grant(id).await;
    let Refresh::Granted(live, _) = fresh.present(grant, 0, HOME, at(1)).await else { panic!("not granted") };
    assert_eq!(live.subject.as_str(), "17");
}

pub(super) async fn an_unknown_grant_is_unknown(fresh: &Fresh) {
    let ada = fresh.user("ada").await;
    let known = fresh.grant(ada).await;
    assert_eq!(fresh.present(unknown_grant(), 0, HOME, at(1)).await, Refresh::Unknown);
    // One that differs in its last bit only.
    let mut bytes = *known.as_bytes();
    bytes[15] ^= 1;
    assert_eq!(fresh.present(GrantId::from_bytes(bytes), 0, HOME, at(1)).await, Refresh::Unknown);
    assert_eq!(fresh.grant_standing(known).await.expect("looking").expect("it exists").generation, 0);
}

pub(super) async fn an_ended_grant_is_revoked(fresh: &Fresh) {
    let ada = fresh.user("ada").await;
    let grant = fresh.grant_at(ada, 3).await;
    fresh.revoke_grant(grant, OPERATOR, at(4)).await.expect("revoking");
    for generation in [0, 2, 3, 4] {
        assert_eq!(
            fresh.present(grant, generation, HOME, at(5)).await,
            Refresh::Refused(RefreshRefusal::Revoked),
            "{generation}"
        );
    }
}

pub(super) async fn a_grant_expires_at_its_second(fresh: &Fresh) {
    let ada = fresh.user("ada").await;
    let grant = fresh.grant(ada).await;
    assert_eq!(fresh.present(grant, 0, HOME, at(LIFETIME)).await, Refresh::Refused(RefreshRefusal::Expired));
    assert_eq!(granted(fresh.present(grant, 0, HOME, at(LIFETIME - 1)).await).state.generation, 1);
    assert_eq!(
        fresh.present(grant, 0, HOME, at(LIFETIME + 1)).await,
        Refresh::Refused(RefreshRefusal::Expired)
    );
}

pub(super) async fn a_disabled_user_is_told_apart(fresh: &Fresh) {
    let ada = fresh.user("ada").await;
    let grant = fresh.grant(ada).await;
    fresh.disable_user(ada, OPERATOR, at(1)).await.expect("disabling");
    assert_eq!(fresh.present(grant, 0, HOME, at(2)).await, Refresh::Refused(RefreshRefusal::UserDisabled));
    fresh.enable_user(ada, OPERATOR, at(3)).await.expect("enabling");
    assert_eq!(fresh.present(grant, 0, HOME, at(4)).await, Refresh::Refused(RefreshRefusal::Revoked));
    assert_eq!(fresh.found("ada").await.status, UserStatus::Active);
}

/// Walks grants at random through tokens, networks and time, and compares each answer with the rules applied to the
/// state before.
pub(super) async fn every_step_is_the_one_that_the_rules_decide(fresh: &Fresh) {
    let ada = fresh.user("ada").await;
    let mut dice = 0;
    let mut roll = |sides: u64| {
        dice += 1;
        mix(dice) % sides
    };
    let mut verdicts = HashMap::new();
    for _ in 0..30 {
        let grant = fresh.grant(ada).await;
        let (mut row, _) = fresh.find_grant(grant).await.expect("finding").expect("it exists");
        let mut now = 0;
        loop {
            now += [0, 1, 29, 31, 200][roll(5) as usize];
            // Mostly the current token and the one before, now and then an older one or one ahead.
            let generation = (row.grant.state.generation + [1, 1, 1, 1, 0, 0, 0, 2, 3][roll(9) as usize])
                .saturating_sub(1);
            let network = if roll(4) == 0 { ELSEWHERE } else { HOME };
            let presented = Presented::new(generation, at(now), network);
            let decision = decide(&row.grant, UserStatus::Active, &presented, at(now), &POLICY);
            let answer = fresh.refresh_grant(grant, presented, POLICY, at(now)).await.expect("refreshing");
            *verdicts.entry(decision.verdict).or_insert(0) += 1;
            if decision.verdict == Verdict::Revoke {
                assert!(matches!(answer, Refresh::Replayed(_)), "{answer:?}");
                assert!(!fresh.stands(grant).await);
                break;
            }
            assert_eq!(granted(answer).state, decision.state);
            row.grant.state = decision.state;
            if now > LIFETIME - 300 {
                break;
            }
        }
    }
    use Verdict::{Advance, Excuse, ExcuseAgain, Revoke, StandStill};
    for verdict in [StandStill, Advance, Excuse, ExcuseAgain, Revoke] {
        assert!(
            verdicts.get(&verdict).is_some_and(|count| *count > 5),
            "the walk met {verdict:?}: {verdicts:?}"
        );
    }
}
