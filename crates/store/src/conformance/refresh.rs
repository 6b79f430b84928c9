//! Refreshing: each row of the table of refresh rules, and each other outcome, through the store.

use std::time::Duration;

use jeton_authority::audit::AuditEvent;
use jeton_authority::refresh_token::{Presented, RefreshPolicy, RefreshState, Verdict, decide};
use jeton_authority::store::{GrantFilter, GrantOpening, Refresh, UserAddition};
use jeton_authority::user::UserStatus;
use jeton_authority::{GrantId, Network};

use super::fixture::{
    ELSEWHERE, Fresh, HOME, LIFETIME, POLICY, at, granted, mix, new_grant, new_user, token, unknown_grant,
    username,
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
        clean: 1,
    };
    assert_eq!(state, expected);
    assert_eq!(fresh.grant_standing(grant).expect("looking").expect("it exists").generation, 1);
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
    assert_eq!((state.excuses, state.clean), (1, 0));
    // The excuse opened a grace of its own.
    assert_eq!(presented(fresh, grant, 4, HOME, 64).await, state);
}

pub(super) async fn the_token_before_ends_the_grant_when_no_excuse_is_left(fresh: &Fresh) {
    let grant = fresh.grant_at(fresh.user("ada").await, 5).await;
    for excuse in 1..=3 {
        assert_eq!(presented(fresh, grant, 4, HOME, 100 * excuse).await.excuses, excuse as u8);
    }
    let Refresh::Replayed(ended) = fresh.present(grant, 4, HOME, at(400)).await else {
        panic!("a fourth excuse was made");
    };
    assert_eq!((ended.id, ended.revoked_at), (grant, Some(at(400))));
    assert!(!fresh.stands(grant));
    assert_eq!(fresh.present(grant, 5, HOME, at(401)).await, Refresh::Revoked);
}

pub(super) async fn an_older_token_ends_the_grant_even_within_the_grace(fresh: &Fresh) {
    let grant = fresh.grant_at(fresh.user("ada").await, 5).await;
    assert!(matches!(fresh.present(grant, 3, HOME, at(6)).await, Refresh::Replayed(_)));
    assert!(!fresh.stands(grant));
    assert_eq!(fresh.present(grant, 3, HOME, at(6)).await, Refresh::Revoked);
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
    let ahead = Presented { generation: 7, minted_at: at(90), network: ELSEWHERE };
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
    let ahead = Presented { generation: 7, minted_at: at(50), network: HOME };
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
    assert_eq!(present(2).await.expect("refreshing"), Refresh::Revoked);
}

pub(super) async fn a_refresh_answers_with_all_that_minting_needs(fresh: &Fresh) {
    let ada = fresh.user("ada").await;
    let mut new = new_grant(ada);
    new.scope = "openid profile".into();
    assert_eq!(fresh.open_grant(new.clone()).await.expect("opening"), GrantOpening::Opened);
    let Refresh::Granted(live) = fresh.present(new.id, 0, HOME, at(1)).await else { panic!("not granted") };
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
    assert_eq!(fresh.add_user(user).await.expect("adding"), UserAddition::Added);
    let grant = fresh.grant(id).await;
    let Refresh::Granted(live) = fresh.present(grant, 0, HOME, at(1)).await else { panic!("not granted") };
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
    assert_eq!(fresh.grant_standing(known).expect("looking").expect("it exists").generation, 0);
}

pub(super) async fn an_ended_grant_is_revoked(fresh: &Fresh) {
    let ada = fresh.user("ada").await;
    let grant = fresh.grant_at(ada, 3).await;
    fresh.revoke_grant(grant, at(4)).await.expect("revoking");
    for generation in [0, 2, 3, 4] {
        assert_eq!(fresh.present(grant, generation, HOME, at(5)).await, Refresh::Revoked, "{generation}");
    }
}

pub(super) async fn a_grant_expires_at_its_second(fresh: &Fresh) {
    let ada = fresh.user("ada").await;
    let grant = fresh.grant(ada).await;
    assert_eq!(fresh.present(grant, 0, HOME, at(LIFETIME)).await, Refresh::Expired);
    assert_eq!(granted(fresh.present(grant, 0, HOME, at(LIFETIME - 1)).await).state.generation, 1);
    assert_eq!(fresh.present(grant, 0, HOME, at(LIFETIME + 1)).await, Refresh::Expired);
}

pub(super) async fn a_disabled_user_is_told_apart(fresh: &Fresh) {
    let ada = fresh.user("ada").await;
    let grant = fresh.grant(ada).await;
    fresh.disable_user(ada, at(1)).await.expect("disabling");
    assert_eq!(fresh.present(grant, 0, HOME, at(2)).await, Refresh::UserDisabled);
    fresh.enable_user(ada, at(3)).await.expect("enabling");
    assert_eq!(fresh.present(grant, 0, HOME, at(4)).await, Refresh::Revoked);
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
    let mut verdicts = [0; 4];
    for _ in 0..30 {
        let grant = fresh.grant(ada).await;
        let mut expected = RefreshState::opened(at(0), HOME);
        let mut now = 0;
        loop {
            now += [0, 1, 29, 31, 200][roll(5) as usize];
            // Mostly the current token and the one before, now and then an older one or one ahead.
            let generation =
                (expected.generation + [1, 1, 1, 1, 0, 0, 0, 2, 3][roll(9) as usize]).saturating_sub(1);
            let network = if roll(4) == 0 { ELSEWHERE } else { HOME };
            let presented = Presented { generation, minted_at: at(now), network };
            let decision = decide(&expected, &presented, at(now), &POLICY);
            let answer = fresh.refresh_grant(grant, presented, POLICY, at(now)).await.expect("refreshing");
            verdicts[decision.verdict as usize] += 1;
            if decision.verdict == Verdict::Revoke {
                assert!(matches!(answer, Refresh::Replayed(_)), "{answer:?}");
                assert!(!fresh.stands(grant));
                break;
            }
            assert_eq!(granted(answer).state, decision.state);
            expected = decision.state;
            if now > LIFETIME - 300 {
                break;
            }
        }
    }
    assert!(verdicts.iter().all(|count| *count > 5), "the walk met each verdict: {verdicts:?}");
}
