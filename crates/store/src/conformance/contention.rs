//! Many callers at once.

use std::collections::HashMap;
use std::time::Duration;

use jeton_authority::keys::{KeyId, KeyPurpose};
use jeton_authority::settings::RefreshPolicy;
use jeton_authority::store::{GrantOpening, KeyAddition, KeyWithdrawal, Refresh, Revocation};
use jeton_authority::{GrantId, UserId};

use super::fixture::{
    CALLERS, Fresh, HOME, IDLE, OPERATOR, POLICY, at, granted, hash, key, new_grant, new_user, token,
};

/// Counts the answers that are alike, by name.
pub(super) fn tally<T: std::fmt::Debug>(answers: &[T]) -> HashMap<String, usize> {
    let mut counts = HashMap::new();
    for answer in answers {
        let text = format!("{answer:?}");
        let name = text.split(['(', ' ', '{']).next().unwrap_or_default();
        *counts.entry(name.to_owned()).or_default() += 1;
    }
    counts
}

pub(super) fn counts<const N: usize>(expected: [(&str, usize); N]) -> HashMap<String, usize> {
    expected.into_iter().map(|(name, count)| (name.to_owned(), count)).collect()
}

pub(super) async fn of_a_hundred_callers_with_one_token_one_advances_the_grant(fresh: &Fresh) {
    let grant = fresh.grant_at(fresh.user("ada").await, 4).await;
    let answers = fresh
        .at_once(|store, _| async move { store.refresh_grant(grant, token(4, HOME), POLICY, at(100)).await })
        .await;
    let states =
        answers.into_iter().map(|answer| granted(answer.expect("refreshing")).state).collect::<Vec<_>>();
    assert!(states.iter().all(|state| *state == states[0]), "all get the same successor");
    assert_eq!((states[0].generation, states[0].minted_at), (5, at(100)));
    assert_eq!(fresh.grant_standing(grant).await.expect("looking").expect("it exists").generation, 5);
}

pub(super) async fn of_a_hundred_callers_with_one_parent_one_excuse_is_counted(fresh: &Fresh) {
    let grant = fresh.grant_at(fresh.user("ada").await, 4).await;
    let without_grace = RefreshPolicy { grace: Duration::ZERO, excuses: 1 };
    let answers = fresh
        .at_once(|store, _| async move {
            store.refresh_grant(grant, token(3, HOME), without_grace, at(100)).await
        })
        .await;
    for answer in answers {
        let state = granted(answer.expect("refreshing")).state;
        assert_eq!((state.generation, state.minted_at, state.excuses), (4, at(4), 1));
    }
    let excused = jeton_authority::audit::AuditEvent::RefreshExcused;
    assert_eq!(fresh.audited().await.into_iter().filter(|event| *event == excused).count(), 1);
}

pub(super) async fn of_a_hundred_replays_one_ends_the_grant(fresh: &Fresh) {
    let grant = fresh.grant(fresh.user("ada").await).await;
    let strict = RefreshPolicy { grace: Duration::ZERO, excuses: 0 };
    let answers = fresh
        .at_once(|store, _| async move {
            store.refresh_grant(grant, token(0, HOME), strict, at(100)).await.expect("refreshing")
        })
        .await;
    assert_eq!(tally(&answers), counts([("Granted", 1), ("Replayed", 1), ("Refused", CALLERS - 2)]));
}

pub(super) async fn of_a_hundred_sign_outs_one_ends_the_grant(fresh: &Fresh) {
    let grant = fresh.grant(fresh.user("ada").await).await;
    let answers = fresh
        .at_once(
            |store, _| async move { store.revoke_grant(grant, OPERATOR, at(1)).await.expect("revoking") },
        )
        .await;
    assert_eq!(answers.iter().filter(|answer| **answer == Revocation::Revoked).count(), 1);
    assert_eq!(answers.iter().filter(|answer| **answer == Revocation::AlreadyRevoked).count(), CALLERS - 1);
}

/// What ends a grant while it is refreshed.
#[derive(Clone, Copy)]
enum End {
    SignOut,
    Disabling,
    NewPassword { keep: bool },
}

/// Refreshes a grant from all sides while one caller ends it. Answers the grant, and how often a refresh was granted that
/// was asked for after the end had been answered.
async fn race(fresh: &Fresh, end: End) -> (GrantId, usize) {
    let user = fresh.user("ada").await;
    let session = fresh.session(user).await;
    let (grant, session) = (fresh.grant_from(&session).await, session.id);
    let answers = fresh
        .at_once(|store, caller| async move {
            let refresh = async |seconds| {
                // A second apart and without grace, so that each granted refresh writes.
                let lenient = RefreshPolicy { grace: Duration::ZERO, excuses: u8::MAX };
                let standing = store.grant_standing(grant).await.expect("looking").expect("it exists");
                let presented = token(standing.generation, HOME);
                let answer =
                    store.refresh_grant(grant, presented, lenient, at(seconds)).await.expect("refreshing");
                usize::from(matches!(answer, Refresh::Granted(..)))
            };
            if caller == CALLERS / 2 {
                match end {
                    End::SignOut => {
                        store.revoke_grant(grant, OPERATOR, at(1)).await.map(drop).expect("signing out")
                    }
                    End::Disabling => {
                        store.disable_user(user, OPERATOR, at(1)).await.map(drop).expect("disabling")
                    }
                    End::NewPassword { keep } => {
                        let keep = keep.then_some(session);
                        store
                            .change_password(user, hash("second"), keep, OPERATOR, at(1))
                            .await
                            .map(drop)
                            .expect("changing");
                    }
                }
                return refresh(500).await;
            }
            for seconds in 0..5 {
                refresh(seconds).await;
            }
            0
        })
        .await;
    (grant, answers.into_iter().sum())
}

pub(super) async fn no_refresh_is_granted_after_a_sign_out(fresh: &Fresh) {
    let (grant, granted_after) = race(fresh, End::SignOut).await;
    assert_eq!(granted_after, 0);
    assert!(!fresh.stands(grant).await);
}

pub(super) async fn no_refresh_is_granted_after_the_user_is_disabled(fresh: &Fresh) {
    let (grant, granted_after) = race(fresh, End::Disabling).await;
    assert_eq!(granted_after, 0);
    assert!(!fresh.stands(grant).await);
}

pub(super) async fn no_refresh_is_granted_after_a_change_of_password(fresh: &Fresh) {
    let (grant, granted_after) = race(fresh, End::NewPassword { keep: false }).await;
    assert_eq!(granted_after, 0);
    assert!(!fresh.stands(grant).await);
}

pub(super) async fn a_grant_of_the_kept_session_is_refreshed_through_a_change_of_password(fresh: &Fresh) {
    let (grant, _) = race(fresh, End::NewPassword { keep: true }).await;
    // The race may have run ahead of a caller by two generations, which is a replay; a change of password is none.
    let replayed = fresh.audited().await.contains(&jeton_authority::audit::AuditEvent::RefreshReplayed);
    assert_eq!(fresh.stands(grant).await, !replayed);
}

pub(super) async fn no_sign_in_outlives_the_disabling_it_raced(fresh: &Fresh) {
    let user: UserId = fresh.user("ada").await;
    let answers = fresh
        .at_once(|store, caller| async move {
            if caller == CALLERS / 2 {
                store.disable_user(user, OPERATOR, at(1)).await.expect("disabling");
                return None;
            }
            let grant = new_grant(user);
            let id = grant.id;
            Some((id, store.open_grant(grant).await.expect("opening")))
        })
        .await;
    for (grant, opening) in answers.into_iter().flatten() {
        match opening {
            GrantOpening::Opened => assert!(!fresh.stands(grant).await),
            GrantOpening::CredentialsChanged => {
                assert_eq!(fresh.grant_standing(grant).await.expect("looking"), None)
            }
        }
    }
    assert_eq!(fresh.live(at(2)).await, []);
}

pub(super) async fn a_name_is_given_once(fresh: &Fresh) {
    let answers = fresh
        .at_once(|store, _| async move { store.add_user(new_user("ada"), OPERATOR).await.expect("adding") })
        .await;
    assert_eq!(tally(&answers), counts([("Added", 1), ("NameTaken", CALLERS - 1)]));
    assert_eq!(fresh.list_users(None, 10).await.expect("listing").len(), 1);
}

pub(super) async fn an_imported_key_is_given_once(fresh: &Fresh) {
    let answers = fresh
        .at_once(|store, caller| async move {
            let mut user = new_user(&format!("user-{caller}"));
            user.imported_key = Some("17".into());
            store.add_user(user, OPERATOR).await.expect("adding")
        })
        .await;
    assert_eq!(tally(&answers), counts([("Added", 1), ("ImportedKeyTaken", CALLERS - 1)]));
}

pub(super) async fn of_a_hundred_first_keys_one_is_stored(fresh: &Fresh) {
    let answers = fresh
        .at_once(|store, caller| async move {
            let kid = format!("key-{caller}");
            store
                .add_keys(vec![key(&kid, KeyPurpose::Access, at(0))], None, OPERATOR)
                .await
                .expect("adding keys")
        })
        .await;
    assert_eq!(answers.iter().filter(|answer| **answer == KeyAddition::Added).count(), 1);
    assert_eq!(fresh.list_keys().await.expect("listing").len(), 1);
}

pub(super) async fn of_a_hundred_withdrawals_one_withdraws(fresh: &Fresh) {
    fresh.add_keys(vec![key("first", KeyPurpose::Access, at(0))], None, OPERATOR).await.expect("adding keys");
    let answers = fresh
        .at_once(|store, _| async move {
            store.withdraw_key(&KeyId::new("first"), OPERATOR, at(1)).await.expect("withdrawing")
        })
        .await;
    assert_eq!(answers.iter().filter(|answer| **answer == KeyWithdrawal::Withdrawn).count(), 1);
}

pub(super) async fn sweeps_at_once_remove_each_grant_once(fresh: &Fresh) {
    let ada = fresh.user("ada").await;
    for _ in 0..50 {
        fresh.grant(ada).await;
    }
    let answers = fresh
        .at_once(|store, _| async move {
            store.sweep_grants(None, 1000, IDLE, at(2_000)).await.expect("sweeping")
        })
        .await;
    assert_eq!(answers.iter().map(|step| step.removed).sum::<u64>(), 50);
}
