//! Who is told what a token is, and whose name it tells.

use jeton_authority::client::{ClientPolicy, ExchangePolicy, IntrospectionPolicy};
use jeton_jose::jwt::Unverified;
use serde_json::{Value, json};

use super::browser::{Browser, form, redirected};
use super::client::{CALLBACK, VERIFIER, authorize, web};
use crate::app::TestApp;

const API: &str = "https://orders.example";

/// The policy of an API that asks about whatever it is sent.
pub(crate) fn all() -> ClientPolicy {
    ClientPolicy { introspection: IntrospectionPolicy::All, ..ClientPolicy::default() }
}

fn with_resource() -> ClientPolicy {
    ClientPolicy { resources: vec![API.to_owned()], ..ClientPolicy::default() }
}

/// The tokens of a sign-in at a client with what the request changes.
async fn tokens(app: &TestApp, client: &str, changes: &[(&str, &str)]) -> Value {
    let changes: Vec<_> = [("client_id", client)].iter().chain(changes).copied().collect();
    let browser = Browser::new(app);
    let mut answer = browser.sign_in(&authorize(&changes)).await;
    if answer.text().contains("<form") {
        answer = browser.submit(&form(&answer), &[("action", "allow")]).await;
    }
    let back = redirected(&answer);
    let code = back.get("code").expect("a code");
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    app.post_as(client, "/token", &fields).await.json()
}

fn text<'a>(tokens: &'a Value, name: &str) -> &'a str {
    tokens[name].as_str().unwrap_or_else(|| panic!("no {name}: {tokens}"))
}

fn claims(token: &str) -> Value {
    let claims = Unverified::parse(token).expect("a token");
    serde_json::from_str(claims.claims_json()).expect("claims")
}

#[tokio::test]
async fn a_client_is_told_about_its_own_tokens_and_about_those_that_are_for_it() {
    let app = TestApp::new().await;
    app.add_client_with("web", web(), with_resource()).await;
    app.add_client("stranger", web()).await;
    app.add_client_with("orders", web(), with_resource()).await;
    let accepts = ExchangePolicy { accepts: vec![API.to_owned()], ..ExchangePolicy::default() };
    app.add_client_with("proxy", web(), ClientPolicy { exchange: accepts, ..ClientPolicy::default() }).await;
    app.add_client_with("gateway", web(), all()).await;
    let for_nobody = tokens(&app, "web", &[]).await;
    let for_orders = tokens(&app, "web", &[("resource", API)]).await;
    let pair = app.sign_in().await;
    for (token, told) in [
        (text(&for_nobody, "access_token"), ["web", "gateway"].as_slice()),
        (text(&for_orders, "access_token"), &["web", "orders", "proxy", "gateway"]),
        (&pair.access, &["gateway"]),
        (text(&for_orders, "refresh_token"), &["web"]),
        (&pair.refresh, &[]),
    ] {
        for asker in ["web", "stranger", "orders", "proxy", "gateway"] {
            let answer = app.post_as(asker, "/introspect", &[("token", token)]).await;
            if told.contains(&asker) {
                assert_eq!(answer.json()["active"], true, "{asker}: {}", answer.text());
            } else {
                answer.expect(200, r#"{"active":false}"#);
            }
        }
    }
}

#[tokio::test]
async fn a_token_tells_who_its_user_is_with_the_scope_profile_alone_and_no_pairwise_client() {
    let app = TestApp::new().await;
    app.add_client("web", web()).await;
    let mut pairwise = web();
    pairwise["subject_type"] = json!("pairwise");
    app.add_client("shy", pairwise).await;
    app.add_client_with("gateway", web(), all()).await;
    for (client, scope, named) in [
        ("web", "openid offline_access", false),
        ("web", "openid profile offline_access", true),
        ("shy", "openid profile offline_access", false),
    ] {
        let tokens = tokens(&app, client, &[("scope", scope), ("prompt", "consent")]).await;
        let access = text(&tokens, "access_token");
        assert_eq!(claims(access).get("username").is_some(), named, "{client} {scope}");
        for (asker, token) in
            [("gateway", access), (client, access), (client, text(&tokens, "refresh_token"))]
        {
            let told = app.post_as(asker, "/introspect", &[("token", token)]).await.json();
            assert_eq!(
                (&told["active"], told.get("username").is_some()),
                (&json!(true), named),
                "{client} {scope}: {told}"
            );
        }
    }
    let pair = app.sign_in().await;
    assert_eq!(claims(&pair.access)["username"], "ada", "front ends of the token API read it");
}

#[tokio::test]
async fn a_token_that_is_for_another_api_alone_gets_no_userinfo() {
    let app = TestApp::new().await;
    app.add_client_with("web", web(), with_resource()).await;
    let for_orders = tokens(&app, "web", &[("resource", API)]).await;
    assert_eq!(app.userinfo(text(&for_orders, "access_token")).await.status, 401);
    let for_all = tokens(&app, "web", &[]).await;
    assert_eq!(app.userinfo(text(&for_all, "access_token")).await.status, 200);
}

#[tokio::test]
async fn userinfo_takes_the_audience_that_tokens_have_where_no_resource_is_named() {
    let audience = |mut settings: jeton_authority::settings::Settings| {
        settings.access.audience = "https://apis.example".into();
        settings
    };
    let app = TestApp::with(audience, |service| service).await;
    app.add_client("web", web()).await;
    let tokens = tokens(&app, "web", &[]).await;
    assert_eq!(claims(text(&tokens, "access_token"))["aud"], "https://apis.example");
    assert_eq!(app.userinfo(text(&tokens, "access_token")).await.status, 200);
}
