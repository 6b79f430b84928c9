//! Changing what is known of a user, as one change: either all of it happens, or nothing.

use jeton_jose::Timestamp;
use serde_json::{Map, Value};

use super::administering::{Act, ActRefusal, Privileges, permit};
use super::standing::record;
use super::{AttributeChange, AttributesError, Role, User, UserStatus};
use crate::ShownDigest;
use crate::audit::{Actor, AuditEvent, AuditRecord, Changes};

/// What is to change of a user. The rest stays.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct UserEdit {
    /// Another email address, or none.
    pub email: Option<Option<Box<str>>>,
    /// Another role.
    pub role: Option<Role>,
    /// Other attributes.
    pub attributes: Vec<AttributeChange>,
    /// The version of the user that the change is made for ([`User::version`]), if it matters.
    pub expected: Option<ShownDigest>,
}

/// What came of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UserEdited {
    /// The user from now on.
    Done(Box<User>),
    /// There is no such user.
    UnknownUser,
    /// The user is not as the change expects.
    Outdated,
    /// Who asks may not.
    Refused(ActRefusal),
    /// The attributes cannot be those of a user.
    Attributes(AttributesError),
}

/// The user after a change, with what goes into the audit trail. Nothing is recorded of what stays.
///
/// # Errors
/// The outcome where nothing is written.
pub fn edit(
    user: &User,
    edit: &UserEdit,
    by: &Actor,
    actor: Option<Privileges>,
    other_owners: u64,
    now: Timestamp,
) -> Result<(User, Vec<AuditRecord>), UserEdited> {
    if edit.expected.is_some_and(|expected| expected != user.version()) {
        return Err(UserEdited::Outdated);
    }
    let target = user.privileges();
    permit(Act::Change, target, by, actor, other_owners).map_err(UserEdited::Refused)?;
    let mut after = user.clone();
    let mut records = Vec::new();
    if let Some(role) = edit.role {
        if role != user.role {
            permit(Act::Give(role), target, by, actor, other_owners).map_err(UserEdited::Refused)?;
            let changes = Changes::of("role", user.role.as_str(), role.as_str());
            records.push(record(AuditEvent::RoleChanged, user.id, by, now).with_changes(changes));
        }
        after.role = role;
    }
    if let Some(email) = &edit.email {
        let changes = Changes::of("email", user.email.as_deref(), email.as_deref());
        if changes.is_some() {
            records.push(record(AuditEvent::UserChanged, user.id, by, now).with_changes(changes));
        }
        after.email.clone_from(email);
    }
    if !edit.attributes.is_empty() {
        after.attributes = user.attributes.changed(&edit.attributes).map_err(UserEdited::Attributes)?;
        let changes = Changes::between(user.attributes.members(), after.attributes.members());
        if changes.is_some() {
            records.push(record(AuditEvent::AttributesChanged, user.id, by, now).with_changes(changes));
        }
    }
    Ok((after, records))
}

impl User {
    /// What of the user decides what they may do, and what may be done to them.
    pub const fn privileges(&self) -> Privileges {
        Privileges { id: self.id, role: self.role, status: self.status }
    }

    /// What tells this version of the user from others.
    pub fn version(&self) -> ShownDigest {
        let status = match self.status {
            UserStatus::Active => "active",
            UserStatus::Disabled => "disabled",
        };
        let mut known = Map::new();
        known.insert("email".to_owned(), self.email.as_deref().into());
        ShownDigest::of([
            &*self.id.to_string(),
            self.username.as_str(),
            &Value::Object(known).to_string(),
            status,
            self.role.as_str(),
            &self.epoch.to_string(),
            &self.enrolled.to_text(),
            &self.attributes.to_json(),
        ])
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::UserId;
    use crate::factor::Enrolled;
    use crate::password::PasswordHash;
    use crate::user::{Attributes, Username};

    const NOW: Timestamp = Timestamp::from_unix(1_000);
    const BOB: UserId = UserId::from_bytes([2; 16]);

    fn ada() -> User {
        User {
            id: UserId::from_bytes([1; 16]),
            imported_key: None,
            username: Username::parse("ada").expect("a name"),
            email: Some("ada@example.org".into()),
            password: PasswordHash::from_stored("hash"),
            epoch: 3,
            status: UserStatus::Active,
            role: Role::Member,
            created_at: NOW,
            attributes: Attributes::from_json(r#"{"name":"Ada","level":1}"#).expect("attributes"),
            enrolled: Enrolled::default(),
        }
    }

    fn bob(role: Role) -> Option<Privileges> {
        Some(Privileges { id: BOB, role, status: UserStatus::Active })
    }

    fn set(name: &str, value: Value) -> AttributeChange {
        AttributeChange::new(name, value).expect("a change")
    }

    #[test]
    fn what_is_named_changes_with_a_record_of_before_and_after_and_the_rest_stays() {
        let what = UserEdit {
            email: Some(None),
            role: Some(Role::Auditor),
            attributes: vec![set("level", json!(2))],
            expected: Some(ada().version()),
        };
        let (after, records) =
            edit(&ada(), &what, &Actor::User(BOB), bob(Role::Operator), 1, NOW).expect("permitted");
        assert_eq!((after.email.as_deref(), after.role), (None, Role::Auditor));
        assert_eq!(after.attributes.to_json(), r#"{"level":2,"name":"Ada"}"#);
        assert_ne!(after.version(), ada().version());
        let told: Vec<_> = records
            .iter()
            .map(|record| (record.event, record.changes.as_ref().expect("changes").to_value()))
            .collect();
        assert_eq!(
            told,
            [
                (AuditEvent::RoleChanged, json!({"role": {"before": "member", "after": "auditor"}})),
                (AuditEvent::UserChanged, json!({"email": {"before": "ada@example.org", "after": null}})),
                (AuditEvent::AttributesChanged, json!({"level": {"before": 1, "after": 2}})),
            ]
        );
        assert!(records.iter().all(|record| record.actor == Some(Actor::User(BOB))));
    }

    #[test]
    fn what_stays_as_it_was_is_not_recorded() {
        let what = UserEdit {
            email: Some(ada().email),
            role: Some(Role::Member),
            attributes: vec![set("level", json!(1)), set("none", Value::Null)],
            expected: None,
        };
        let (after, records) = edit(&ada(), &what, &Actor::Operator, None, 0, NOW).expect("permitted");
        assert_eq!((after.version(), records), (ada().version(), vec![]));
    }

    #[test]
    fn a_change_for_another_version_changes_nothing() {
        for other in [
            User { email: None, ..ada() },
            User { epoch: 4, ..ada() },
            User { role: Role::Auditor, ..ada() },
            User { status: UserStatus::Disabled, ..ada() },
            User { attributes: Attributes::default(), ..ada() },
        ] {
            let what = UserEdit { expected: Some(other.version()), ..UserEdit::default() };
            assert_eq!(edit(&ada(), &what, &Actor::Operator, None, 0, NOW), Err(UserEdited::Outdated));
        }
    }

    #[test]
    fn who_may_not_give_a_role_changes_nothing_else_either() {
        let what = UserEdit { email: Some(None), role: Some(Role::Owner), ..UserEdit::default() };
        let refused = edit(&ada(), &what, &Actor::User(BOB), bob(Role::Operator), 1, NOW);
        assert_eq!(refused, Err(UserEdited::Refused(ActRefusal::NotAllowed)));
        let owner = User { role: Role::Owner, ..ada() };
        let what = UserEdit { email: Some(Some("bob@example.org".into())), ..UserEdit::default() };
        let refused = edit(&owner, &what, &Actor::User(BOB), bob(Role::Operator), 1, NOW);
        assert_eq!(
            refused,
            Err(UserEdited::Refused(ActRefusal::NotAllowed)),
            "an address leads into the account"
        );
    }
}
