//! Names that are typed otherwise than they were given.

use jeton_authority::throttle::FREE_FAILURES;
use jeton_authority::user::{Username, meant};
use jeton_authority::{SignInError, UserId};

use crate::support::{PASSWORD, TestAuthority};

#[tokio::test]
async fn a_name_is_the_same_in_other_case_and_composition() {
    let test = TestAuthority::new().await;
    test.add_user("Zo\u{eb}@Example.com").await;
    for typed in
        ["zo\u{eb}@example.com", "ZO\u{cb}@EXAMPLE.COM", "Zoe\u{308}@Example.com", " Zo\u{eb}@example.com "]
    {
        test.try_sign_in(typed, PASSWORD).await.unwrap_or_else(|error| panic!("{typed}: {error}"));
    }
    for other in ["zoe@example.com", "zo\u{eb}@example.co"] {
        assert!(matches!(test.try_sign_in(other, PASSWORD).await, Err(SignInError::Refused)), "{other}");
    }
}

#[tokio::test]
async fn where_two_accounts_look_alike_each_signs_in_by_exactly_its_name() {
    let test = TestAuthority::new().await;
    let alike = || async { test.store.find_users_alike(&name("grace")).await.expect("the store works") };
    test.add_user("grace").await;
    let grace = alike().await.remove(0);
    let mut upper = grace.clone();
    (upper.id, upper.username) = (UserId::from_bytes([1; 16]), name("Grace"));
    let both = || vec![grace.clone(), upper.clone()];
    assert_eq!(meant(&name("grace"), both()).map(|user| user.id), Some(grace.id));
    assert_eq!(meant(&name("Grace"), both()).map(|user| user.id), Some(upper.id));
    assert_eq!(meant(&name("GRACE"), both()), None, "it could be either");
    assert_eq!(meant(&name("GRACE"), vec![upper.clone()]).map(|user| user.id), Some(upper.id));
    assert_eq!(meant(&name("grace"), vec![]), None);
}

#[tokio::test]
async fn guesses_count_for_one_account_however_its_name_is_written() {
    let test = TestAuthority::new().await;
    let spellings = ["ada", "Ada", "ADA", "aDa", "\u{ff41}da", "adA", "AdA"];
    for typed in &spellings[..FREE_FAILURES as usize] {
        assert!(matches!(test.try_sign_in(typed, "wrong").await, Err(SignInError::Refused)), "{typed}");
    }
    for typed in &spellings[FREE_FAILURES as usize..] {
        let held_up = test.try_sign_in(typed, "wrong").await;
        assert!(matches!(held_up, Err(SignInError::Throttled { .. })), "{typed}: {held_up:?}");
    }
}

fn name(text: &str) -> Username {
    Username::parse(text).expect("a username")
}
