//! Signing in with a password.

use jeton_authority::SignInError;
use jeton_authority::password::PasswordHash;
use jeton_authority::store::Store;
use jeton_authority::user::Username;

use crate::support::{PASSWORD, TestAuthority};

#[tokio::test]
async fn unknown_user_wrong_password_and_disabled_user_are_refused_alike() {
    let test = TestAuthority::new().await;
    let bob = test.add_user("bob").await;
    test.store.disable_user(bob, test.now).await.expect("the store works");
    for (name, password) in
        [("nobody", PASSWORD), ("ada", "wrong"), ("bob", PASSWORD), ("", ""), ("a\0b", "x")]
    {
        let refused = test.try_sign_in(name, password).await;
        assert!(matches!(refused, Err(SignInError::Refused)), "{name}: {refused:?}");
    }
}

#[tokio::test]
async fn a_password_is_tried_as_typed_and_then_without_outer_space() {
    let test = TestAuthority::new().await;
    test.try_sign_in(" ada ", &format!(" {PASSWORD}\t")).await.expect("trimmed it is right");
}

#[tokio::test]
async fn an_outdated_hash_is_replaced_at_sign_in() {
    let test = TestAuthority::new().await;
    let old = "pbkdf2_sha256$1000000$abcdefghijklmnop$K0uU5RVFjBCe301huu3Sx9XVg+WvO/rf952a61AyK14=";
    test.import_user("grace", Some("42"), PasswordHash::from_stored(old), [9; 16]).await;
    test.sign_in("grace").await;
    let name = Username::parse("grace").expect("a username");
    let stored = test.store.find_user(&name).await.expect("the store works").expect("a user").password;
    assert!(stored.expose().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
    test.sign_in("grace").await;
}

#[tokio::test]
async fn wrong_passwords_are_slowed_and_time_makes_up_for_them() {
    let mut test = TestAuthority::new().await;
    let retry_after = loop {
        match test.try_sign_in("ada", "wrong").await {
            Err(SignInError::Refused) => {}
            Err(SignInError::Throttled { retry_after }) => break retry_after,
            other => panic!("{other:?}"),
        }
    };
    assert!(matches!(test.try_sign_in("ada", PASSWORD).await, Err(SignInError::Throttled { .. })));
    test.add_user("bob").await;
    test.sign_in("bob").await;
    test.wait(retry_after.as_secs().max(1));
    test.sign_in("ada").await;
}

#[tokio::test]
async fn a_changed_password_ends_the_other_grants() {
    let test = TestAuthority::new().await;
    let (kept, ended) = (test.sign_in("ada").await, test.sign_in("ada").await);
    let name = Username::parse("ada").expect("a username");
    let user = test.store.find_user(&name).await.expect("the store works").expect("a user");
    let hash = crate::support::hashed("another one");
    test.store.change_password(user.id, hash, Some(kept.grant), test.now).await.expect("the store works");
    test.refresh(&kept.refresh).await;
    test.try_refresh(&ended.refresh).await.expect_err("it ended");
    test.try_sign_in("ada", PASSWORD).await.expect_err("the old password");
    test.try_sign_in("ada", "another one").await.expect("the new one");
}
