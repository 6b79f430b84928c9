//! What is taken from a client, and is in no token of its grants from then on: scopes, resources, types of details.

use http::StatusCode;
use jeton_authority::audit::Actor;
use jeton_authority::client::{Client, ClientPolicy, ClientSecret, ExchangePolicy, NewClient};
use jeton_authority::store::ClientChange;
use jeton_jose::jwt::Unverified;
use jeton_oauth::client::{ClientId, ClientMetadata};
use serde_json::{Value, json};

use super::browser::{Browser, form, redirected};
use super::client::{SECRET, authorize, web};
use crate::app::{Answer, PASSWORD, TestApp};

const API: &str = "https://api.example";
const STOCK: &str = "https://stock.example";
const ACCESS: &str = "urn:ietf:params:oauth:token-type:access_token";
const ID: &str = "urn:ietf:params:oauth:token-type:id_token";
const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const DEVICE: &str = "urn:ietf:params:oauth:grant-type:device_code";
const ALL: &str = "openid profile orders:read orders:write";

async fn app() -> TestApp {
    let settings = |mut settings: jeton_authority::settings::Settings| {
        settings.refresh.policy.excuses = 0;
        settings.authorization.details_types = vec!["payment".to_owned()];
        settings
    };
    let app = TestApp::with(settings, |service| service).await;
    app.add_client_with("web", metadata(ALL), policy(&[API, STOCK])).await;
    app
}

fn metadata(scope: &str) -> Value {
    let mut metadata = web();
    metadata["scope"] = json!(scope);
    metadata["grant_types"] = json!(["authorization_code", "refresh_token", DEVICE, EXCHANGE]);
    metadata["authorization_details_types"] = json!(["payment"]);
    metadata
}

fn policy(resources: &[&str]) -> ClientPolicy {
    let exchange = ExchangePolicy { targets: vec![STOCK.to_owned()], ..ExchangePolicy::default() };
    let resources = resources.iter().map(|&resource| resource.to_owned()).collect();
    ClientPolicy { resources, exchange, ..ClientPolicy::default() }
}

impl TestApp {
    async fn change_client(&self, metadata: Value, policy: ClientPolicy) {
        let metadata: ClientMetadata = serde_json::from_value(metadata).expect("metadata");
        let client = Client::new(NewClient {
            id: ClientId::parse("web").expect("an identifier"),
            metadata,
            policy,
            secret: Some(ClientSecret::new(SECRET)),
            registration_token: None,
            created_at: self.service.clock().now(),
        });
        let (client, now) = (client.expect("a client"), self.service.clock().now());
        let changed = self.service.authority().clients().change_client(&client, Actor::Operator, now).await;
        assert_eq!(changed.expect("a store"), ClientChange::Done);
    }

    /// Leaves this scope to the client.
    async fn leave_scope(&self, scope: &str) {
        self.change_client(metadata(scope), policy(&[API, STOCK])).await;
    }
}

async fn code(app: &TestApp, changes: &[(&str, &str)]) -> String {
    let target = authorize(&[&[("scope", ALL)], changes].concat());
    redirected(&Browser::new(app).sign_in(&target).await).get("code").expect("a code").to_owned()
}

async fn tokens(app: &TestApp, changes: &[(&str, &str)]) -> Value {
    ok(app.redeem(&code(app, changes).await).await)
}

async fn refresh(app: &TestApp, tokens: &Value, more: &[(&str, &str)]) -> Answer {
    let token = text(tokens, "refresh_token");
    let fields = [&[("grant_type", "refresh_token"), ("refresh_token", token)], more].concat();
    app.post_as("web", "/token", &fields).await
}

async fn introspect(app: &TestApp, token: &str) -> Value {
    ok(app.post_as("web", "/introspect", &[("token", token)]).await)
}

fn text<'v>(tokens: &'v Value, name: &str) -> &'v str {
    tokens[name].as_str().unwrap_or_else(|| panic!("no {name}: {tokens}"))
}

fn claims(tokens: &Value) -> Value {
    let token = Unverified::parse(text(tokens, "access_token")).expect("a JWT");
    serde_json::from_str(token.claims_json()).expect("claims")
}

#[track_caller]
fn ok(answer: Answer) -> Value {
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    answer.json()
}

#[track_caller]
fn error(answer: &Answer) -> String {
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.text());
    answer.json()["error"].as_str().expect("an error").to_owned()
}

#[tokio::test]
async fn a_scope_taken_from_a_client_is_in_none_of_its_refreshed_tokens_until_it_is_given_back() {
    let app = app().await;
    let first = tokens(&app, &[]).await;
    app.leave_scope("openid profile orders:read").await;
    let mut last = first;
    // A client may go on naming what it was granted once.
    for more in [&[][..], &[("scope", ALL)], &[("scope", "orders:read orders:write")]] {
        app.hand.step(300);
        last = ok(refresh(&app, &last, more).await);
        assert!(!text(&last, "scope").contains("orders:write"), "{last}");
        assert!(text(&last, "scope").contains("orders:read"), "{last}");
        assert_eq!(claims(&last)["scope"], last["scope"]);
    }
    app.leave_scope(ALL).await;
    app.hand.step(300);
    assert_eq!(ok(refresh(&app, &last, &[]).await)["scope"], ALL);
}

#[tokio::test]
async fn a_token_that_stands_still_within_the_grace_gives_nothing_that_was_taken() {
    let app = app().await;
    let first = tokens(&app, &[]).await;
    let second = ok(refresh(&app, &first, &[]).await);
    app.leave_scope("openid profile").await;
    for before in [&first, &second] {
        let again = ok(refresh(&app, before, &[]).await);
        assert_eq!(again["refresh_token"], second["refresh_token"]);
        assert_eq!(
            (&again["scope"], &claims(&again)["scope"]),
            (&json!("openid profile"), &json!("openid profile"))
        );
    }
    app.leave_scope("orders:read").await;
    let without = ok(refresh(&app, &second, &[]).await);
    assert!(without.get("id_token").is_none(), "openid was taken: {without}");
}

#[tokio::test]
async fn a_refresh_of_which_nothing_is_left_is_refused_and_uses_nothing_up() {
    let app = app().await;
    let first = tokens(&app, &[]).await;
    app.leave_scope("email").await;
    for _ in 0..6 {
        app.hand.step(300);
        assert_eq!(error(&refresh(&app, &first, &[]).await), "invalid_scope");
        assert_eq!(error(&refresh(&app, &first, &[("scope", "orders:read")]).await), "invalid_scope");
    }
    assert_eq!(introspect(&app, text(&first, "refresh_token")).await, json!({"active": false}));
    app.leave_scope("orders:read").await;
    assert_eq!(introspect(&app, text(&first, "refresh_token")).await["scope"], "orders:read");
    assert_eq!(ok(refresh(&app, &first, &[]).await)["scope"], "orders:read");
}

#[tokio::test]
async fn a_refresh_that_asks_for_too_much_may_be_corrected_whenever_it_comes_again() {
    let app = app().await;
    let first = tokens(&app, &[("scope", "openid orders:read")]).await;
    for (more, refused) in [
        (("scope", "orders:write"), "invalid_scope"),
        (("resource", "https://nobody.example"), "invalid_target"),
        (("authorization_details", r#"[{"type":"payment"}]"#), "invalid_authorization_details"),
    ] {
        assert_eq!(error(&refresh(&app, &first, &[more]).await), refused);
        app.hand.step(300);
    }
    // The app excuses nothing, so the token was not used up.
    let second = ok(refresh(&app, &first, &[("scope", "openid")]).await);
    app.hand.step(300);
    ok(refresh(&app, &second, &[]).await);
}

#[tokio::test]
async fn a_code_that_was_made_before_a_scope_was_taken_gives_the_rest() {
    let app = app().await;
    let (one, another) = (code(&app, &[]).await, code(&app, &[]).await);
    app.leave_scope("openid orders:read").await;
    let tokens = ok(app.redeem(&one).await);
    assert_eq!(
        (&tokens["scope"], &claims(&tokens)["scope"]),
        (&json!("openid orders:read"), &json!("openid orders:read"))
    );
    app.leave_scope("email").await;
    assert_eq!(error(&app.redeem(&another).await), "invalid_scope");
    app.leave_scope("openid").await;
    assert_eq!(ok(app.redeem(&another).await)["scope"], "openid", "it was not used up");
}

#[tokio::test]
async fn a_device_that_was_allowed_before_a_scope_was_taken_gets_the_rest() {
    let app = app().await;
    let begun = ok(app.post_as("web", "/device_authorization", &[("scope", ALL)]).await);
    let browser = Browser::new(&app);
    let page = browser.get("/device").await;
    let page = browser.submit_and_follow(&form(&page), &[("user_code", text(&begun, "user_code"))]).await;
    let signing_in = [("username", "ada"), ("password", PASSWORD), ("action", "sign_in")];
    let page = browser.submit_and_follow(&form(&page), &signing_in).await;
    browser.submit(&form(&page), &[("action", "allow")]).await;

    app.leave_scope("email").await;
    let fields = [("grant_type", DEVICE), ("device_code", text(&begun, "device_code"))];
    assert_eq!(error(&app.post_as("web", "/token", &fields).await), "invalid_scope");
    app.leave_scope("openid orders:read").await;
    app.hand.step(10);
    let tokens = ok(app.post_as("web", "/token", &fields).await);
    assert_eq!(
        (&tokens["scope"], &claims(&tokens)["scope"]),
        (&json!("openid orders:read"), &json!("openid orders:read"))
    );
}

#[tokio::test]
async fn introspection_tells_nothing_of_a_scope_that_was_taken_since() {
    let app = app().await;
    let tokens = tokens(&app, &[]).await;
    let both = [text(&tokens, "access_token"), text(&tokens, "refresh_token")];
    for token in both {
        assert_eq!(introspect(&app, token).await["scope"], ALL);
    }
    app.leave_scope("openid orders:read").await;
    for token in both {
        assert_eq!(introspect(&app, token).await["scope"], "openid orders:read");
    }
    app.leave_scope("email").await;
    for token in both {
        assert_eq!(introspect(&app, token).await, json!({"active": false}));
    }
}

#[tokio::test]
async fn userinfo_tells_nothing_of_a_scope_that_was_taken_since() {
    let app = app().await;
    let asks = ("claims", r#"{"userinfo":{"nickname":null,"preferred_username":null}}"#);
    let tokens = tokens(&app, &[asks]).await;
    let access = text(&tokens, "access_token");
    assert_eq!(ok(app.userinfo(access).await)["preferred_username"], "ada");
    app.leave_scope("openid").await;
    assert_eq!(ok(app.userinfo(access).await).get("preferred_username"), None);
    app.leave_scope("profile").await;
    assert_eq!(app.userinfo(access).await.json()["error"], "insufficient_scope");
}

#[tokio::test]
async fn a_scope_that_was_taken_since_is_not_handed_on_by_an_exchange() {
    let app = app().await;
    let metadata = json!({"grant_types": [EXCHANGE], "scope": "orders:read orders:write"});
    let exchange =
        ExchangePolicy { targets: vec![STOCK.into()], accepts: vec![API.into()], ..Default::default() };
    app.add_client_with("service", metadata, ClientPolicy { exchange, ..ClientPolicy::default() }).await;
    let tokens = tokens(&app, &[("resource", API)]).await;
    app.leave_scope("openid orders:read").await;
    for (client, token, kind) in
        [("service", "access_token", ACCESS), ("web", "access_token", ACCESS), ("web", "id_token", ID)]
    {
        let fields =
            [("grant_type", EXCHANGE), ("subject_token", text(&tokens, token)), ("subject_token_type", kind)];
        let exchanged = ok(app.post_as(client, "/token", &fields).await);
        assert_eq!(
            (&exchanged["scope"], &claims(&exchanged)["scope"]),
            (&json!("orders:read"), &json!("orders:read")),
            "{client}"
        );
        let asked = [&fields[..], &[("scope", "orders:write")]].concat();
        assert_eq!(error(&app.post_as(client, "/token", &asked).await), "invalid_scope", "{client}");
    }
}

#[tokio::test]
async fn a_resource_taken_from_a_client_is_in_none_of_its_next_tokens() {
    let app = app().await;
    let (api, stock) = (("resource", API), ("resource", STOCK));
    let mut target = authorize(&[("scope", ALL)]);
    for resource in [API, STOCK] {
        target = format!("{target}&resource={}", resource.replace(':', "%3A").replace('/', "%2F"));
    }
    let back = redirected(&Browser::new(&app).sign_in(&target).await);
    let first = ok(app.redeem(back.get("code").expect("a code")).await);
    assert_eq!(claims(&first)["aud"], json!([API, STOCK]));
    app.change_client(metadata(ALL), policy(&[STOCK])).await;
    assert_eq!(error(&refresh(&app, &first, &[api]).await), "invalid_target");
    let second = ok(refresh(&app, &first, &[]).await);
    assert_eq!(claims(&second)["aud"], STOCK);
    app.hand.step(300);
    let third = ok(refresh(&app, &second, &[stock]).await);
    app.change_client(metadata(ALL), policy(&[])).await;
    app.hand.step(300);
    // Never the audience that is named where there is no resource.
    assert_eq!(error(&refresh(&app, &third, &[]).await), "invalid_target");
}

#[tokio::test]
async fn a_type_of_details_taken_from_a_client_is_in_none_of_its_next_tokens() {
    let app = app().await;
    let first = tokens(&app, &[("authorization_details", r#"[{"type":"payment","amount":"1"}]"#)]).await;
    assert_eq!(first["authorization_details"][0]["type"], "payment");
    let mut without = metadata(ALL);
    without["authorization_details_types"] = json!([]);
    app.change_client(without, policy(&[API, STOCK])).await;
    let told = introspect(&app, text(&first, "access_token")).await;
    assert_eq!((told.get("authorization_details"), &told["scope"]), (None, &json!(ALL)));
    let second = ok(refresh(&app, &first, &[]).await);
    assert_eq!(
        (second.get("authorization_details"), claims(&second).get("authorization_details")),
        (None, None)
    );
}
