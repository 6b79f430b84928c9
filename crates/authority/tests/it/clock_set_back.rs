//! A clock that was ahead and is set back.

use std::time::Duration;

use jeton_authority::TokenError;
use jeton_authority::audit::Actor;
use jeton_authority::keyring;
use jeton_authority::keys::{KeyState, MasterKey};
use jeton_jose::jwt::Unverified;

use crate::support::TestAuthority;

const DAY: u64 = 24 * 3600;

/// The key that signs access tokens now.
async fn signing_key(test: &TestAuthority) -> String {
    let access = test.sign_in("ada").await.access;
    Unverified::parse(&access).expect("a JWT").kid().expect("a key").to_owned()
}

fn set_back(test: &mut TestAuthority, seconds: u64) {
    test.now = test.now.saturating_sub(Duration::from_secs(seconds));
}

/// For how long a key is published before it signs.
const WAIT: Duration = Duration::from_secs(600);

/// Makes a key, and answers its name.
async fn rotate(test: &TestAuthority) -> String {
    let master = MasterKey::from_bytes([7; 32]);
    let wait = test.authority.settings().keys.publish_wait;
    let key =
        keyring::rotate(&*test.store, &master, None, wait, Actor::Operator, test.now).await.expect("a key");
    // A tick would notice what another process did.
    test.authority.reload(test.now).await.expect("the keys");
    key[0].id.as_str().to_owned()
}

async fn state_of(test: &TestAuthority, kid: &str) -> KeyState {
    let lifetime = test.authority.settings().access.lifetime;
    let listed = keyring::list(&*test.store, lifetime, test.now).await.expect("a list");
    listed.into_iter().find(|(key, _)| key.id.as_str() == kid).expect("the key").1
}

#[tokio::test]
async fn refreshing_verifying_and_signing_out_go_by_the_grant_and_not_by_the_time_of_issue() {
    for seconds in [3600, DAY] {
        let mut test = TestAuthority::new().await;
        let first = test.sign_in("ada").await;
        set_back(&mut test, seconds);
        test.authority.tokens().verify(&first.refresh, test.now).await.expect("it is the current token");
        let second = test.refresh(&first.refresh).await;
        test.authority.tokens().verify(&second.access, test.now).await.expect("issued just now");
        test.authority.tokens().sign_out(&first.refresh, test.now).await.expect("the parent may sign out");
        assert!(matches!(test.try_refresh(&second.refresh).await, Err(TokenError::Revoked)));
    }
}

#[tokio::test]
async fn a_grant_that_was_refreshed_ahead_of_time_is_refreshed_as_ever_after_the_clock_is_set_back() {
    let mut test = TestAuthority::new().await;
    let mut pair = test.sign_in("ada").await;
    pair = test.refresh(&pair.refresh).await;
    set_back(&mut test, DAY);
    for _ in 0..20 {
        pair = test.refresh(&pair.refresh).await;
        test.wait(31);
    }
}

#[tokio::test]
async fn a_key_that_is_next_does_not_sign_because_the_first_one_was_made_in_the_future() {
    let mut test = TestAuthority::with(|settings| settings.keys.publish_wait = WAIT).await;
    let first = signing_key(&test).await;
    set_back(&mut test, DAY);
    let next = rotate(&test).await;
    assert!(matches!(state_of(&test, &next).await, KeyState::Next { .. }));
    assert_eq!(signing_key(&test).await, first);
    for seconds in [601, DAY, DAY] {
        test.wait(seconds);
        test.authority.tick(test.now).await.expect("a tick");
        assert_eq!(signing_key(&test).await, next, "and the first one does not come back");
    }
}

#[tokio::test]
async fn a_key_that_signed_ahead_of_time_waits_again_once_the_clock_is_set_back() {
    let mut test = TestAuthority::with(|settings| settings.keys.publish_wait = WAIT).await;
    let first = signing_key(&test).await;
    test.wait(3600);
    let next = rotate(&test).await;
    test.wait(601);
    test.authority.tick(test.now).await.expect("a tick");
    assert_eq!(signing_key(&test).await, next);
    let issued = test.sign_in("ada").await;

    set_back(&mut test, 3600);
    test.authority.tick(test.now).await.expect("a tick");
    assert!(matches!(state_of(&test, &next).await, KeyState::Next { .. }));
    assert_eq!(signing_key(&test).await, first);
    test.authority.tokens().verify(&issued.access, test.now).await.expect("it is published as it was");
    test.wait(3600);
    test.authority.tick(test.now).await.expect("a tick");
    assert_eq!(signing_key(&test).await, next);
}
