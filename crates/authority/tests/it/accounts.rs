//! What an administrator does to accounts.

use jeton_authority::UserId;
use jeton_authority::accounts::{AccountEdit, AccountError, NewAccount};
use jeton_authority::audit::{Actor, AuditEvent};
use jeton_authority::password::Password;
use jeton_authority::user::{
    AttributeChange, ImportedKey, Role, User, UserEdit, UserEdited, UserStatus, Username,
};
use serde_json::{Value, json};

use crate::support::{PASSWORD, TestAuthority, hashed};

fn account(name: &str) -> NewAccount {
    NewAccount::new(Username::parse(name).expect("a name"), Password::new("battery staple"))
}

const ADMIN: [u8; 16] = [9; 16];

/// An administrator, who is somebody else than the users here.
fn admin() -> Actor {
    Actor::User(UserId::from_bytes(ADMIN))
}

/// An authority whose administrator is an owner.
async fn administered() -> TestAuthority {
    let test = TestAuthority::new().await;
    let owner = test.import_user("zoe", None, hashed(PASSWORD), ADMIN).await;
    let edit = UserEdit { role: Some(Role::Owner), ..UserEdit::default() };
    let edited = test.store.edit_user(owner, edit, Actor::Operator, test.now).await.expect("the store works");
    assert!(matches!(edited, UserEdited::Done(..)), "{edited:?}");
    test
}

impl TestAuthority {
    async fn add(&self, account: NewAccount) -> Result<User, AccountError> {
        self.authority.accounts().add(account, admin(), self.now).await
    }

    async fn account(&self, name: &str) -> User {
        self.authority.accounts().find(name).await.expect("a user")
    }

    async fn try_edit(&self, name: &str, edit: &AccountEdit) -> Result<User, AccountError> {
        self.authority.accounts().edit(&self.account(name).await, edit, admin(), self.now).await
    }

    /// The events about a user that the administrator caused, oldest first.
    async fn events(&self, user: UserId) -> Vec<AuditEvent> {
        let mut records = self.store.list_audit(100).await.expect("the store works");
        records.retain(|record| record.subject.user == Some(user) && record.actor == Some(admin()));
        records.iter().rev().map(|record| record.event).collect()
    }
}

#[tokio::test]
async fn a_user_who_is_added_signs_in_with_the_password_that_was_given() {
    let test = administered().await;
    let bob = test.add(account("bob")).await.expect("an addition");
    test.try_sign_in("bob", "battery staple").await.expect("the password is right");
    assert_eq!(test.events(bob.id).await, [AuditEvent::UserAdded]);
}

#[tokio::test]
async fn what_another_user_has_is_named_and_nobody_is_added() {
    let test = administered().await;
    let key = |key: &str| Some(ImportedKey::parse(key).expect("a key"));
    test.add(NewAccount { imported_key: key("7"), ..account("bob") }).await.expect("an addition");
    let refusals = [
        (account("ada"), "username_taken", "user ada already exists"),
        (
            account("Ada"),
            "username_similar",
            "user ada already exists, and Ada differs only in case or in how letters are composed",
        ),
        (
            NewAccount { imported_key: key("7"), ..account("eve") },
            "user_key_taken",
            "another user already has the key 7",
        ),
    ];
    for (account, code, text) in refusals {
        let refused = test.add(account).await.expect_err("it is taken");
        assert_eq!((refused.code(), &*refused.to_string()), (code, text));
    }
    let nobody = test.authority.accounts().find("eve").await.expect_err("nobody");
    assert_eq!((nobody.code(), &*nobody.to_string()), ("user_unknown", "there is no user eve"));
}

#[tokio::test]
async fn an_edit_changes_what_it_names_and_ends_no_session() {
    let test = administered().await;
    let pair = test.sign_in("ada").await;
    let change = |name: &str, value| AttributeChange::new(name, value).expect("a name");
    let edit = AccountEdit {
        email: Some(" ada@example.org ".into()),
        attributes: vec![change("name", json!("Ada")), change("roles", json!(["editor"]))],
        ..AccountEdit::default()
    };
    let ada = test.try_edit("ada", &edit).await.expect("an edit");
    assert_eq!(ada.email.as_deref(), Some("ada@example.org"));
    let attributes = vec![change("roles", Value::Null)];
    let less = AccountEdit { email: Some("".into()), attributes, ..AccountEdit::default() };
    let ada = test.try_edit("ada", &less).await.expect("an edit");
    assert_eq!((ada.email, ada.attributes.to_json()), (None, r#"{"name":"Ada"}"#.to_owned()));
    test.refresh(&pair.refresh).await;
    let expected = [AuditEvent::UserChanged, AuditEvent::AttributesChanged];
    assert_eq!(test.events(ada.id).await, [expected, expected].concat());
}

#[tokio::test]
async fn an_edit_that_cannot_be_whole_changes_nothing() {
    let test = administered().await;
    let attributes = vec![AttributeChange::new("sub", json!("admin")).expect("a name")];
    let edit = AccountEdit { email: Some("ada@example.org".into()), attributes, ..AccountEdit::default() };
    let refused = test.try_edit("ada", &edit).await.expect_err("sub is reserved");
    assert_eq!(refused.code(), "attribute_reserved");
    assert_eq!(test.account("ada").await.email, None);
}

#[tokio::test]
async fn whatever_takes_sign_ins_away_counts_the_grants_that_end() {
    let test = administered().await;
    let accounts = test.authority.accounts();
    let [first, _second] = [test.sign_in("ada").await, test.sign_in("ada").await];
    let ada = test.account("ada").await;
    let changed = accounts.change_password(&ada, Password::new("another"), admin(), test.now).await;
    assert_eq!(changed.expect("a change").grants_ended, 2);
    test.try_refresh(&first.refresh).await.expect_err("its grant ended");
    test.try_sign_in("ada", PASSWORD).await.expect_err("the password is another");

    test.try_sign_in("ada", "another").await.expect("the password is right");
    let disabled = accounts.disable(&ada, admin(), test.now).await.expect("a change");
    assert_eq!((disabled.user.status, disabled.grants_ended), (UserStatus::Disabled, 1));
    let enabled = accounts.enable(&ada, admin(), test.now).await.expect("a change");
    assert_eq!((enabled.user.status, enabled.grants_ended), (UserStatus::Active, 0));

    test.try_sign_in("ada", "another").await.expect("she may sign in again");
    assert_eq!(accounts.remove(&ada, admin(), test.now).await.expect("a removal"), 1);
    let again = accounts.disable(&ada, admin(), test.now).await.expect_err("she is gone");
    assert_eq!(again.code(), "user_unknown");
    let expected = [
        AuditEvent::PasswordChanged,
        AuditEvent::UserDisabled,
        AuditEvent::UserEnabled,
        AuditEvent::UserRemoved,
    ];
    assert_eq!(test.events(ada.id).await, expected);
}
