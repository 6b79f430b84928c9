//! Refreshing, verifying and signing out, through the store.

use std::time::Duration;

use jeton_authority::TokenError;
use jeton_authority::audit::Actor;
use jeton_authority::sweep::{SweepCursor, SweepPace, Swept};

use crate::support::{TestAuthority, claims};

#[tokio::test]
async fn a_spent_token_within_the_grace_gets_the_same_successor() {
    let mut test = TestAuthority::new().await;
    let first = test.sign_in("ada").await;
    let second = test.refresh(&first.refresh).await;
    test.wait(10);
    let again = test.refresh(&first.refresh).await;
    assert_eq!(again.refresh, second.refresh);
    assert_ne!(again.access, second.access);
}

#[tokio::test]
async fn a_grandparent_ends_the_grant_and_its_access_tokens() {
    let mut test = TestAuthority::new().await;
    let first = test.sign_in("ada").await;
    let second = test.refresh(&first.refresh).await;
    test.wait(60);
    let third = test.refresh(&second.refresh).await;

    let replay = test.try_refresh(&first.refresh).await;
    assert!(matches!(replay, Err(TokenError::Replayed { grant }) if grant == first.grant), "{replay:?}");
    let after = test.try_refresh(&third.refresh).await;
    assert!(matches!(after, Err(TokenError::Revoked)), "{after:?}");
    let access = test.authority.tokens().verify(&third.access, test.now).await;
    assert!(matches!(access, Err(TokenError::Revoked)), "{access:?}");
}

#[tokio::test]
async fn a_spent_token_does_not_verify() {
    let test = TestAuthority::new().await;
    let first = test.sign_in("ada").await;
    test.authority.tokens().verify(&first.refresh, test.now).await.expect("current");
    let second = test.refresh(&first.refresh).await;
    assert!(matches!(
        test.authority.tokens().verify(&first.refresh, test.now).await,
        Err(TokenError::Revoked)
    ));
    test.authority.tokens().verify(&second.refresh, test.now).await.expect("current");
}

#[tokio::test]
async fn signing_out_with_any_generation_ends_the_grant_once() {
    let test = TestAuthority::new().await;
    let first = test.sign_in("ada").await;
    let second = test.refresh(&first.refresh).await;
    test.authority.tokens().sign_out(&first.refresh, test.now).await.expect("the parent may sign out");
    for token in [&first.refresh, &second.refresh] {
        assert!(matches!(test.try_refresh(token).await, Err(TokenError::Revoked)));
        assert!(matches!(test.authority.tokens().sign_out(token, test.now).await, Err(TokenError::Revoked)));
    }
}

#[tokio::test]
async fn an_access_token_is_no_refresh_token_and_garbage_is_neither() {
    let mut test = TestAuthority::new().await;
    let pair = test.sign_in("ada").await;
    assert!(matches!(test.try_refresh(&pair.access).await, Err(TokenError::WrongType)));
    assert!(matches!(test.try_refresh("garbage").await, Err(TokenError::Invalid(_))));
    assert!(matches!(test.authority.tokens().verify("a.b.c", test.now).await, Err(TokenError::Invalid(_))));
    test.wait(300);
    assert!(matches!(test.try_refresh(&pair.access).await, Err(TokenError::Expired { .. })));
}

#[tokio::test]
async fn tokens_expire_to_the_second() {
    let mut test = TestAuthority::new().await;
    let pair = test.sign_in("ada").await;
    test.wait(299);
    test.authority.tokens().verify(&pair.access, test.now).await.expect("a second is left");
    test.wait(1);
    assert!(matches!(
        test.authority.tokens().verify(&pair.access, test.now).await,
        Err(TokenError::Expired { .. })
    ));
    test.wait(24 * 3600 - 301);
    test.authority.tokens().verify(&pair.refresh, test.now).await.expect("a second is left");
    test.wait(1);
    assert!(matches!(test.try_refresh(&pair.refresh).await, Err(TokenError::Expired { .. })));
}

#[tokio::test]
async fn refreshing_does_not_reach_past_the_absolute_lifetime() {
    let day = Duration::from_secs(24 * 3600);
    let mut test = TestAuthority::with(|settings| settings.refresh.absolute_lifetime = day * 2).await;
    let mut pair = test.sign_in("ada").await;
    let end = test.now.saturating_add(day * 2);
    for _ in 0..3 {
        test.wait(14 * 3600);
        pair = test.refresh(&pair.refresh).await;
    }
    assert_eq!(claims(&pair.refresh)["exp"], end.unix());
    test.now = end;
    assert!(matches!(test.try_refresh(&pair.refresh).await, Err(TokenError::Expired { .. })));
}

#[tokio::test]
async fn a_clock_that_steps_back_refuses_nobody() {
    let mut test = TestAuthority::new().await;
    let pair = test.sign_in("ada").await;
    test.now = test.now.saturating_sub(Duration::from_secs(120));
    let next = test.refresh(&pair.refresh).await;
    test.authority.tokens().verify(&next.access, test.now).await.expect("issued just now");
    test.authority.tokens().verify(&pair.access, test.now).await.expect("issued in what is now the future");
}

#[tokio::test]
async fn disabling_a_user_ends_their_sessions_at_once() {
    let test = TestAuthority::new().await;
    let bob = test.add_user("bob").await;
    let (ada, pair) = (test.sign_in("ada").await, test.sign_in("bob").await);
    test.store.disable_user(bob, Actor::Operator, test.now).await.expect("the store works");
    assert!(matches!(test.try_refresh(&pair.refresh).await, Err(TokenError::UserDisabled)));
    assert!(matches!(test.authority.tokens().verify(&pair.access, test.now).await, Err(TokenError::Revoked)));
    test.refresh(&ada.refresh).await;
}

#[tokio::test]
async fn the_rows_of_expired_grants_are_swept_and_live_ones_stay() {
    let mut test = TestAuthority::new().await;
    let old = test.sign_in("ada").await;
    test.wait(23 * 3600);
    let live = test.sign_in("ada").await;
    test.wait(2 * 3600);
    let step = test.authority.sweep(Swept::Grants, SweepCursor::default(), test.now).await;
    assert_eq!(
        step.expect("the store works").pace,
        SweepPace::Later,
        "one step reaches the end of two grants"
    );
    assert_eq!(test.store.grant_standing(old.grant).await.expect("the store works"), None);
    test.refresh(&live.refresh).await;
}
