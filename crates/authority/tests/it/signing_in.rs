//! Signing in with a password.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use jeton_authority::audit::Actor;
use jeton_authority::keys::MasterKey;
use jeton_authority::password::{
    HashKinds, Hashing, HashingBusy, InlineHashing, PadWhen, Padding, Password, PasswordHash, Verification,
};
use jeton_authority::user::Username;
use jeton_authority::{Authority, Ports, SignInError};

use crate::support::{PASSWORD, TestAuthority, home};

/// A hash as Django makes it, with fewer rounds, of the password of all tests.
const IMPORTED: &str = "pbkdf2_sha256$1000$abcdefghijklmnop$Ja730/3PvAVIEeMB2cAvpe/sLE4qsHOhJF2cTv/kqps=";

#[tokio::test]
async fn unknown_user_wrong_password_and_disabled_user_are_refused_alike() {
    let test = TestAuthority::new().await;
    let bob = test.add_user("bob").await;
    test.store.disable_user(bob, Actor::Operator, test.now).await.expect("the store works");
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
async fn a_password_is_the_same_however_a_keyboard_composes_its_letters() {
    let test = TestAuthority::new().await;
    let spellings = ["Caf\u{e9} \u{c5}ngstr\u{f6}m", "Cafe\u{301} A\u{30a}ngstro\u{308}m"];
    for (name, key, stored) in [("zoe", [1; 16], spellings[0]), ("max", [2; 16], spellings[1])] {
        let hash = InlineHashing::default().hash(Password::new(stored), [9; 16]).await.expect("a hash");
        test.import_user(name, None, hash, key).await;
        for typed in spellings {
            test.try_sign_in(name, typed).await.unwrap_or_else(|error| panic!("{name} {typed}: {error}"));
            test.try_sign_in(name, &format!("{typed} ")).await.expect("trimmed it is right");
        }
        assert!(test.try_sign_in(name, "Cafe Angstrom").await.is_err(), "another letter is another password");
    }
}

#[tokio::test]
async fn an_outdated_hash_is_replaced_at_sign_in() {
    let test = TestAuthority::new().await;
    test.import_user("grace", Some("42"), PasswordHash::from_stored(IMPORTED), [9; 16]).await;
    test.sign_in("grace").await;
    let name = Username::parse("grace").expect("a username");
    let stored = test.store.find_user(&name).await.expect("the store works").expect("a user").password;
    assert!(stored.expose().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
    test.sign_in("grace").await;
}

/// Hashes, and keeps what was asked for.
#[derive(Default)]
struct Recording(InlineHashing, Mutex<Vec<(PasswordHash, Padding)>>);

#[async_trait]
impl Hashing for Recording {
    async fn verify(
        &self,
        hash: PasswordHash,
        candidate: Password,
        padding: Padding,
    ) -> Result<Verification, HashingBusy> {
        self.1.lock().expect("no panic").push((hash.clone(), padding.clone()));
        self.0.verify(hash, candidate, padding).await
    }

    async fn hash(&self, password: Password, salt: [u8; 16]) -> Result<PasswordHash, HashingBusy> {
        self.0.hash(password, salt).await
    }
}

impl Recording {
    /// The verifications since it was asked last.
    fn taken(&self) -> Vec<(PasswordHash, Padding)> {
        std::mem::take(&mut *self.1.lock().expect("no panic"))
    }
}

async fn recorded(test: &TestAuthority) -> (Authority, Arc<Recording>) {
    let hashing = Arc::new(Recording::default());
    let (store, settings) = (Arc::clone(&test.store), test.authority.settings().clone());
    let master = MasterKey::from_bytes([7; 32]);
    let ports = Ports { hashing: Arc::clone(&hashing) as _, ..Ports::default() };
    let authority = Authority::open(store, master, settings, ports, test.now).await;
    (authority.expect("the authority opens"), hashing)
}

#[tokio::test]
async fn a_failure_makes_up_for_every_kind_of_hash_that_users_have_whoever_it_was_for() {
    let test = TestAuthority::new().await;
    let imported = PasswordHash::from_stored(IMPORTED);
    test.import_user("grace", Some("42"), imported.clone(), [9; 16]).await;
    let bob = test.import_user("bob", None, imported.clone(), [8; 16]).await;
    test.store.disable_user(bob, Actor::Operator, test.now).await.expect("the store works");
    let (authority, hashing) = recorded(&test).await;
    let argon2 = authority.settings().password.argon2;
    for (name, password, when) in [
        ("nobody", "wrong", PadWhen::Always),
        ("ada", "wrong", PadWhen::Differs),
        ("grace", "wrong", PadWhen::Differs),
        ("bob", "wrong", PadWhen::Always),
        ("bob", PASSWORD, PadWhen::Always),
    ] {
        for typed in [password.to_owned(), format!(" {password}")] {
            let refused =
                authority.sign_in().with_password(name, Password::new(&*typed), home(), test.now).await;
            assert!(matches!(refused, Err(SignInError::Refused)), "{name}: {refused:?}");
            let taken = hashing.taken();
            assert_eq!(taken.len(), if typed == password { 1 } else { 2 }, "{name} {typed:?}");
            for (_, padding) in taken {
                assert!(
                    padding.when == when && padding.kinds.cover(&imported, &argon2),
                    "{name} {padding:?}"
                );
            }
        }
    }
}

#[tokio::test]
async fn a_kind_of_hash_that_another_process_brought_this_second_is_made_up_for() {
    let test = TestAuthority::new().await;
    let (authority, hashing) = recorded(&test).await;
    let imported = PasswordHash::from_stored(IMPORTED);
    test.import_user("grace", Some("42"), imported.clone(), [9; 16]).await;
    let argon2 = authority.settings().password.argon2;
    for name in ["grace", "nobody"] {
        authority
            .sign_in()
            .with_password(name, Password::new("wrong"), home(), test.now)
            .await
            .expect_err("a wrong password");
        assert!(hashing.taken().iter().all(|(_, padding)| padding.kinds.cover(&imported, &argon2)), "{name}");
    }
}

#[tokio::test]
async fn once_the_last_imported_user_has_signed_in_a_failure_costs_no_more_than_elsewhere() {
    let mut test = TestAuthority::new().await;
    test.import_user("grace", Some("42"), PasswordHash::from_stored(IMPORTED), [9; 16]).await;
    let (authority, hashing) = recorded(&test).await;
    authority
        .sign_in()
        .with_password("grace", Password::new(PASSWORD), home(), test.now)
        .await
        .expect("the right password");
    test.wait(60);
    authority.tick(test.now).await.expect("the store works");
    hashing.taken();
    authority
        .sign_in()
        .with_password("nobody", Password::new("wrong"), home(), test.now)
        .await
        .expect_err("nobody");
    assert!(hashing.taken().iter().all(|(_, padding)| *padding.kinds == HashKinds::default()));
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
async fn a_changed_password_ends_all_grants() {
    let test = TestAuthority::new().await;
    let ended = [test.sign_in("ada").await, test.sign_in("ada").await];
    let name = Username::parse("ada").expect("a username");
    let user = test.store.find_user(&name).await.expect("the store works").expect("a user");
    let hash = crate::support::hashed("another one");
    test.store
        .change_password(user.id, hash, None, Actor::Operator, test.now)
        .await
        .expect("the store works");
    for tokens in ended {
        test.try_refresh(&tokens.refresh).await.expect_err("it ended");
    }
    test.try_sign_in("ada", PASSWORD).await.expect_err("the old password");
    test.try_sign_in("ada", "another one").await.expect("the new one");
}
