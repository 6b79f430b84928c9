//! What agents of the Model Context Protocol need: `docs/guide/mcp.md`, request by request, and what it says of audiences.

use std::collections::BTreeMap;

use axum::body::Body;
use http::{Request, StatusCode};
use jeton_authority::settings::{RegistrationPolicy, Settings};
use jeton_jose::jwt::Unverified;
use serde_json::{Map, Value};

use super::browser::{Browser, form, redirected};
use crate::app::TestApp;

const GUIDE: &str = include_str!("../../../../../docs/guide/mcp.md");

/// What the guide has the operator decide.
fn as_the_guide_says(mut settings: Settings) -> Settings {
    settings.client.registration = RegistrationPolicy::Open;
    settings.client.metadata_documents = RegistrationPolicy::Open;
    settings.client.registration_resources = vec!["https://mcp.example/mcp".to_owned()];
    settings
}

/// The blocks of code of the guide: of what kind each is, and what stands in it.
fn blocks() -> Vec<(&'static str, &'static str)> {
    GUIDE.split("```").skip(1).step_by(2).filter_map(|block| block.split_once('\n')).collect()
}

fn filled(text: &str, values: &BTreeMap<String, String>) -> String {
    values.iter().fold(text.to_owned(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
}

fn request(text: &str) -> Request<Body> {
    let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
    let mut lines = head.lines();
    let (method, target) = lines.next().and_then(|line| line.split_once(' ')).expect("a request line");
    let mut request = Request::builder().method(method).uri(target.trim());
    for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
        request = request.header(name, value);
    }
    request.body(Body::from(body.trim().to_owned())).expect("a request")
}

#[tokio::test]
async fn every_request_of_the_guide_is_answered_as_it_says() {
    let app = TestApp::with(as_the_guide_says, |service| service).await;
    let mut values = BTreeMap::new();
    let mut answer = Value::Null;
    let mut kinds = Vec::new();
    for (kind, text) in blocks() {
        kinds.push(kind);
        match kind {
            "http" => {
                let sent = app.send(request(&filled(text, &values))).await;
                answer = sent.json();
                let members = answer.as_object().cloned().unwrap_or_else(Map::new);
                let texts =
                    members.into_iter().filter_map(|(name, value)| Some((name, value.as_str()?.to_owned())));
                values.extend(texts);
            }
            "json" => {
                let wanted: Map<String, Value> = serde_json::from_str(text).expect("JSON");
                for (name, value) in wanted {
                    assert_eq!(answer[&name], value, "{name}: {answer}");
                }
            }
            "browser" => {
                let browser = Browser::new(&app);
                let target = filled(text, &values);
                let page = browser.sign_in(target.trim().trim_start_matches("GET ")).await;
                assert!(page.text().contains("Allow <bdi>An agent</bdi>?"), "{}", page.text());
                let back = redirected(&browser.submit(&form(&page), &[("action", "allow")]).await);
                assert_eq!((back.get("state"), back.get("iss")), (Some("xyz"), Some("https://auth.example")));
                values.insert("code".to_owned(), back.get("code").expect("a code").to_owned());
            }
            // What the operator writes and types: `as_the_guide_says` stands for it.
            "toml" | "console" => {}
            other => panic!("a block of the kind {other:?}"),
        }
    }
    assert_eq!(kinds.iter().filter(|kind| **kind == "http").count(), 5);
    let token = Unverified::parse(&values["access_token"]).expect("a JWT");
    let claims: Value = serde_json::from_str(token.claims_json()).expect("claims");
    assert_eq!(claims["aud"], "https://mcp.example/mcp");
}

#[tokio::test]
async fn an_issuer_with_a_path_is_described_wherever_clients_look() {
    let with_path = |mut settings: Settings| {
        settings.issuer = "https://auth.example/tenant".to_owned();
        settings
    };
    let app = TestApp::with(with_path, |service| service).await;
    for path in [
        "/.well-known/oauth-authorization-server/tenant",
        "/.well-known/openid-configuration/tenant",
        "/tenant/.well-known/openid-configuration",
        "/.well-known/openid-configuration",
    ] {
        let answer = app.get(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        assert_eq!(answer.json()["issuer"], "https://auth.example/tenant");
    }
    assert_eq!(app.get("/.well-known/oauth-authorization-server/other").await.status, StatusCode::NOT_FOUND);
}
