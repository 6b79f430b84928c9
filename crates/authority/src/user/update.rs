//! Updating an account from the system that it was imported from: one pure function of the account here, the other
//! system's last data, and its current data.
//!
//! What has changed there is adopted. What has not changed there stays as it is here, even if it was changed here: a
//! rehashed or changed password, a disabled user, attributes set by hand.

use serde_json::{Map, Value};

use super::imported::{ImportedUser, LastImport, digest};
use super::{Attributes, AttributesError, Role, User, UserStatus, Username};
use crate::password::PasswordHash;

/// The changes of an account.
#[derive(Debug, Clone, PartialEq)]
pub struct AccountUpdate {
    /// The user's new name.
    pub username: Option<Username>,
    /// The user's new email address, if any.
    pub email: Option<Option<Box<str>>>,
    /// The user's new role.
    pub role: Option<Role>,
    /// Whether the user may sign in from now on. Disabling ends every session and grant.
    pub status: Option<UserStatus>,
    /// What happens to the password.
    pub password: PasswordFate,
    /// All attributes of the user from now on.
    pub attributes: Option<Attributes>,
    /// What to store for the next update.
    pub last: LastImport,
}

/// What happens to a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PasswordFate {
    /// It has not changed there: the password here stays.
    Stays,
    /// It may have changed there since an import that stored no digest; the password here stays.
    Unknown,
    /// It has changed there. Every session and grant of the user ends.
    Changed(PasswordHash),
}

impl AccountUpdate {
    /// Whether the user gets another name, email address or role.
    pub fn describes_anew(&self) -> bool {
        self.username.is_some() || self.email.is_some() || self.role.is_some()
    }

    /// Whether nothing about the user changes.
    pub fn changes_nothing(&self) -> bool {
        !self.describes_anew()
            && self.status.is_none()
            && !matches!(self.password, PasswordFate::Changed(_))
            && self.attributes.is_none()
    }
}

/// Determines the changes of an account. `last` is the data of the last import, if it was stored.
///
/// # Errors
/// [`AttributesError`] if the attributes would be too large.
pub fn update(
    user: &User,
    last: Option<&LastImport>,
    now: &ImportedUser,
) -> Result<AccountUpdate, AttributesError> {
    let said = LastImport::of(now);
    let changed = |what: fn(&LastImport) -> Value| last.is_none_or(|last| what(last) != what(&said));
    let differs = |one: bool, there_changed: bool| one && there_changed;
    let status = match (user.status, now.status) {
        (UserStatus::Active, UserStatus::Disabled) if changed(|it| it.active.into()) => {
            Some(UserStatus::Disabled)
        }
        // Somebody may have been disabled here alone: only a change there lets them in again.
        (UserStatus::Disabled, UserStatus::Active) if last.is_some_and(|last| !last.active) => {
            Some(UserStatus::Active)
        }
        _ => None,
    };
    let attributes = attributes(&user.attributes, last, &now.attributes);
    let remembered = last.map(|last| last.attributes.clone()).unwrap_or_default();
    Ok(AccountUpdate {
        username: differs(user.username != now.username, changed(|it| Value::from(&*it.username)))
            .then(|| now.username.clone()),
        email: differs(user.email != now.email, changed(|it| it.email.as_deref().into()))
            .then(|| now.email.clone()),
        // The other system knows administrators alone; other roles are given here.
        role: differs((user.role == Role::Owner) != (now.role == Role::Owner), changed(|it| it.admin.into()))
            .then_some(now.role),
        status,
        password: password(user, last, now),
        attributes: attributes.map(Attributes::new).transpose()?,
        last: LastImport {
            // What is not spoken of this time was said before all the same.
            attributes: remembered.into_iter().chain(said.attributes.clone()).collect(),
            ..said
        },
    })
}

fn password(user: &User, last: Option<&LastImport>, now: &ImportedUser) -> PasswordFate {
    let is_same = user.password == now.password || user.password.is_unusable() && now.password.is_unusable();
    match last {
        _ if is_same => PasswordFate::Stays,
        Some(last) if last.password == digest(&now.password) => PasswordFate::Stays,
        Some(_) => PasswordFate::Changed(now.password.clone()),
        // There was none, so nobody is signed in with it.
        None if user.password.is_unusable() => PasswordFate::Changed(now.password.clone()),
        None => PasswordFate::Unknown,
    }
}

/// The new attributes, if they change. An attribute that differs from the last import was set by hand, and stays.
fn attributes(
    here: &Attributes,
    last: Option<&LastImport>,
    now: &Map<String, Value>,
) -> Option<Map<String, Value>> {
    let mut merged: Map<String, Value> =
        here.iter().map(|(name, value)| (name.to_owned(), value.clone())).collect();
    let before = merged.clone();
    for (name, value) in now {
        let said = last.and_then(|last| last.attributes.get(name)).filter(|value| !value.is_null());
        if here.get(name) != said {
            continue;
        }
        match value {
            Value::Null => merged.remove(name),
            value => merged.insert(name.clone(), value.clone()),
        };
    }
    (merged != before).then_some(merged)
}

#[cfg(test)]
mod tests {
    use jeton_jose::Timestamp;
    use serde_json::json;

    use super::*;
    use crate::UserId;
    use crate::factor::Enrolled;

    fn there() -> ImportedUser {
        ImportedUser {
            username: name("ada"),
            email: Some("ada@example.org".into()),
            password: PasswordHash::from_stored("pbkdf2 of there"),
            role: Role::Member,
            status: UserStatus::Active,
            attributes: members(json!({"name": "Ada", "is_staff": false, "groups": ["eng"]})),
        }
    }

    /// The account as the import of [`there`] left it.
    fn here() -> User {
        let there = there();
        User {
            id: UserId::from_bytes([1; 16]),
            imported_key: Some("7".into()),
            username: there.username,
            email: there.email,
            password: there.password,
            epoch: 0,
            status: there.status,
            role: there.role,
            created_at: Timestamp::from_unix(0),
            attributes: Attributes::new(there.attributes).expect("attributes"),
            enrolled: Enrolled::default(),
        }
    }

    fn name(text: &str) -> Username {
        Username::parse(text).expect("a name")
    }

    fn members(value: Value) -> Map<String, Value> {
        value.as_object().cloned().expect("an object")
    }

    fn updated(user: &User, now: &ImportedUser) -> AccountUpdate {
        update(user, Some(&LastImport::of(&there())), now).expect("an update")
    }

    fn set_by_hand(user: &mut User, name: &str, value: Value) {
        let mut all: Map<_, _> = user.attributes.iter().map(|(n, v)| (n.to_owned(), v.clone())).collect();
        all.insert(name.to_owned(), value);
        user.attributes = Attributes::new(all).expect("attributes");
    }

    #[test]
    fn what_did_not_change_there_stays_as_it_is_here() {
        assert!(updated(&here(), &there()).changes_nothing());
        let mut user = here();
        user.password = PasswordHash::from_stored("the same password, hashed anew");
        user.status = UserStatus::Disabled;
        user.email = Some("new@example.org".into());
        user.role = Role::Owner;
        set_by_hand(&mut user, "name", json!("Ada Lovelace"));
        set_by_hand(&mut user, "roles", json!(["editor"]));
        assert!(updated(&user, &there()).changes_nothing());
    }

    #[test]
    fn what_changed_there_is_taken_over() {
        let now = ImportedUser {
            username: name("countess"),
            email: None,
            password: PasswordHash::from_stored("another"),
            role: Role::Owner,
            status: UserStatus::Disabled,
            attributes: members(json!({"name": null, "is_staff": true})),
        };
        let mut user = here();
        set_by_hand(&mut user, "roles", json!(["editor"]));
        let update = updated(&user, &now);
        assert_eq!(update.username, Some(name("countess")));
        assert_eq!(
            (update.email, update.role, update.status),
            (Some(None), Some(Role::Owner), Some(UserStatus::Disabled))
        );
        assert_eq!(update.password, PasswordFate::Changed(PasswordHash::from_stored("another")));
        let attributes = update.attributes.expect("they change").to_json();
        assert_eq!(attributes, json!({"groups": ["eng"], "is_staff": true, "roles": ["editor"]}).to_string());
    }

    #[test]
    fn an_attribute_that_was_set_by_hand_stays_though_it_changed_there() {
        let mut user = here();
        set_by_hand(&mut user, "name", json!("By Hand"));
        let mut now = there();
        now.attributes = members(json!({"name": "Ada King", "is_staff": true}));
        let attributes = updated(&user, &now).attributes.expect("they change");
        assert_eq!(
            (attributes.get("name"), attributes.get("is_staff")),
            (Some(&json!("By Hand")), Some(&json!(true)))
        );
    }

    #[test]
    fn somebody_who_was_let_in_again_there_is_let_in_again_here() {
        let gone = ImportedUser { status: UserStatus::Disabled, ..there() };
        let mut user = here();
        user.status = UserStatus::Disabled;
        let update = super::update(&user, Some(&LastImport::of(&gone)), &there()).expect("an update");
        assert_eq!(update.status, Some(UserStatus::Active));
    }

    #[test]
    fn marks_of_accounts_without_a_password_are_all_alike() {
        let first = ImportedUser { password: PasswordHash::from_stored("!one"), ..there() };
        let second = ImportedUser { password: PasswordHash::from_stored("!two"), ..there() };
        let mut user = here();
        user.password = PasswordHash::from_stored("set at this authority since");
        let update = super::update(&user, Some(&LastImport::of(&first)), &second).expect("an update");
        assert_eq!(update.password, PasswordFate::Stays);
    }

    #[test]
    fn where_nothing_was_remembered_no_session_ends_and_nothing_of_here_is_lost() {
        let mut user = here();
        user.password = PasswordHash::from_stored("hashed anew");
        user.status = UserStatus::Disabled;
        set_by_hand(&mut user, "name", json!("By Hand"));
        let mut now = there();
        now.username = name("countess");
        now.attributes.insert("is_superuser".to_owned(), json!(true));
        let update = super::update(&user, None, &now).expect("an update");
        assert_eq!((update.password, update.status), (PasswordFate::Unknown, None));
        assert_eq!(update.username, Some(name("countess")));
        let attributes = update.attributes.expect("they change");
        assert_eq!(
            (attributes.get("name"), attributes.get("is_superuser")),
            (Some(&json!("By Hand")), Some(&json!(true)))
        );
        assert_eq!(LastImport::from_json(&update.last.to_json()), Some(update.last));
    }
}
