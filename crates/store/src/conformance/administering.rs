//! Roles: giving them, who may do what to whom, and that an owner stays. Finding users by the beginnings of their names.

use jeton_authority::UserId;
use jeton_authority::audit::{Actor, AuditEvent};
use jeton_authority::store::UserChange;
use jeton_authority::user::{
    ActRefusal, AttributeChange, Attributes, Role, User, UserEdit, UserEdited, UserStatus, Username,
};
use serde_json::json;

use super::fixture::{Fresh, OPERATOR, at, hash, new_user, unknown_user, username};

/// A user with a role.
async fn with_role(fresh: &Fresh, name: &str, role: Role) -> UserId {
    let user = new_user(name);
    let (id, user) = (user.id, jeton_authority::store::NewUser { role, ..user });
    fresh.add_user(user, OPERATOR).await.expect("adding");
    id
}

async fn give(fresh: &Fresh, user: UserId, role: Role, by: Actor) -> UserEdited {
    let edit = UserEdit { role: Some(role), ..UserEdit::default() };
    fresh.edit_user(user, edit, by, at(5)).await.expect("editing")
}

const NOT_ALLOWED: UserChange = UserChange::Refused(ActRefusal::NotAllowed);
const LAST_OWNER: UserChange = UserChange::Refused(ActRefusal::LastOwner);

pub(super) async fn a_role_comes_back_as_it_was_given(fresh: &Fresh) {
    let ada = fresh.user("ada").await;
    let grant = fresh.grant(ada).await;
    for role in Role::ALL.into_iter().rev() {
        assert!(matches!(give(fresh, ada, role, OPERATOR).await, UserEdited::Done(_)));
        assert_eq!(fresh.found("ada").await.role, role);
    }
    for role in Role::ALL {
        let added = with_role(fresh, role.as_str(), role).await;
        assert_eq!(fresh.find_user_by_id(added).await.expect("finding").expect("a user").role, role);
    }
    assert!(fresh.stands(grant).await, "another role ends nothing");
    assert_eq!(give(fresh, unknown_user(), Role::Owner, OPERATOR).await, UserEdited::UnknownUser);
}

pub(super) async fn a_change_is_made_as_a_whole_for_the_version_it_expects_and_is_recorded(fresh: &Fresh) {
    let ada = fresh.user("ada").await;
    let before = fresh.found("ada").await;
    let attribute = |value| AttributeChange::new("name", value).expect("an attribute");
    let edit = UserEdit {
        email: Some(Some("ada@example.org".into())),
        role: Some(Role::Auditor),
        attributes: vec![attribute(json!("Ada"))],
        expected: Some(before.version()),
    };
    let UserEdited::Done(after) = fresh.edit_user(ada, edit.clone(), OPERATOR, at(1)).await.expect("editing")
    else {
        panic!("it was not done")
    };
    assert_eq!(*after, fresh.found("ada").await);
    let attributes = Attributes::from_json(r#"{"name":"Ada"}"#).expect("attributes");
    let wanted =
        User { email: Some("ada@example.org".into()), role: Role::Auditor, attributes, ..before.clone() };
    assert_eq!(*after, wanted);
    let recorded: Vec<_> = fresh.list_audit(3).await.expect("listing");
    let told = |event| {
        let record = recorded.iter().find(|record| record.event == event).expect("a record");
        assert_eq!((record.subject.user, record.actor.clone()), (Some(ada), Some(OPERATOR)));
        record.changes.as_ref().expect("changes").to_value()
    };
    assert_eq!(told(AuditEvent::RoleChanged), json!({"role": {"before": "member", "after": "auditor"}}));
    assert_eq!(told(AuditEvent::UserChanged), json!({"email": {"before": null, "after": "ada@example.org"}}));
    assert_eq!(told(AuditEvent::AttributesChanged), json!({"name": {"before": null, "after": "Ada"}}));

    // The version is another one now, so nothing of a change for the old one is made.
    let again = UserEdit { role: Some(Role::Owner), ..edit };
    assert_eq!(fresh.edit_user(ada, again, OPERATOR, at(2)).await.expect("editing"), UserEdited::Outdated);
    let reserved = AttributeChange::new("sub", json!("x")).expect("a name");
    let wrong = UserEdit { role: Some(Role::Owner), attributes: vec![reserved], ..UserEdit::default() };
    let outcome = fresh.edit_user(ada, wrong, OPERATOR, at(2)).await.expect("editing");
    assert!(matches!(outcome, UserEdited::Attributes(_)), "{outcome:?}");
    assert_eq!(fresh.found("ada").await, *after);
}

pub(super) async fn nobody_acts_on_who_has_more_rights_or_gives_rights_that_they_do_not_have(fresh: &Fresh) {
    let owner = with_role(fresh, "owner", Role::Owner).await;
    with_role(fresh, "second owner", Role::Owner).await;
    let member = fresh.user("ada").await;
    for role in [Role::Member, Role::Auditor, Role::Operator] {
        let actor = with_role(fresh, role.as_str(), role).await;
        let by = || Actor::User(actor);
        let targets = if role == Role::Operator { vec![owner] } else { vec![owner, member] };
        for target in targets {
            let changes = [
                fresh.disable_user(target, by(), at(1)).await.expect("disabling"),
                fresh.enable_user(target, by(), at(1)).await.expect("enabling"),
                fresh.remove_user(target, by(), at(1)).await.expect("removing"),
                fresh.change_password(target, hash("other"), None, by(), at(1)).await.expect("changing"),
                fresh
                    .change_email(target, Some("x@example.org".into()), by(), at(1))
                    .await
                    .expect("changing"),
                fresh.change_attributes(target, Attributes::default(), by(), at(1)).await.expect("changing"),
            ];
            assert_eq!(changes, [NOT_ALLOWED; 6], "{role:?}");
        }
        for target in [member, actor] {
            let given = give(fresh, target, Role::Owner, by()).await;
            assert_eq!(given, UserEdited::Refused(ActRefusal::NotAllowed), "{role:?}");
        }
    }
    let found = fresh.find_user_by_id(owner).await.expect("finding").expect("a user");
    assert_eq!((found.role, found.status, found.epoch), (Role::Owner, UserStatus::Active, 0));
    let operator = fresh.found("operator").await.id;
    assert!(matches!(give(fresh, member, Role::Auditor, Actor::User(operator)).await, UserEdited::Done(_)));
    // Who is disabled or demoted may do nothing from that moment on.
    fresh.disable_user(operator, OPERATOR, at(2)).await.expect("disabling");
    let change = fresh.disable_user(member, Actor::User(operator), at(3)).await.expect("disabling");
    assert_eq!(change, NOT_ALLOWED);
}

pub(super) async fn the_last_owner_stays_but_for_the_command_line(fresh: &Fresh) {
    let ada = with_role(fresh, "ada", Role::Owner).await;
    let bob = with_role(fresh, "bob", Role::Owner).await;
    fresh.disable_user(bob, Actor::User(ada), at(1)).await.expect("disabling");
    let by = || Actor::User(ada);
    assert_eq!(fresh.disable_user(ada, by(), at(2)).await.expect("disabling"), LAST_OWNER);
    assert_eq!(fresh.remove_user(ada, by(), at(2)).await.expect("removing"), LAST_OWNER);
    let given = give(fresh, ada, Role::Operator, by()).await;
    assert_eq!(given, UserEdited::Refused(ActRefusal::LastOwner), "a disabled owner is none");
    let password = fresh.change_password(ada, hash("other"), None, by(), at(2)).await.expect("changing");
    assert!(matches!(password, UserChange::Done { .. }));
    fresh.enable_user(bob, by(), at(3)).await.expect("enabling");
    assert!(matches!(give(fresh, ada, Role::Operator, by()).await, UserEdited::Done(_)));
    assert!(matches!(give(fresh, bob, Role::Member, OPERATOR).await, UserEdited::Done(_)));
    assert!(matches!(give(fresh, ada, Role::Owner, OPERATOR).await, UserEdited::Done(_)));
}

pub(super) async fn of_owners_who_demote_each_other_at_once_one_stays(fresh: &Fresh) {
    let owners = [
        with_role(fresh, "ada", Role::Owner).await,
        with_role(fresh, "bob", Role::Owner).await,
        with_role(fresh, "cy", Role::Owner).await,
    ];
    fresh
        .at_once(move |store, caller| async move {
            let (by, target) = (Actor::User(owners[caller % 3]), owners[(caller + 1 + caller / 3 % 2) % 3]);
            match caller % 5 {
                0 | 1 => drop(store.disable_user(target, by, at(1)).await.expect("disabling")),
                2 => drop(store.remove_user(target, by, at(1)).await.expect("removing")),
                _ => {
                    let edit = UserEdit { role: Some(Role::Member), ..UserEdit::default() };
                    drop(store.edit_user(target, edit, by, at(1)).await.expect("editing"));
                }
            }
        })
        .await;
    let mut left = Vec::new();
    for owner in owners {
        left.extend(fresh.find_user_by_id(owner).await.expect("finding"));
    }
    left.retain(|user| user.role == Role::Owner && user.status == UserStatus::Active);
    assert_eq!(left.len(), 1, "each wanted the others gone");
}

pub(super) async fn users_are_found_by_the_beginnings_of_their_names(fresh: &Fresh) {
    for name in ["Ada", "adam", "ad", "bob", "ÄDA", "ada%", "ad_a", "\u{10ffff}x"] {
        fresh.user(name).await;
    }
    let gone = fresh.user("adagone").await;
    fresh.remove_user(gone, OPERATOR, at(1)).await.expect("removing");
    let found = async |prefix: &str, limit: u32| {
        let (mut names, mut after): (Vec<String>, Option<Username>) = (Vec::new(), None);
        loop {
            let page = fresh.search_users(prefix, after.as_ref(), limit).await.expect("searching");
            assert!(page.len() <= limit as usize);
            let Some(last) = page.last() else { return names };
            after = Some(last.username.clone());
            names.extend(page.iter().map(|user| user.username.to_string()));
        }
    };
    for limit in [1, 2, 100] {
        assert_eq!(found("ada", limit).await, ["Ada", "ada%", "adam"]);
        assert_eq!(found("ad", limit).await, ["ad", "ad_a", "Ada", "ada%", "adam"]);
        assert_eq!(found("äd", limit).await, ["ÄDA"]);
        assert_eq!(found("ada%", limit).await, ["ada%"]);
        assert_eq!(found("x", limit).await, [""; 0]);
        assert_eq!(found("", limit).await.len(), 8);
    }
    assert_eq!(found(&"a".repeat(300), 10).await, [""; 0]);
}

pub(super) async fn names_that_are_longer_than_an_index_takes_are_found_too(fresh: &Fresh) {
    let long = "n".repeat(220);
    for end in ["a", "b", "c"] {
        fresh.user(&format!("{long}{end}")).await;
    }
    let after = username(&format!("{long}a"));
    let page = fresh.search_users(&long, Some(&after), 1).await.expect("searching");
    assert_eq!(page[0].username.as_str(), format!("{long}b"));
    let page = fresh.search_users(&format!("{long}c"), None, 5).await.expect("searching");
    assert_eq!(page.len(), 1);
}

pub(super) async fn administrators_are_listed(fresh: &Fresh) {
    for (name, role) in
        [("ada", Role::Member), ("bob", Role::Owner), ("cy", Role::Auditor), ("a", Role::Operator)]
    {
        with_role(fresh, name, role).await;
    }
    let listed = fresh.list_administrators(10).await.expect("listing");
    let listed: Vec<_> = listed.iter().map(|user| (user.username.as_str(), user.role)).collect();
    assert_eq!(listed, [("a", Role::Operator), ("bob", Role::Owner), ("cy", Role::Auditor)]);
}
