//! Accounts: users who come from elsewhere, change or go.

use std::time::Duration;

use jeton_authority::audit::{Actor, AuditEnd, AuditEvent, AuditFilter};
use jeton_authority::refresh_token::RefreshRefusal;
use jeton_authority::store::{AccountChange, AccountsUpdated, NewUser, Refresh, UserAddition, UserChange};
use jeton_authority::user::{Attributes, Role, User, UserStatus};
use jeton_authority::user::{ImportedUser, LastImport, Leaving, LeavingChange};
use jeton_authority::{GrantId, UserId};
use jeton_jose::Timestamp;

use super::fixture::{CALLERS, Fresh, HOME, OPERATOR, at, hash, new_grant, new_user, unknown_user, username};

/// A user as another system has them.
pub(super) fn imported(name: &str) -> ImportedUser {
    ImportedUser {
        username: username(name),
        email: None,
        password: hash("of there"),
        role: Role::Member,
        status: UserStatus::Active,
        attributes: [("name".to_owned(), name.into())].into_iter().collect(),
    }
}

fn new(name: &str, key: &str) -> (NewUser, LastImport) {
    let there = imported(name);
    let mut user = new_user(name);
    user.imported_key = Some(key.into());
    user.password = there.password.clone();
    user.attributes = Attributes::new(there.attributes.clone()).expect("attributes");
    (user, LastImport::of(&there))
}

pub(super) async fn added(fresh: &Fresh, name: &str, key: &str) -> UserId {
    let (user, last) = new(name, key);
    let id = user.id;
    let additions = fresh.add_imported_users(vec![(user, last)], OPERATOR).await.expect("importing");
    assert_eq!(additions, [UserAddition::Added]);
    id
}

async fn update(fresh: &Fresh, users: Vec<(UserId, ImportedUser)>) -> AccountsUpdated {
    fresh.update_imported_users(users, OPERATOR, at(5)).await.expect("updating")
}

fn done(changes: AccountsUpdated) -> Vec<AccountChange> {
    match changes {
        AccountsUpdated::Done(changes) => changes,
        other => panic!("they are not up to date: {other:?}"),
    }
}

pub(super) async fn imported_users_are_added_each_for_itself(fresh: &Fresh) {
    fresh.user("bob").await;
    let users = vec![new("ada", "1"), new("bob", "2"), new("cy", "1"), new("dot", "4")];
    let additions = fresh.add_imported_users(users, OPERATOR).await.expect("importing");
    let expected =
        [UserAddition::Added, UserAddition::NameTaken, UserAddition::ImportedKeyTaken, UserAddition::Added];
    assert_eq!(additions, expected);
    assert_eq!(fresh.found("dot").await.imported_key.as_deref(), Some("4"));
    assert_eq!(fresh.find_user(&username("cy")).await.expect("finding"), None);
}

pub(super) async fn nobody_has_the_identifier_of_another_as_a_key(fresh: &Fresh) {
    let ada = fresh.user("ada").await;
    let (user, last) = new("eve", &ada.to_string());
    let additions = fresh.add_imported_users(vec![(user, last)], OPERATOR).await.expect("importing");
    assert_eq!(additions, [UserAddition::ImportedKeyTaken]);
}

pub(super) async fn an_update_changes_what_changed_elsewhere(fresh: &Fresh) {
    let ada = added(fresh, "ada", "1").await;
    let grant = fresh.grant(ada).await;
    // Hashed anew here, which is no change there.
    fresh.rehash_password(ada, &hash("of there"), hash("anew")).await.expect("rehashing");
    let mut now = imported("countess");
    now.email = Some("ada@example.org".into());
    now.role = Role::Owner;
    let changes = done(update(fresh, vec![(ada, now.clone())]).await);
    assert_eq!(changes, [AccountChange { changed: true, grants_ended: 0, password_unknown: false }]);
    let found = fresh.found("countess").await;
    assert_eq!((found.id, found.email.as_deref(), found.role), (ada, Some("ada@example.org"), Role::Owner));
    assert_eq!((found.password, found.epoch), (hash("anew"), 0));
    assert_eq!(found.attributes.get("name"), Some(&"countess".into()));
    assert_eq!(found.imported_key.as_deref(), Some("1"));
    assert!(fresh.stands(grant).await);
    assert_eq!(fresh.find_user(&username("ada")).await.expect("finding"), None);

    let again = done(update(fresh, vec![(ada, now.clone())]).await);
    assert_eq!(again, [AccountChange { changed: false, grants_ended: 0, password_unknown: false }]);
    let events = fresh.audited().await;
    assert_eq!(events, [AuditEvent::UserAdded, AuditEvent::UserChanged, AuditEvent::AttributesChanged]);

    now.password = hash("another of there");
    let changes = done(update(fresh, vec![(ada, now.clone())]).await);
    assert_eq!((changes[0].changed, changes[0].grants_ended), (true, 1));
    let found = fresh.found("countess").await;
    assert_eq!((found.password, found.epoch), (hash("another of there"), 1));
    now.status = UserStatus::Disabled;
    done(update(fresh, vec![(ada, now)]).await);
    assert_eq!(fresh.found("countess").await.status, UserStatus::Disabled);
}

pub(super) async fn users_swap_their_names_and_a_taken_one_changes_nothing(fresh: &Fresh) {
    let (ada, bob) = (added(fresh, "ada", "1").await, added(fresh, "bob", "2").await);
    fresh.user("cy").await;
    done(update(fresh, vec![(ada, imported("bob")), (bob, imported("ada"))]).await);
    assert_eq!((fresh.found("bob").await.id, fresh.found("ada").await.id), (ada, bob));

    let outcome = update(fresh, vec![(bob, imported("dot")), (ada, imported("cy"))]).await;
    assert_eq!(outcome, AccountsUpdated::NameTaken(username("cy")));
    assert_eq!((fresh.found("bob").await.id, fresh.found("ada").await.id), (ada, bob));
    done(update(fresh, vec![(bob, imported("dot")), (ada, imported("ada"))]).await);
    assert_eq!((fresh.found("ada").await.id, fresh.found("dot").await.id), (ada, bob));
    let nobody = unknown_user();
    let outcome = update(fresh, vec![(ada, imported("eve")), (nobody, imported("x"))]).await;
    assert_eq!(outcome, AccountsUpdated::Refused(nobody));
    assert_eq!(fresh.find_user(&username("eve")).await.expect("finding"), None);
}

pub(super) async fn of_many_updates_at_once_each_name_goes_to_one(fresh: &Fresh) {
    let mut users = Vec::new();
    for caller in 0..CALLERS {
        users.push(added(fresh, &format!("user-{caller}"), &caller.to_string()).await);
    }
    let answers = fresh
        .at_once(move |store, caller| {
            let user = users[caller];
            async move {
                store
                    .update_imported_users(vec![(user, imported("wanted"))], OPERATOR, at(5))
                    .await
                    .expect("updating")
            }
        })
        .await;
    let won = answers.iter().filter(|answer| matches!(answer, AccountsUpdated::Done(_))).count();
    assert_eq!(won, 1);
    assert!(answers.iter().all(|answer| {
        matches!(answer, AccountsUpdated::Done(_))
            || *answer == AccountsUpdated::NameTaken(username("wanted"))
    }));
}

pub(super) async fn an_address_is_changed_and_taken_away(fresh: &Fresh) {
    let ada = fresh.user("ada").await;
    for email in [Some("ada@example.org"), None] {
        let change = fresh.change_email(ada, email.map(Into::into), OPERATOR, at(1)).await.expect("changing");
        assert_eq!(change, UserChange::Done { grants_ended: 0 });
        assert_eq!(fresh.found("ada").await.email.as_deref(), email);
    }
    let change = fresh.change_email(unknown_user(), None, OPERATOR, at(1)).await.expect("changing");
    assert_eq!(change, UserChange::UnknownUser);
}

pub(super) async fn a_removed_user_is_found_by_nobody_and_their_grants_have_ended(fresh: &Fresh) {
    let (ada, bob) = (added(fresh, "ada", "1").await, fresh.user("bob").await);
    let grants = [fresh.grant(ada).await, fresh.grant(bob).await];
    fresh.note_known_network(ada, HOME, 5, at(0)).await.expect("noting");
    let change = fresh.remove_user(ada, OPERATOR, at(2)).await.expect("removing");
    assert_eq!(change, UserChange::Done { grants_ended: 1 });
    assert_eq!(fresh.which_stand(grants).await, [false, true]);
    let refused = Refresh::Refused(RefreshRefusal::UserDisabled);
    assert_eq!(fresh.present(grants[0], 0, HOME, at(3)).await, refused);
    assert_eq!(fresh.find_user(&username("ada")).await.expect("finding"), None);
    assert_eq!(fresh.find_user_by_id(ada).await.expect("finding"), None);
    let names = fresh.list_users(None, 10).await.expect("listing");
    assert_eq!(names.iter().map(|user: &User| user.username.as_str()).collect::<Vec<_>>(), ["bob"]);
    assert_eq!(fresh.find_known_network(ada, HOME).await.expect("looking"), None);
    for change in [
        fresh.remove_user(ada, OPERATOR, at(3)).await,
        fresh.disable_user(ada, OPERATOR, at(3)).await,
        fresh.enable_user(ada, OPERATOR, at(3)).await,
        fresh.change_password(ada, hash("second"), None, OPERATOR, at(3)).await,
        fresh.change_email(ada, None, OPERATOR, at(3)).await,
    ] {
        assert_eq!(change.expect("trying"), UserChange::UnknownUser);
    }
    // What was allowed before opens nothing.
    let late = new_grant(ada);
    let late_id: GrantId = late.id;
    fresh.open_grant(late).await.expect("trying");
    assert_eq!(fresh.grant_standing(late_id).await.expect("looking"), None);
    // The name and the key are somebody else's.
    let again = added(fresh, "ada", "1").await;
    assert_ne!(again, ada);
    assert!(!fresh.stands(grants[0]).await);
}

impl Fresh {
    async fn leaving(&self, user: UserId, wish: Leaving, seconds: i64) -> LeavingChange {
        self.change_removal(user, wish, Some(HOME), at(seconds)).await.expect("noting a wish")
    }

    async fn removal_of(&self, user: UserId) -> Option<Timestamp> {
        self.find_removal(user).await.expect("looking")
    }

    async fn removed_by(&self, seconds: i64, limit: u32) -> u64 {
        self.remove_leaving_users(at(seconds), limit).await.expect("removing")
    }
}

const WAIT: Leaving = Leaving::After(Duration::from_secs(100));

pub(super) async fn who_wants_to_leave_is_removed_when_their_time_has_come(fresh: &Fresh) {
    let [ada, bob, zoe] = [fresh.user("ada").await, fresh.user("bob").await, fresh.user("zoe").await];
    let grant = fresh.grant(ada).await;
    assert_eq!(fresh.leaving(ada, WAIT, 10).await, LeavingChange::Done(Some(at(110))));
    assert_eq!(fresh.leaving(ada, WAIT, 50).await, LeavingChange::Done(Some(at(110))), "it is not put off");
    assert_eq!(fresh.leaving(bob, WAIT, 20).await, LeavingChange::Done(Some(at(120))));
    assert_eq!([fresh.removal_of(ada).await, fresh.removal_of(zoe).await], [Some(at(110)), None]);
    assert_eq!(fresh.removed_by(109, 10).await, 0);
    assert!(fresh.stands(grant).await);
    assert_eq!(fresh.removed_by(120, 1).await, 1, "one a step");
    assert_eq!(fresh.find_user_by_id(ada).await.expect("looking"), None);
    assert!(!fresh.stands(grant).await);
    assert_eq!([fresh.removed_by(120, 10).await, fresh.removed_by(1_000, 10).await], [1, 0]);
    assert_eq!(fresh.find_user_by_id(zoe).await.expect("looking").map(|user| user.id), Some(zoe));
    let records = fresh.list_audit_of(ada, 10).await.expect("listing");
    let events: Vec<_> = records.iter().map(|record| (record.event, record.actor.clone())).collect();
    let herself = Some(Actor::User(ada));
    assert_eq!(events[0], (AuditEvent::UserRemoved, herself.clone()));
    assert_eq!(events[1], (AuditEvent::RemovalRequested, herself), "{events:?}");
}

pub(super) async fn who_changes_their_mind_is_not_removed(fresh: &Fresh) {
    let ada = fresh.user("ada").await;
    assert_eq!(fresh.leaving(ada, Leaving::NoLonger, 5).await, LeavingChange::Done(None));
    fresh.leaving(ada, WAIT, 10).await;
    assert_eq!(fresh.leaving(ada, Leaving::NoLonger, 20).await, LeavingChange::Done(None));
    assert_eq!(fresh.removed_by(1_000, 10).await, 0);
    assert_eq!(fresh.removal_of(ada).await, None);
    let expected = [AuditEvent::UserAdded, AuditEvent::RemovalRequested, AuditEvent::RemovalCancelled];
    assert_eq!(fresh.audited().await, expected);
    assert_eq!(fresh.leaving(unknown_user(), WAIT, 10).await, LeavingChange::UnknownUser);
    assert_eq!(fresh.removal_of(unknown_user()).await, None);
}

pub(super) async fn the_trail_is_read_by_user_time_and_place(fresh: &Fresh) {
    let [ada, bob] = [fresh.user("ada").await, fresh.user("bob").await];
    for (user, seconds) in [(ada, 1), (bob, 2), (ada, 3)] {
        fresh.revoke_user_grants(user, None, OPERATOR, at(seconds)).await.expect("signing out");
    }
    let read = async |filter, limit| fresh.read_audit(filter, limit).await.expect("reading");
    let all = read(AuditFilter::default(), 10).await;
    assert_eq!(all.iter().map(|(_, record)| record.at).collect::<Vec<_>>(), [0, 0, 1, 2, 3].map(at));
    let of_ada =
        read(AuditFilter { user: Some(ada), since: Some(at(1)), ..AuditFilter::default() }, 10).await;
    assert_eq!(of_ada.iter().map(|(_, record)| record.at).collect::<Vec<_>>(), [1, 3].map(at));
    let newest = read(AuditFilter { end: AuditEnd::Newest, ..AuditFilter::default() }, 2).await;
    assert_eq!(newest, all[3..]);
    let rest = read(AuditFilter { after: Some(all[1].0), ..AuditFilter::default() }, 2).await;
    assert_eq!(rest, all[2..4]);
}
