//! The OpenAPI document: every route is in it, and nothing is answered that it does not say.

use std::collections::BTreeSet;

use axum::body::Body;
use http::{Method, Request, StatusCode, header};
use jeton_authority::user::Role;
use serde_json::{Value, json};

use super::world::{API, World};

async fn document(world: &World) -> Value {
    let answer = world.app.get(&format!("{API}/openapi.json")).await;
    assert_eq!(answer.status, StatusCode::OK);
    answer.json()
}

/// All operations: method, path, and what the document says.
fn operations(document: &Value) -> Vec<(Method, String, Value)> {
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            let method = method.to_uppercase().parse().expect("a method");
            all.push((method, path.clone(), operation.clone()));
        }
    }
    all
}

#[tokio::test]
async fn the_document_is_complete_in_itself() {
    let document = document(&World::new().await).await;
    assert!(document["openapi"].as_str().expect("a version").starts_with("3.1"));
    assert_eq!(document["servers"][0]["url"], "https://auth.example/admin/api/v1");
    let mut names = BTreeSet::new();
    references(&document, &mut names);
    for name in &names {
        assert!(document.pointer(name.trim_start_matches('#')).is_some(), "{name} is nowhere");
    }
    assert!(names.iter().any(|name| name.ends_with("/ProblemDetails")));
    let ids: Vec<_> = operations(&document).iter().map(|(_, _, it)| it["operationId"].to_string()).collect();
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "each operation has a name of its own");
    assert!(ids.len() > 25);
}

fn references(value: &Value, names: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            if let Some(Value::String(name)) = members.get("$ref") {
                names.insert(name.clone());
            }
            members.values().for_each(|member| references(member, names));
        }
        Value::Array(elements) => elements.iter().for_each(|element| references(element, names)),
        _ => {}
    }
}

/// Sends hostile and ordinary requests to every operation, as callers of each kind, and compares each answer with the document.
#[tokio::test]
async fn every_answer_is_one_that_the_document_says() {
    let world = World::new().await;
    let document = document(&world).await;
    let callers = [world.caller(Role::Owner).await, world.caller(Role::Auditor).await];
    let ada = world.user("ada").await.to_string();
    let long = "x".repeat(300);
    let ids =
        [ada.as_str(), "web", "none", "%00", "%E2%80%AE", "00000000000000000000000000000000", long.as_str()];
    let bodies = [
        None,
        Some("{}".to_owned()),
        Some("[".to_owned()),
        Some(r#"{"a":1,"a":2}"#.to_owned()),
        Some(json!({"username": "<script>", "password": "correct horse", "role": "member"}).to_string()),
        Some(
            json!({"client_id": "x", "metadata": {"redirect_uris": 7}, "policy": {"consent": []}})
                .to_string(),
        ),
        Some(json!({"user": ada, "scope": "\u{202e}"}).to_string()),
        Some(json!({"alg": "none", "at_once": true}).to_string()),
        Some(json!({"email": "x".repeat(70_000)}).to_string()),
    ];
    let mut seen = BTreeSet::new();
    for (method, path, operation) in operations(&document) {
        let said = operation["responses"].as_object().expect("answers");
        for id in if path.contains("{id}") { &ids[..] } else { &ids[..1] } {
            let path = path.replace("{id}", id);
            for query in ["", "?limit=0", "?cursor=%ff", "?x=1", "?q=%00%e2%80%ae&limit=1"] {
                for body in if method == Method::GET { &bodies[..1] } else { &bodies[..] } {
                    for caller in [None, Some(&callers[1]), Some(&callers[0])] {
                        // Nobody is to be removed half way.
                        let is_needed = path.contains(&ada) || path.contains("/web");
                        let etag = if is_needed { "\"x\"" } else { "*" };
                        let target = format!("{API}{path}{query}");
                        let mut request = Request::builder().method(method.clone()).uri(&target);
                        request = request.header(header::IF_MATCH, etag);
                        if let Some(caller) = caller {
                            request = request.header(header::AUTHORIZATION, caller.authorization());
                        }
                        if body.is_some() {
                            request = request.header(header::CONTENT_TYPE, "application/json");
                        }
                        let sent = body.clone().map_or_else(Body::empty, Body::from);
                        let answer = world.app.send(request.body(sent).expect("a request")).await;
                        let status = answer.status.as_str().to_owned();
                        let place = format!("{method} {target} {body:?}: {}", answer.text());
                        assert!(said.contains_key(&status), "{status} is not documented: {place}");
                        assert!(!answer.status.is_server_error(), "{place}");
                        if !answer.status.is_success() {
                            let problem = answer.json();
                            assert_eq!(problem["status"], answer.status.as_u16(), "{place}");
                        }
                        seen.insert(answer.status.as_u16());
                    }
                }
            }
        }
    }
    assert_eq!(seen, [200, 201, 204, 400, 401, 403, 404, 412, 413].into());
}
