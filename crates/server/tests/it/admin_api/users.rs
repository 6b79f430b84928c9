//! Users: finding, adding and changing them.

use http::{Method, StatusCode};
use jeton_authority::user::Role;
use serde_json::{Value, json};

use super::world::{World, refused};

fn names(page: &Value) -> Vec<&str> {
    let users = page["users"].as_array().expect("users").iter();
    users.map(|user| user["username"].as_str().expect("a name")).collect()
}

#[tokio::test]
async fn users_are_found_by_the_beginnings_of_their_names_page_by_page() {
    let world = World::new().await;
    let auditor = world.caller(Role::Auditor).await;
    for name in ["Adam", "adele", "bob"] {
        world.app.add_user(name).await;
    }
    assert_eq!(names(&world.read(&auditor, "/users?q=AD").await), ["ada", "Adam", "adele"]);
    let (mut found, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = world.read(&auditor, &format!("/users?limit=2{cursor}")).await;
        found.extend(names(&page).iter().map(ToString::to_string));
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(found, ["ada", "Adam", "adele", "auditor", "bob"]);
    let gone = world.user("bob").await;
    refused(
        &world.get(&auditor, "/users?cursor=00000000000000000000000000000000").await,
        400,
        "cursor_unknown",
    );
    let auditors = world.read(&auditor, "/users?role=auditor").await;
    assert_eq!(names(&auditors), ["auditor"]);
    for query in ["limit=0", "limit=201", "limit=x", "cursor=x", "role=x", "page=2", "q=a&q=b"] {
        refused(&world.get(&auditor, &format!("/users?{query}")).await, 400, "query_malformed");
    }
    assert_eq!(world.read(&auditor, &format!("/users/{gone}")).await["username"], "bob");
    refused(&world.get(&auditor, "/users/bob").await, 404, "user_unknown");
}

#[tokio::test]
async fn a_user_is_added_changed_and_removed() {
    let world = World::new().await;
    let owner = world.caller(Role::Owner).await;
    let new = json!({
        "username": "eve", "password": "correct horse", "email": "eve@example.org", "role": "auditor",
        "attributes": {"name": "Eve", "roles": ["a"]},
    });
    let added = world.post(&owner, "/users", &new).await;
    assert_eq!(added.status, StatusCode::CREATED, "{}", added.text());
    let user = added.json();
    let path = format!("/users/{}", user["id"].as_str().expect("an identifier"));
    assert_eq!(added.header("location"), Some(&*format!("https://auth.example/admin/api/v1{path}")));
    assert!(!added.text().contains("correct horse") && !added.text().contains("argon2"));
    assert_eq!(world.read(&owner, &path).await, user);
    let etag = added.header("etag").expect("a version").to_owned();
    let changed =
        world.patch(&owner, &path, &etag, &json!({"attributes": {"name": null, "locale": "tr"}})).await;
    assert_eq!(changed.status, StatusCode::OK, "{}", changed.text());
    let after = changed.json();
    assert_eq!(after["attributes"], json!({"roles": ["a"], "locale": "tr"}));
    for member in ["email", "role", "username", "created_at"] {
        assert_eq!(after[member], user[member], "absent members stay");
    }
    let without =
        world.patch(&owner, &path, changed.header("etag").expect("one"), &json!({"email": null})).await;
    assert_eq!(without.json()["email"], Value::Null);
    world.app.try_sign_in("eve", "correct horse").await.pair();
    let password =
        world.post(&owner, &format!("{path}/password"), &json!({"password": "another horse"})).await;
    assert_eq!(password.json(), json!({"grants_ended": 1}));
    world.app.try_sign_in("eve", "another horse").await.pair();
    let ended = world.call(&owner, Method::DELETE, &format!("{path}/sessions"), &[], None).await;
    assert_eq!(ended.json(), json!({"grants_ended": 1}));
    let etag = world.etag(&owner, &path).await;
    let removed = world.call(&owner, Method::DELETE, &path, &[("if-match", &etag)], None).await;
    assert_eq!((removed.status, removed.text()), (StatusCode::NO_CONTENT, ""));
    refused(&world.get(&owner, &path).await, 404, "user_unknown");
}

#[tokio::test]
async fn a_change_names_the_version_that_it_is_for_and_an_old_one_changes_nothing() {
    let world = World::new().await;
    let owner = world.caller(Role::Owner).await;
    let path = format!("/users/{}", world.user("ada").await);
    let body = json!({"email": "ada@example.org"});
    refused(&world.call(&owner, Method::PATCH, &path, &[], Some(&body)).await, 428, "precondition_required");
    refused(&world.call(&owner, Method::DELETE, &path, &[], None).await, 428, "precondition_required");
    let etag = world.etag(&owner, &path).await;
    let (email, role) = (json!({"email": "one@example.org"}), json!({"role": "auditor"}));
    let (one, other) =
        tokio::join!(world.patch(&owner, &path, &etag, &email), world.patch(&owner, &path, &etag, &role),);
    let statuses = [one.status.as_u16(), other.status.as_u16()];
    assert!(statuses == [200, 412] || statuses == [412, 200], "{statuses:?}");
    let user = world.read(&owner, &path).await;
    assert!(user["email"].is_null() || user["role"] == "member", "the two are not merged: {user}");
    refused(&world.patch(&owner, &path, &etag, &body).await, 412, "outdated");
    refused(&world.call(&owner, Method::DELETE, &path, &[("if-match", &etag)], None).await, 412, "outdated");
    let weak = format!("W/{}", world.etag(&owner, &path).await);
    refused(&world.patch(&owner, &path, &weak, &body).await, 412, "outdated");
    let etag = format!("\"x\", {}", world.etag(&owner, &path).await);
    assert_eq!(world.patch(&owner, &path, &etag, &body).await.status, StatusCode::OK);
}

#[tokio::test]
async fn what_cannot_be_is_refused_with_a_reason_and_changes_nothing() {
    let world = World::new().await;
    let owner = world.caller(Role::Owner).await;
    let before = world.app.store.list_audit(1_000).await.expect("a store").len();
    let valid = || json!({"username": "eve", "password": "correct horse"});
    let with = |name: &str, value: Value| {
        let mut body = valid();
        body[name] = value;
        body
    };
    for (body, status, code) in [
        (json!({}), 400, "member_malformed"),
        (with("admin", json!(true)), 400, "member_malformed"),
        (with("role", json!("emperor")), 400, "member_malformed"),
        (with("username", json!("")), 400, "username_empty"),
        (with("username", json!(" eve")), 400, "username_outer_space"),
        (with("username", json!("e\u{7}ve")), 400, "username_control"),
        (with("username", json!("e".repeat(255))), 400, "username_too_long"),
        (with("username", json!("ada")), 409, "username_taken"),
        (with("username", json!("ADA")), 409, "username_similar"),
        (with("password", json!("")), 400, "password_empty"),
        (with("attributes", json!({"sub": "x"})), 400, "attribute_reserved"),
        (with("attributes", json!({"": "x"})), 400, "attribute_name_malformed"),
        (with("attributes", json!({"name": "x".repeat(9_000)})), 400, "attributes_too_large"),
        (with("imported_key", json!("")), 400, "member_malformed"),
    ] {
        refused(&world.post(&owner, "/users", &body).await, status, code);
    }
    let huge = json!({"username": "x".repeat(1 << 20), "password": "y"});
    refused(&world.post(&owner, "/users", &huge).await, 413, "body_too_large");
    refused(&world.post(&owner, "/users", &json!([])).await, 400, "body_not_an_object");
    refused(&world.call(&owner, Method::POST, "/users", &[], None).await, 400, "body_not_an_object");
    assert_eq!(world.app.store.list_audit(1_000).await.expect("a store").len(), before);
    // Names that are strange and allowed come back as they are, as JSON.
    for name in ["<script>alert(1)</script>", "\u{202e}eve", "e\u{200b}ve"] {
        let added = world.post(&owner, "/users", &with("username", json!(name))).await;
        assert_eq!(added.json()["username"], name, "{}", added.text());
        assert_eq!(added.header("x-content-type-options"), Some("nosniff"));
    }
}

#[tokio::test]
async fn a_request_with_an_idempotency_key_is_executed_once() {
    let world = World::new().await;
    let owner = world.caller(Role::Owner).await;
    let other = world.caller_with("another", Role::Owner, super::world::ALL).await;
    let body = json!({"username": "eve", "password": "correct horse"});
    let key = [("idempotency-key", "a-1")];
    let post =
        async |by, key: &[(&str, &str)], body| world.call(by, Method::POST, "/users", key, Some(body)).await;
    let first = post(&owner, &key, &body).await;
    assert_eq!(first.status, StatusCode::CREATED, "{}", first.text());
    let again = post(&owner, &key, &body).await;
    assert_eq!((again.status, again.json()), (first.status, first.json()));
    assert_eq!(
        (again.header("location"), again.header("etag")),
        (first.header("location"), first.header("etag"))
    );
    let other_body = json!({"username": "eva", "password": "correct horse"});
    refused(&post(&owner, &key, &other_body).await, 422, "idempotency_key_reused");
    // Keys are each user's own.
    refused(&post(&other, &key, &body).await, 409, "username_taken");
    // What came to nothing may be sent again, with the same key.
    let key = [("idempotency-key", "a-2")];
    let wrong = json!({"username": "", "password": "correct horse"});
    refused(&post(&owner, &key, &wrong).await, 400, "username_empty");
    refused(&post(&owner, &key, &wrong).await, 400, "username_empty");
    let long = "x".repeat(256);
    for key in ["", &long] {
        refused(
            &post(&owner, &[("idempotency-key", key)], &other_body).await,
            400,
            "idempotency_key_malformed",
        );
    }
    world.app.hand.step(24 * 3600);
    let renewed = world.token("owner", "openid jeton.admin", "https://auth.example/admin/api").await;
    let later = post(&owner.with_token(renewed), &[("idempotency-key", "a-1")], &body).await;
    refused(&later, 409, "username_taken");
}

#[tokio::test]
async fn of_many_requests_with_one_key_at_once_one_is_executed() {
    let world = World::new().await;
    let owner = world.caller(Role::Owner).await;
    let key = [("idempotency-key", "rotate")];
    let before = world.read(&owner, "/keys").await["keys"].as_array().expect("keys").len();
    let empty = json!({});
    let rotate = || world.call(&owner, Method::POST, "/keys/rotation", &key, Some(&empty));
    let answers = tokio::join!(rotate(), rotate(), rotate(), rotate());
    let answers = [answers.0, answers.1, answers.2, answers.3];
    assert!(answers.iter().any(|answer| answer.status == StatusCode::CREATED));
    for answer in &answers {
        if answer.status != StatusCode::CREATED {
            refused(answer, 409, "idempotency_in_progress");
        }
    }
    let first = rotate().await;
    let added = first.json()["keys"].as_array().expect("keys").len();
    let after = world.read(&owner, "/keys").await["keys"].as_array().expect("keys").len();
    assert_eq!(after, before + added);
}
