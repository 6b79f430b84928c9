//! Users: adding, finding, listing, and what ends with a change to one.

use jeton_authority::UserId;
use jeton_authority::audit::{Actor, AuditEvent};
use jeton_authority::factor::Enrolled;
use jeton_authority::password::PasswordHash;
use jeton_authority::refresh_token::RefreshRefusal;
use jeton_authority::store::{Refresh, UserAddition, UserChange};
use jeton_authority::user::LastImport;
use jeton_authority::user::{Attributes, Role, User, UserStanding, UserStatus};

use super::accounts;
use super::fixture::{Fresh, HOME, IDLE, LIFETIME, OPERATOR, at, hash, new_user, unknown_user, username};

pub(super) async fn a_user_is_found_as_it_was_added(fresh: &Fresh) {
    let mut new = new_user("Ada Ünal");
    new.imported_key = Some("17".into());
    new.email = Some("ada@example.org".into());
    new.role = Role::Owner;
    new.status = UserStatus::Disabled;
    new.attributes = attributes(r#"{"name":"Ada Ünal","roles":["a","b"],"address":{"country":"TR"}}"#);
    assert_eq!(fresh.add_user(new.clone(), OPERATOR).await.expect("adding"), UserAddition::Added);
    let expected = User {
        id: new.id,
        imported_key: new.imported_key,
        username: new.username,
        email: new.email,
        password: new.password,
        epoch: 0,
        status: new.status,
        role: new.role,
        created_at: new.created_at,
        attributes: new.attributes,
        enrolled: Enrolled::default(),
    };
    assert_eq!(fresh.found("Ada Ünal").await, expected);
    assert_eq!(fresh.find_user_by_id(expected.id).await.expect("finding"), Some(expected));
    assert_eq!(fresh.find_user_by_id(unknown_user()).await.expect("finding"), None);
}

fn attributes(json: &str) -> Attributes {
    Attributes::from_json(json).expect("the case writes attributes properly")
}

pub(super) async fn changed_attributes_take_the_place_of_all(fresh: &Fresh) {
    let [ada, _] = [fresh.user("ada").await, fresh.user("bob").await];
    let grant = fresh.grant(ada).await;
    assert!(fresh.found("ada").await.attributes.is_empty());
    for json in [r#"{"name":"Ada","level":1.5,"vip":true,"none":null}"#, r#"{"locale":"tr"}"#, "{}"] {
        let change = fresh.change_attributes(ada, attributes(json), OPERATOR, at(1)).await.expect("changing");
        assert_eq!(change, UserChange::Done { grants_ended: 0 });
        let found = fresh.found("ada").await;
        assert_eq!((found.attributes, found.epoch), (attributes(json), 0));
    }
    assert!(fresh.stands(grant).await);
    assert!(fresh.found("bob").await.attributes.is_empty());
    let change =
        fresh.change_attributes(unknown_user(), attributes("{}"), OPERATOR, at(1)).await.expect("changing");
    assert_eq!(change, UserChange::UnknownUser);
    let record = &fresh.list_audit(1).await.expect("listing")[0];
    assert_eq!((record.event, record.subject.user), (AuditEvent::AttributesChanged, Some(ada)));
}

pub(super) async fn names_are_compared_exactly(fresh: &Fresh) {
    let lower = fresh.user("ada").await;
    let upper = imported(fresh, "Ada").await;
    let spaced = fresh.user("a da").await;
    // One letter, and two characters that look like it.
    let composed = fresh.user("ad\u{e4}").await;
    let decomposed = imported(fresh, "ada\u{308}").await;
    for (name, id) in
        [("ada", lower), ("Ada", upper), ("a da", spaced), ("ad\u{e4}", composed), ("ada\u{308}", decomposed)]
    {
        assert_eq!(fresh.found(name).await.id, id, "{name}");
    }
    for name in ["ad", "ADA", "ada ada", "ada%", "ad_"] {
        assert_eq!(fresh.find_user(&username(name)).await.expect("finding"), None, "{name}");
    }
}

/// Other systems have users whose names look alike, and they come as they are.
async fn imported(fresh: &Fresh, name: &str) -> UserId {
    let user = new_user(name);
    let (id, last) = (user.id, LastImport::of(&accounts::imported(name)));
    let added = fresh.add_imported_users(vec![(user, last)], OPERATOR).await;
    assert_eq!(added.expect("importing"), [UserAddition::Added]);
    id
}

pub(super) async fn a_new_name_that_looks_like_another_is_refused(fresh: &Fresh) {
    let ada = fresh.user("Ad\u{e4}").await;
    for alike in ["ad\u{e4}", "AD\u{c4}", "Ada\u{308}", "\u{ff21}d\u{e4}"] {
        let added = fresh.add_user(new_user(alike), OPERATOR).await.expect("adding");
        assert_eq!(added, UserAddition::SimilarNameTaken, "{alike}");
    }
    assert_eq!(
        fresh.add_user(new_user("Ad\u{e4}"), OPERATOR).await.expect("adding"),
        UserAddition::NameTaken
    );
    fresh.user("ada").await;
    fresh.remove_user(ada, OPERATOR, at(1)).await.expect("removing");
    fresh.user("ad\u{e4}").await;
}

pub(super) async fn names_that_look_alike_are_found_together_the_very_name_first(fresh: &Fresh) {
    let lower = fresh.user("ada").await;
    let upper = imported(fresh, "Ada").await;
    fresh.user("bob").await;
    let found = async |name: &str| -> Vec<UserId> {
        let users = fresh.find_users_alike(&username(name)).await.expect("finding");
        users.iter().map(|user| user.id).collect()
    };
    assert_eq!(found("Ada").await, [upper, lower]);
    assert_eq!(found("ada").await, [lower, upper]);
    assert_eq!(found("ADA").await.len(), 2);
    assert_eq!(found("BOB").await.len(), 1);
    assert_eq!(found("eve").await, []);
    imported(fresh, "ADA").await;
    assert_eq!(found("Ada").await.len(), 2, "two are enough to know");
}

pub(super) async fn a_name_is_taken_once(fresh: &Fresh) {
    let first = fresh.user("ada").await;
    let mut second = new_user("ada");
    second.imported_key = Some("17".into());
    assert_eq!(fresh.add_user(second, OPERATOR).await.expect("adding"), UserAddition::NameTaken);
    assert_eq!(fresh.found("ada").await.id, first);
    assert_eq!(fresh.found("ada").await.imported_key, None);
}

pub(super) async fn an_imported_key_is_taken_once(fresh: &Fresh) {
    let with_key = |name, key: &str| {
        let mut user = new_user(name);
        user.imported_key = Some(key.into());
        user
    };
    assert_eq!(fresh.add_user(with_key("ada", "17"), OPERATOR).await.expect("adding"), UserAddition::Added);
    assert_eq!(
        fresh.add_user(with_key("bob", "17"), OPERATOR).await.expect("adding"),
        UserAddition::ImportedKeyTaken
    );
    assert_eq!(fresh.find_user(&username("bob")).await.expect("finding"), None);
    assert_eq!(fresh.add_user(with_key("bob", "18"), OPERATOR).await.expect("adding"), UserAddition::Added);
    // Having none is no key that could be taken.
    fresh.user("cy").await;
    fresh.user("dot").await;
}

pub(super) async fn users_are_listed_by_name_in_pages(fresh: &Fresh) {
    for name in ["dot", "bob", "ada", "émile", "cy"] {
        fresh.user(name).await;
    }
    imported(fresh, "Ada").await;
    let mut pages = Vec::new();
    let mut after = None;
    loop {
        let page = fresh.list_users(after.as_ref(), 4).await.expect("listing");
        after = page.last().map(|user| user.username.clone());
        if page.is_empty() {
            break;
        }
        pages.push(page.into_iter().map(|user| user.username.to_string()).collect::<Vec<_>>());
    }
    assert_eq!(pages, [vec!["Ada", "ada", "bob", "cy"], vec!["dot", "émile"]]);
    assert_eq!(fresh.list_users(None, 0).await.expect("listing"), []);
}

pub(super) async fn disabling_ends_every_grant_of_the_user(fresh: &Fresh) {
    let [ada, bob] = [fresh.user("ada").await, fresh.user("bob").await];
    let grants = [fresh.grant(ada).await, fresh.grant(ada).await, fresh.grant(bob).await];
    fresh.revoke_grant(grants[1], OPERATOR, at(1)).await.expect("revoking");
    let change = fresh.disable_user(ada, OPERATOR, at(2)).await.expect("disabling");
    assert_eq!(change, UserChange::Done { grants_ended: 1 });
    assert_eq!(fresh.which_stand(grants).await, [false, false, true]);
    let standing = fresh.grant_standing(grants[0]).await.expect("looking").expect("it exists");
    assert_eq!((standing.revoked_at, standing.user), (Some(at(2)), UserStatus::Disabled));
    let found = fresh.found("ada").await;
    assert_eq!((found.status, found.epoch), (UserStatus::Disabled, 1));
    assert_eq!(fresh.found("bob").await.epoch, 0);
}

pub(super) async fn disabling_twice_is_disabling_once(fresh: &Fresh) {
    let ada = fresh.user("ada").await;
    let nothing = UserChange::Done { grants_ended: 0 };
    assert_eq!(fresh.disable_user(ada, OPERATOR, at(1)).await.expect("disabling"), nothing);
    assert_eq!(fresh.disable_user(ada, OPERATOR, at(2)).await.expect("disabling"), nothing);
    assert_eq!(fresh.found("ada").await.epoch, 1);
}

pub(super) async fn enabling_leaves_ended_grants_ended(fresh: &Fresh) {
    let ada = fresh.user("ada").await;
    let grant = fresh.grant(ada).await;
    fresh.disable_user(ada, OPERATOR, at(1)).await.expect("disabling");
    let change = fresh.enable_user(ada, OPERATOR, at(2)).await.expect("enabling");
    assert_eq!(change, UserChange::Done { grants_ended: 0 });
    let found = fresh.found("ada").await;
    assert_eq!((found.status, found.epoch), (UserStatus::Active, 1));
    assert!(!fresh.stands(grant).await);
}

pub(super) async fn what_was_forgotten_to_have_ended_is_ended_again_and_a_newer_change_stays(fresh: &Fresh) {
    let ada = fresh.user("ada").await;
    let (session, grant) = (fresh.session(ada).await, fresh.grant(ada).await);
    let stood = |status, epoch| UserStanding { id: ada, status, epoch };
    let end_again = async |last, seconds| {
        fresh.end_again(last, Actor::Authority, at(seconds)).await.expect("ending again")
    };
    let change = end_again(stood(UserStatus::Active, 2), 1).await;
    assert_eq!(change, UserChange::Done { grants_ended: 0 });
    assert_eq!(fresh.found("ada").await.epoch, 2);
    assert!(fresh.stands(grant).await, "grants end each for itself");
    assert!(fresh.find_session(&session.secret, IDLE, at(1)).await.expect("looking").is_none());
    let change = end_again(stood(UserStatus::Disabled, 3), 2).await;
    assert_eq!(change, UserChange::Done { grants_ended: 1 });
    fresh.enable_user(ada, OPERATOR, at(3)).await.expect("enabling");
    end_again(stood(UserStatus::Disabled, 3), 4).await;
    let found = fresh.found("ada").await;
    assert_eq!((found.status, found.epoch), (UserStatus::Active, 3), "it was enabled since");
    let nobody = UserStanding { id: unknown_user(), ..stood(UserStatus::Disabled, 1) };
    assert_eq!(end_again(nobody, 5).await, UserChange::UnknownUser);
}

pub(super) async fn a_changed_password_ends_all_grants_of_the_user_alone(fresh: &Fresh) {
    let [ada, bob] = [fresh.user("ada").await, fresh.user("bob").await];
    let (own, other) = ([fresh.grant(ada).await, fresh.grant(ada).await], fresh.grant(bob).await);
    let change = fresh.change_password(ada, hash("second"), None, OPERATOR, at(1)).await.expect("changing");
    assert_eq!(change, UserChange::Done { grants_ended: 2 });
    assert_eq!(fresh.which_stand([own[0], own[1], other]).await, [false, false, true]);
    let found = fresh.found("ada").await;
    assert_eq!((found.password, found.epoch), (hash("second"), 1));
}

pub(super) async fn rehashing_changes_neither_grants_nor_the_epoch(fresh: &Fresh) {
    let ada = fresh.user("ada").await;
    let grant = fresh.grant(ada).await;
    fresh.rehash_password(ada, &hash("first"), hash("first, anew")).await.expect("rehashing");
    let found = fresh.found("ada").await;
    assert_eq!((found.password, found.epoch), (hash("first, anew"), 0));
    assert!(fresh.stands(grant).await);
}

pub(super) async fn rehashing_yields_to_a_change_of_password(fresh: &Fresh) {
    let ada = fresh.user("ada").await;
    fresh.change_password(ada, hash("second"), None, OPERATOR, at(1)).await.expect("changing");
    fresh.rehash_password(ada, &hash("first"), hash("first, anew")).await.expect("rehashing");
    assert_eq!(fresh.found("ada").await.password, hash("second"));
}

pub(super) async fn an_expired_grant_does_not_count_as_ended(fresh: &Fresh) {
    let ada = fresh.user("ada").await;
    let grant = fresh.grant(ada).await;
    let change = fresh.disable_user(ada, OPERATOR, at(LIFETIME)).await.expect("disabling");
    assert_eq!(change, UserChange::Done { grants_ended: 0 });
    // A clock that is set back must not revive it.
    fresh.enable_user(ada, OPERATOR, at(1)).await.expect("enabling");
    assert_eq!(fresh.present(grant, 0, HOME, at(1)).await, Refresh::Refused(RefreshRefusal::Revoked));
}

pub(super) async fn changes_to_an_unknown_user_say_so(fresh: &Fresh) {
    fresh.user("ada").await;
    let nobody = unknown_user();
    let password = || PasswordHash::from_stored("second");
    assert_eq!(
        fresh.disable_user(nobody, OPERATOR, at(1)).await.expect("disabling"),
        UserChange::UnknownUser
    );
    assert_eq!(fresh.enable_user(nobody, OPERATOR, at(1)).await.expect("enabling"), UserChange::UnknownUser);
    let change = fresh.change_password(nobody, password(), None, OPERATOR, at(1)).await.expect("changing");
    assert_eq!(change, UserChange::UnknownUser);
    assert_eq!(fresh.revoke_user_grants(nobody, None, OPERATOR, at(1)).await.expect("signing out"), None);
    fresh.rehash_password(nobody, &hash("first"), password()).await.expect("rehashing");
}
