//! Clients, keys, sessions, grants and the trail.

use http::{Method, StatusCode};
use jeton_authority::user::Role;
use serde_json::{Value, json};

use super::world::{World, refused};

#[tokio::test]
async fn a_client_is_added_with_a_secret_that_is_shown_once() {
    let world = World::new().await;
    let operator = world.caller(Role::Operator).await;
    let new = json!({
        "client_id": "shop",
        "metadata": {"client_name": "The shop", "redirect_uris": ["https://shop.example/callback"]},
    });
    let key = [("idempotency-key", "shop")];
    let add = || world.call(&operator, Method::POST, "/clients", &key, Some(&new));
    let added = add().await;
    assert_eq!(added.status, StatusCode::CREATED, "{}", added.text());
    let secret = added.json()["client_secret"].as_str().expect("a secret").to_owned();
    assert_eq!(add().await.json()["client_secret"], secret, "a lost response is sent again");
    let shown = world.get(&operator, "/clients/shop").await;
    assert!(!shown.text().contains(&secret) && shown.json()["client_secret"].is_null());
    assert_eq!(shown.json()["metadata"]["client_name"], "The shop");
    refused(&world.post(&operator, "/clients", &new).await, 409, "client_exists");
    let etag = shown.header("etag").expect("a version").to_owned();
    let change = json!({"metadata": {"client_name": "The store"}, "policy": {"second_factor": "required"}});
    let changed = world.patch(&operator, "/clients/shop", &etag, &change).await;
    assert_eq!(changed.status, StatusCode::OK, "{}", changed.text());
    assert_eq!(changed.json()["metadata"]["redirect_uris"], new["metadata"]["redirect_uris"]);
    assert_eq!(changed.json()["policy"]["second_factor"], "required");
    refused(&world.patch(&operator, "/clients/shop", &etag, &change).await, 412, "outdated");
    refused(
        &world.call(&operator, Method::PATCH, "/clients/shop", &[], Some(&change)).await,
        428,
        "precondition_required",
    );
    let etag = world.etag(&operator, "/clients/shop").await;
    let headers = [("if-match", etag.as_str())];
    let rotated = world.call(&operator, Method::POST, "/clients/shop/secret", &headers, None).await;
    let other = rotated.json()["client_secret"].as_str().expect("a secret").to_owned();
    assert_ne!(other, secret);
    let trail = world.read(&operator, "/audit?newest=true&limit=1").await;
    assert_eq!(trail["records"][0]["event"], "client_changed");
    let changes = &trail["records"][0]["changes"];
    assert_eq!(changes["client_secret"], json!({"before": "(secret)", "after": "(another secret)"}));
    assert!(!trail.to_string().contains(&secret) && !trail.to_string().contains(&other));
    let wrong = json!({"metadata": {"client_nane": "x"}});
    let etag = world.etag(&operator, "/clients/shop").await;
    refused(&world.patch(&operator, "/clients/shop", &etag, &wrong).await, 400, "client_metadata_member");
    let removed = world.call(&operator, Method::DELETE, "/clients/shop", &[("if-match", &etag)], None).await;
    assert_eq!(removed.status, StatusCode::NO_CONTENT, "{}", removed.text());
    refused(&world.get(&operator, "/clients/shop").await, 404, "client_unknown");
}

#[tokio::test]
async fn of_two_changes_of_one_version_of_a_client_one_is_made() {
    let world = World::new().await;
    let owner = world.caller(Role::Owner).await;
    let etag = world.etag(&owner, "/clients/web").await;
    let (name, scope) = (json!({"metadata": {"client_name": "A"}}), json!({"policy": {"consent": "asked"}}));
    let (one, other) = tokio::join!(
        world.patch(&owner, "/clients/web", &etag, &name),
        world.patch(&owner, "/clients/web", &etag, &scope),
    );
    let statuses = [one.status.as_u16(), other.status.as_u16()];
    assert!(statuses == [200, 412] || statuses == [412, 200], "{statuses:?}");
    let client = world.read(&owner, "/clients/web").await;
    let changed = [client["metadata"]["client_name"] == "A", client["policy"]["consent"] == "asked"];
    assert!(changed == [true, false] || changed == [false, true], "{client}");
}

#[tokio::test]
async fn clients_are_listed_page_by_page_and_their_tokens_previewed() {
    let world = World::new().await;
    let auditor = world.caller(Role::Auditor).await;
    for id in ["a", "b", "https://app.example/client"] {
        world.app.add_client(id, crate::sso::client::web()).await;
    }
    let (mut ids, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = world.read(&auditor, &format!("/clients?limit=2{cursor}")).await;
        let clients = page["clients"].as_array().expect("clients").iter();
        ids.extend(clients.map(|client| client["client_id"].as_str().expect("one").to_owned()));
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={}", next.replace(':', "%3A").replace('/', "%2F")),
            None => break,
        }
    }
    assert_eq!(ids, ["a", "b", "https://app.example/client", "web"]);
    let there = world.read(&auditor, "/clients/https%3A%2F%2Fapp.example%2Fclient").await;
    assert_eq!(there["client_id"], "https://app.example/client");
    let ada = world.user("ada").await.to_string();
    let preview = world.post(&auditor, "/clients/a/preview", &json!({"user": ada, "scope": "openid"})).await;
    assert_eq!(preview.status, StatusCode::OK, "{}", preview.text());
    assert_eq!(preview.json()["id_token"]["sub"], ada);
    let more = json!({"user": ada, "scope": "everything"});
    refused(&world.post(&auditor, "/clients/a/preview", &more).await, 400, "member_malformed");
}

#[tokio::test]
async fn keys_are_rotated_and_withdrawn_once_the_cost_is_known() {
    let world = World::new().await;
    let operator = world.caller(Role::Operator).await;
    let keys = world.read(&operator, "/keys").await;
    let first = keys["keys"][0]["kid"].as_str().expect("a key").to_owned();
    let withdrawal = format!("/keys/{first}/withdrawal");
    let cost = world.read(&operator, &withdrawal).await;
    assert_eq!((&cost["possible"], &cost["has_live_tokens"]), (&json!(false), &json!(true)), "{cost}");
    refused(&world.call(&operator, Method::POST, &withdrawal, &[], None).await, 409, "key_is_the_only_one");
    let wrong = json!({"alg": "none"});
    refused(&world.post(&operator, "/keys/rotation", &wrong).await, 400, "member_malformed");
    let rotated = world.call(&operator, Method::POST, "/keys/rotation", &[], None).await;
    assert_eq!(rotated.status, StatusCode::CREATED, "{}", rotated.text());
    assert_eq!(rotated.json()["keys"][0]["state"], "next");
    let at_once = world.post(&operator, "/keys/rotation", &json!({"alg": "ES256", "at_once": true})).await;
    assert_eq!(at_once.json()["keys"][0]["state"], "signing", "{}", at_once.text());
    let cost = world.read(&operator, &withdrawal).await;
    assert_eq!(cost["possible"], json!(true), "{cost}");
    let auditor = world.caller(Role::Auditor).await;
    let withdrawn = world.call(&operator, Method::POST, &withdrawal, &[], None).await;
    // The token of whoever asked was signed with that key.
    assert_eq!(withdrawn.status, StatusCode::NO_CONTENT, "{}", withdrawn.text());
    refused(&world.get(&operator, "/keys").await, 401, "invalid_token");
    let keys = world.read(&auditor, "/keys").await;
    let state = |kid: &str| {
        let mut keys = keys["keys"].as_array().expect("keys").iter();
        keys.find(|key| key["kid"] == kid).map(|key| key["state"].clone())
    };
    assert_eq!(state(&first), Some(json!("withdrawn")));
    refused(&world.get(&auditor, "/keys/none/withdrawal").await, 404, "key_unknown");
}

#[tokio::test]
async fn sessions_and_grants_are_listed_and_ended() {
    let world = World::new().await;
    let operator = world.caller(Role::Operator).await;
    let auditor = world.caller(Role::Auditor).await;
    let of_auditor = format!("/users/{}", auditor.id);
    let sessions = world.read(&operator, &format!("{of_auditor}/sessions")).await;
    let session = &sessions["sessions"][0];
    assert_eq!((&session["username"], &session["methods"]), (&json!("auditor"), &json!(["pwd"])));
    let grants = world.read(&operator, &format!("{of_auditor}/grants")).await;
    let grant = &grants["grants"][0];
    assert_eq!((&grant["client"], &grant["session"]), (&json!("web"), &session["id"]));
    assert_eq!(
        world.read(&operator, "/sessions?limit=1").await["sessions"].as_array().map(Vec::len),
        Some(1)
    );
    let page = world.read(&operator, "/grants?limit=1").await;
    let next = page["next"].as_str().expect("a cursor");
    let second = world.read(&operator, &format!("/grants?limit=1&cursor={next}")).await;
    assert_ne!(page["grants"][0]["id"], second["grants"][0]["id"]);
    let id = grant["id"].as_str().expect("an identifier");
    let end =
        |path: String| world.call(&operator, Method::DELETE, Box::leak(path.into_boxed_str()), &[], None);
    assert_eq!(end(format!("/grants/{id}")).await.status, StatusCode::NO_CONTENT);
    refused(&end(format!("/grants/{id}")).await, 404, "grant_unknown");
    refused(&world.get(&auditor, "/users").await, 401, "invalid_token");
    let id = session["id"].as_str().expect("an identifier");
    assert_eq!(end(format!("/sessions/{id}")).await.status, StatusCode::NO_CONTENT);
    refused(&end(format!("/sessions/{id}")).await, 404, "session_unknown");
}

#[tokio::test]
async fn the_trail_is_followed_with_a_cursor() {
    let world = World::new().await;
    let owner = world.caller(Role::Owner).await;
    let mut cursor: Option<String> = None;
    let mut numbers: Vec<Value> = Vec::new();
    let after =
        |cursor: &Option<String>| cursor.as_ref().map_or(String::new(), |cursor| format!("&cursor={cursor}"));
    loop {
        let page = world.read(&owner, &format!("/audit?limit=2{}", after(&cursor))).await;
        let records = page["records"].as_array().expect("records").clone();
        cursor = page["next"].as_str().map(str::to_owned);
        if records.is_empty() {
            break;
        }
        numbers.extend(records.into_iter().map(|record| record["number"].clone()));
    }
    let all = world.app.store.list_audit(1_000).await.expect("a store").len();
    assert_eq!(numbers.len(), all);
    // What happens afterwards comes with the same cursor.
    world.app.sign_in().await;
    let page = world.read(&owner, &format!("/audit?limit=50{}", after(&cursor))).await;
    let events: Vec<_> =
        page["records"].as_array().expect("records").iter().map(|it| it["event"].clone()).collect();
    assert_eq!(events, ["signed_in"]);
    assert_eq!(world.read(&owner, "/audit?since=2030-01-01T00:00:00Z").await["records"], json!([]));
    refused(&world.get(&owner, "/audit?since=yesterday").await, 400, "query_malformed");
}

#[tokio::test]
async fn the_overview_counts_sign_ins() {
    let world = World::new().await;
    let auditor = world.caller(Role::Auditor).await;
    let overview = world.read(&auditor, "/overview").await;
    assert_eq!(overview["issuer"], "https://auth.example");
    assert!(overview["sign_ins"]["succeeded"].as_u64().expect("a number") >= 1, "{overview}");
    assert_eq!(overview["store_is_reachable"], true);
}
