//! Who may do what: roles, scopes, and the last owner.

use http::{Method, StatusCode};
use jeton_authority::audit::Actor;
use jeton_authority::user::Role;
use serde_json::json;

use super::world::{ALL, READ, World, refused};

const READING: [&str; 8] =
    ["/overview", "/me", "/settings", "/users", "/sessions", "/grants", "/clients", "/keys"];

#[tokio::test]
async fn an_auditor_reads_everything_and_changes_nothing() {
    let world = World::new().await;
    let auditor = world.caller(Role::Auditor).await;
    let ada = world.user("ada").await;
    let user = format!("/users/{ada}");
    for path in READING.into_iter().map(str::to_owned).chain([
        "/audit".to_owned(),
        user.clone(),
        format!("{user}/factors"),
        format!("{user}/sessions"),
        format!("{user}/grants"),
        "/clients/web".to_owned(),
    ]) {
        assert_eq!(world.get(&auditor, &path).await.status, StatusCode::OK, "{path}");
    }
    let before = world.app.store.list_audit(1_000).await.expect("a store").len();
    let etag = [("if-match", "*")];
    for (method, path, body) in [
        (Method::POST, "/users".to_owned(), Some(json!({"username": "eve", "password": "correct horse"}))),
        (Method::PATCH, user.clone(), Some(json!({"role": "owner"}))),
        (Method::DELETE, user.clone(), None),
        (Method::POST, format!("{user}/disable"), None),
        (Method::POST, format!("{user}/enable"), None),
        (Method::POST, format!("{user}/password"), Some(json!({"password": "another horse"}))),
        (Method::DELETE, format!("{user}/factors"), None),
        (Method::DELETE, format!("{user}/sessions"), None),
        (Method::POST, "/clients".to_owned(), Some(json!({"client_id": "x"}))),
        (Method::PATCH, "/clients/web".to_owned(), Some(json!({}))),
        (Method::DELETE, "/clients/web".to_owned(), None),
        (Method::POST, "/clients/web/secret".to_owned(), None),
        (Method::POST, "/keys/rotation".to_owned(), Some(json!({}))),
        (Method::POST, "/keys/none/withdrawal".to_owned(), None),
        (Method::DELETE, "/grants/00000000000000000000000000000000".to_owned(), None),
        (Method::DELETE, "/sessions/00000000000000000000000000000000".to_owned(), None),
    ] {
        let answer = world.call(&auditor, method, &path, &etag, body.as_ref()).await;
        refused(&answer, 403, "not_allowed");
    }
    assert_eq!(world.app.store.list_audit(1_000).await.expect("a store").len(), before);
}

#[tokio::test]
async fn a_member_sees_nothing_and_a_scope_that_reads_changes_nothing() {
    let world = World::new().await;
    let member = world.caller(Role::Member).await;
    for path in READING {
        refused(&world.get(&member, path).await, 403, "not_allowed");
    }
    let reader = world.caller_with("reader", Role::Owner, READ).await;
    assert_eq!(world.get(&reader, "/users").await.status, StatusCode::OK);
    let new = json!({"username": "eve", "password": "correct horse"});
    let answer = world.post(&reader, "/users", &new).await;
    refused(&answer, 403, "insufficient_scope");
    assert!(answer.header("www-authenticate").expect("a challenge").contains("insufficient_scope"));
    let me = world.read(&reader, "/me").await;
    assert_eq!((me["role"].as_str(), me["username"].as_str()), (Some("owner"), Some("reader")));
    let rights = me["rights"].as_array().expect("rights");
    assert!(rights.contains(&json!("read_users")) && !rights.contains(&json!("change_users")));
}

#[tokio::test]
async fn only_tokens_for_the_api_open_it() {
    let world = World::new().await;
    let owner = world.caller(Role::Owner).await;
    let for_nothing = owner.with_token(String::new());
    let garbage = owner.with_token("garbage".to_owned());
    for caller in [&for_nothing, &garbage] {
        refused(&world.get(caller, "/users").await, 401, "invalid_token");
    }
    // A token of the token API, and one without the resource.
    let pair = world.app.try_sign_in("owner", crate::app::PASSWORD).await.pair();
    refused(&world.get(&owner.with_token(pair.access), "/users").await, 401, "invalid_token");
    let bare = world.token("owner", &format!("openid {ALL}"), "").await;
    refused(&world.get(&owner.with_token(bare), "/users").await, 401, "invalid_token");
    let without_scope = world.token("owner", "openid", "https://auth.example/admin/api").await;
    refused(&world.get(&owner.with_token(without_scope), "/users").await, 403, "insufficient_scope");
    let answer = world.app.get("/admin/api/v1/users").await;
    refused(&answer, 401, "token_missing");
    assert!(answer.header("www-authenticate").expect("a challenge").starts_with("Bearer"));
    assert_eq!(answer.header("access-control-allow-origin"), None);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
}

#[tokio::test]
async fn a_role_that_is_taken_away_opens_nothing_from_that_moment_on() {
    let world = World::new().await;
    let owner = world.caller(Role::Owner).await;
    let operator = world.caller(Role::Operator).await;
    assert_eq!(world.get(&operator, "/users").await.status, StatusCode::OK);
    let path = format!("/users/{}", operator.id);
    let etag = world.etag(&owner, &path).await;
    let changed = world.patch(&owner, &path, &etag, &json!({"role": "member"})).await;
    assert_eq!(changed.status, StatusCode::OK, "{}", changed.text());
    refused(&world.get(&operator, "/users").await, 403, "not_allowed");
    world.give(operator.id, Role::Operator).await;
    assert_eq!(world.get(&operator, "/users").await.status, StatusCode::OK);
    let disabled = world.call(&owner, Method::POST, &format!("{path}/disable"), &[], None).await;
    assert_eq!(disabled.status, StatusCode::OK, "{}", disabled.text());
    refused(&world.get(&operator, "/users").await, 401, "invalid_token");
}

#[tokio::test]
async fn an_operator_neither_becomes_an_owner_nor_acts_on_one() {
    let world = World::new().await;
    let owner = world.caller(Role::Owner).await;
    let operator = world.caller(Role::Operator).await;
    let path = |id| format!("/users/{id}");
    for (id, status) in [(operator.id, "itself"), (world.user("ada").await, "another")] {
        let etag = world.etag(&operator, &path(id)).await;
        let answer = world.patch(&operator, &path(id), &etag, &json!({"role": "owner"})).await;
        refused(&answer, 403, "not_allowed");
        assert_ne!(world.role(id).await, Role::Owner, "{status}");
    }
    let new = json!({"username": "eve", "password": "correct horse", "role": "owner"});
    refused(&world.post(&operator, "/users", &new).await, 403, "not_allowed");
    let of_owner = path(owner.id);
    let etag = world.etag(&operator, &of_owner).await;
    let email = json!({"email": "operator@example.org"});
    refused(&world.patch(&operator, &of_owner, &etag, &email).await, 403, "not_allowed");
    let password = json!({"password": "another horse"});
    refused(&world.post(&operator, &format!("{of_owner}/password"), &password).await, 403, "not_allowed");
    for (method, rest) in [
        (Method::POST, "/disable"),
        (Method::DELETE, "/factors"),
        (Method::DELETE, "/sessions"),
        (Method::DELETE, ""),
    ] {
        let path = format!("{of_owner}{rest}");
        let answer = world.call(&operator, method, &path, &[("if-match", &etag)], None).await;
        refused(&answer, 403, "not_allowed");
    }
    let etag = world.etag(&operator, &path(world.user("ada").await)).await;
    let ada = path(world.user("ada").await);
    let given = world.patch(&operator, &ada, &etag, &json!({"role": "operator"})).await;
    assert_eq!(given.json()["role"], "operator", "{}", given.text());
    // A client that may call the API would get the rights of each owner who signs in to it.
    let etag = world.etag(&operator, "/clients/web").await;
    let elsewhere = json!({"metadata": {"redirect_uris": ["https://evil.example/"]}});
    refused(&world.patch(&operator, "/clients/web", &etag, &elsewhere).await, 403, "not_allowed");
    let resources = json!({"resources": ["https://auth.example/admin/api"]});
    let evil = json!({"client_id": "evil", "metadata": {"redirect_uris": ["https://evil.example/"]}, "policy": resources});
    refused(&world.post(&operator, "/clients", &evil).await, 403, "not_allowed");
}

#[tokio::test]
async fn the_last_owner_stays_whatever_the_owner_asks_for() {
    let world = World::new().await;
    let owner = world.caller(Role::Owner).await;
    let path = format!("/users/{}", owner.id);
    let etag = world.etag(&owner, &path).await;
    refused(&world.patch(&owner, &path, &etag, &json!({"role": "member"})).await, 409, "last_owner");
    let disabled = world.call(&owner, Method::POST, &format!("{path}/disable"), &[], None).await;
    refused(&disabled, 409, "last_owner");
    let removed = world.call(&owner, Method::DELETE, &path, &[("if-match", &etag)], None).await;
    refused(&removed, 409, "last_owner");
    assert_eq!(world.get(&owner, "/users").await.status, StatusCode::OK);
}

#[tokio::test]
async fn of_two_owners_who_demote_each_other_at_once_one_stays() {
    let world = World::new().await;
    let [first, second] = [
        world.caller_with("first", Role::Owner, ALL).await,
        world.caller_with("second", Role::Owner, ALL).await,
    ];
    let paths = [format!("/users/{}", first.id), format!("/users/{}", second.id)];
    let etags = [world.etag(&first, &paths[0]).await, world.etag(&first, &paths[1]).await];
    let member = json!({"role": "member"});
    let (one, other) = tokio::join!(
        world.patch(&first, &paths[1], &etags[1], &member),
        world.patch(&second, &paths[0], &etags[0], &member),
    );
    let done = [&one, &other].into_iter().filter(|answer| answer.status == StatusCode::OK).count();
    assert_eq!(done, 1, "{} {}", one.text(), other.text());
    let owners = [world.role(first.id).await, world.role(second.id).await];
    assert_eq!(owners.iter().filter(|role| **role == Role::Owner).count(), 1);
}

#[tokio::test]
async fn each_change_is_in_the_trail_with_who_made_it_and_what_was_there_before() {
    let world = World::new().await;
    let owner = world.caller(Role::Owner).await;
    let ada = world.user("ada").await;
    let path = format!("/users/{ada}");
    let etag = world.etag(&owner, &path).await;
    world.patch(&owner, &path, &etag, &json!({"role": "auditor", "email": "ada@example.org"})).await;
    let trail = world.read(&owner, &format!("/audit?user={ada}&newest=true&limit=2")).await;
    let told = |event: &str| {
        let mut records = trail["records"].as_array().expect("records").iter();
        records.find(|record| record["event"] == event).expect("a record").clone()
    };
    let role = told("role_changed");
    assert_eq!(role["actor"], json!({"kind": "user", "id": owner.id.to_string()}));
    assert_eq!(role["changes"], json!({"role": {"before": "member", "after": "auditor"}}));
    assert_eq!(
        told("user_changed")["changes"],
        json!({"email": {"before": null, "after": "ada@example.org"}})
    );
    let records = world.app.store.list_audit(10).await.expect("a store");
    assert!(records.iter().any(|record| record.actor == Some(Actor::User(owner.id))));
}
