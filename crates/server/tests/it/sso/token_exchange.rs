//! Exchanging a token for another (RFC 8693).

use http::StatusCode;
use jeton_authority::client::{ClientPolicy, ExchangeActor, ExchangePolicy};
use jeton_jose::jwt::Unverified;
use serde_json::{Value, json};

use super::browser::{Browser, redirected};
use super::client::{authorize, web};
use crate::app::{Answer, TestApp};

const GRANT: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS: &str = "urn:ietf:params:oauth:token-type:access_token";
const ID: &str = "urn:ietf:params:oauth:token-type:id_token";
const OFFICE: &str = "https://office.example";
pub(super) const ORDERS: &str = "https://orders.example";
const STOCK: &str = "https://stock.example";

/// A service that is called with tokens for `own` and may call on the others.
async fn add_service(app: &TestApp, id: &str, own: &str, actor: ExchangeActor) {
    let metadata = json!({
        "client_name": id,
        "grant_types": [GRANT, "client_credentials"],
        "scope": "openid offline_access orders:read orders:write stock:read",
    });
    let targets = vec![ORDERS.to_owned(), STOCK.to_owned()];
    let exchange = ExchangePolicy { targets, accepts: vec![own.to_owned()], actor };
    app.add_client_with(id, metadata, ClientPolicy { exchange, ..ClientPolicy::default() }).await;
}

pub(super) async fn app() -> TestApp {
    let app = TestApp::new().await;
    let policy =
        ClientPolicy { resources: vec![OFFICE.to_owned(), ORDERS.to_owned()], ..ClientPolicy::default() };
    app.add_client_with("web", web(), policy).await;
    add_service(&app, "office", OFFICE, ExchangeActor::Client).await;
    app
}

/// Tokens of Ada's for the office.
pub(super) async fn tokens(app: &TestApp) -> Value {
    let target = authorize(&[("resource", OFFICE), ("scope", "openid profile orders:read orders:write")]);
    let back = redirected(&Browser::new(app).sign_in(&target).await);
    let answer = app.redeem(back.get("code").expect("a code")).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    answer.json()
}

pub(super) async fn exchange(app: &TestApp, client: &str, subject: &str, more: &[(&str, &str)]) -> Answer {
    let mut fields = vec![("grant_type", GRANT), ("subject_token", subject), ("subject_token_type", ACCESS)];
    for (name, value) in more {
        fields.retain(|(known, _)| known != name);
        fields.push((name, value));
    }
    app.post_as(client, "/token", &fields).await
}

pub(super) fn access(tokens: &Value) -> String {
    tokens["access_token"].as_str().unwrap_or_else(|| panic!("no token: {tokens}")).to_owned()
}

fn claims(token: &str) -> Value {
    serde_json::from_str(Unverified::parse(token).expect("a JWT").claims_json()).expect("claims")
}

#[track_caller]
fn error(answer: &Answer) -> String {
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.text());
    answer.json()["error"].as_str().expect("an error").to_owned()
}

#[tokio::test]
async fn a_service_calls_further_in_the_name_of_its_caller_and_is_named() {
    let app = app().await;
    let subject = access(&tokens(&app).await);
    let answer = exchange(&app, "office", &subject, &[("resource", ORDERS), ("scope", "orders:read")]).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let response = answer.json();
    assert_eq!(response["issued_token_type"], ACCESS);
    assert_eq!(response["scope"], "orders:read");
    assert!(response.get("refresh_token").is_none() && response.get("id_token").is_none());
    let (before, after) = (claims(&subject), claims(&access(&response)));
    assert_eq!(after["aud"], ORDERS);
    assert_eq!(after["client_id"], "office");
    assert_eq!(after["act"], json!({"sub": "office"}));
    assert_eq!((&after["sub"], &after["sid"]), (&before["sub"], &before["sid"]));
    let told = app.post_as("office", "/introspect", &[("token", &access(&response))]).await.json();
    assert_eq!((&told["active"], &told["act"]), (&json!(true), &json!({"sub": "office"})));
}

#[tokio::test]
async fn a_client_exchanges_nothing_unless_the_operator_lets_it() {
    let app = app().await;
    let mut metadata = web();
    metadata["grant_types"] = json!([GRANT]);
    app.add_client("eager", metadata).await;
    let subject = access(&tokens(&app).await);
    assert_eq!(error(&exchange(&app, "eager", &subject, &[]).await), "unauthorized_client");
    assert_eq!(error(&exchange(&app, "web", &subject, &[]).await), "unauthorized_client");
}

#[tokio::test]
async fn a_token_that_is_for_somebody_else_is_worth_nothing() {
    let app = app().await;
    add_service(&app, "stranger", "https://stranger.example", ExchangeActor::Client).await;
    let tokens = tokens(&app).await;
    let answer = exchange(&app, "stranger", &access(&tokens), &[("resource", ORDERS)]).await;
    assert_eq!(error(&answer), "invalid_request");
    let id_token = tokens["id_token"].as_str().expect("an ID token");
    for client in ["office", "stranger"] {
        let answer =
            exchange(&app, client, id_token, &[("subject_token_type", ID), ("resource", ORDERS)]).await;
        assert_eq!(error(&answer), "invalid_request");
    }
    let refresh = tokens["refresh_token"].as_str().expect("a token");
    assert_eq!(error(&exchange(&app, "office", refresh, &[("resource", ORDERS)]).await), "invalid_request");
}

#[tokio::test]
async fn an_id_token_is_exchanged_by_the_client_that_it_is_for() {
    let app = TestApp::new().await;
    let mut metadata = web();
    metadata["grant_types"] = json!(["authorization_code", GRANT]);
    let exchange_policy = ExchangePolicy { targets: vec![ORDERS.to_owned()], ..ExchangePolicy::default() };
    app.add_client_with(
        "web",
        metadata,
        ClientPolicy { exchange: exchange_policy, ..ClientPolicy::default() },
    )
    .await;
    let back = redirected(&Browser::new(&app).sign_in(&authorize(&[("scope", "openid orders:read")])).await);
    let tokens = app.redeem(back.get("code").expect("a code")).await.json();
    let id_token = tokens["id_token"].as_str().expect("an ID token");
    let answer = exchange(&app, "web", id_token, &[("subject_token_type", ID)]).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    assert_eq!(answer.json()["scope"], "orders:read", "no more than its grant, and nothing of the sign-in");
    assert_eq!(claims(&access(&answer.json()))["aud"], ORDERS, "the only target need not be named");
    app.hand.step(300);
    let answer = exchange(&app, "web", id_token, &[("subject_token_type", ID)]).await;
    assert_eq!(error(&answer), "invalid_request", "an ID token that has expired");
}

#[tokio::test]
async fn an_exchange_reaches_no_further_than_the_operator_says() {
    let app = app().await;
    let subject = access(&tokens(&app).await);
    for more in [
        vec![("resource", "https://elsewhere.example")],
        vec![("audience", OFFICE)],
        vec![("resource", ORDERS), ("audience", "https://elsewhere.example")],
        vec![],
    ] {
        assert_eq!(error(&exchange(&app, "office", &subject, &more).await), "invalid_target", "{more:?}");
    }
    let answer = exchange(&app, "office", &subject, &[("resource", ORDERS), ("audience", STOCK)]).await;
    assert_eq!(claims(&access(&answer.json()))["aud"], json!([ORDERS, STOCK]));
}

#[tokio::test]
async fn a_scope_only_narrows() {
    let app = app().await;
    let subject = access(&tokens(&app).await);
    for scope in ["stock:read", "orders:read profile", "openid", "offline_access"] {
        let answer = exchange(&app, "office", &subject, &[("resource", ORDERS), ("scope", scope)]).await;
        assert_eq!(error(&answer), "invalid_scope", "{scope}");
    }
    let all = exchange(&app, "office", &subject, &[("resource", ORDERS)]).await.json();
    assert_eq!(all["scope"], "orders:read orders:write", "what both have");
}

#[tokio::test]
async fn what_comes_out_never_outlives_what_went_in() {
    let app = app().await;
    let subject = access(&tokens(&app).await);
    app.hand.step(200);
    let response = exchange(&app, "office", &subject, &[("resource", ORDERS)]).await.json();
    assert_eq!(response["expires_in"], 100);
    assert_eq!(claims(&access(&response))["exp"], claims(&subject)["exp"]);
    app.hand.step(100);
    assert_eq!(error(&exchange(&app, "office", &subject, &[("resource", ORDERS)]).await), "invalid_request");
}

#[tokio::test]
async fn ending_the_users_grant_ends_every_token_that_came_of_it() {
    let app = app().await;
    let subject = access(&tokens(&app).await);
    let exchanged = access(&exchange(&app, "office", &subject, &[("resource", ORDERS)]).await.json());
    app.post_as("web", "/revoke", &[("token", &subject)]).await;
    assert_eq!(
        app.post_as("office", "/introspect", &[("token", &exchanged)]).await.text(),
        r#"{"active":false}"#
    );
    assert_eq!(error(&exchange(&app, "office", &subject, &[("resource", ORDERS)]).await), "invalid_request");
}

/// What introspection and the token API both say of a token.
async fn is_good(app: &TestApp, client: &str, token: &str) -> bool {
    let told = app.post_as(client, "/introspect", &[("token", token)]).await.json();
    let verified = app.verify(token).await.status == StatusCode::OK;
    assert_eq!(told["active"], verified);
    verified
}

#[tokio::test]
async fn a_service_that_gives_back_an_exchanged_token_ends_that_token_alone() {
    for actor in [ExchangeActor::Client, ExchangeActor::Nobody] {
        let app = app().await;
        add_service(&app, "gateway", OFFICE, actor).await;
        let tokens = tokens(&app).await;
        let subject = access(&tokens);
        let to_orders = [("resource", ORDERS)];
        let exchanged = access(&exchange(&app, "gateway", &subject, &to_orders).await.json());
        let another = access(&exchange(&app, "gateway", &subject, &to_orders).await.json());
        // Nobody else's word counts.
        app.post_as("office", "/revoke", &[("token", &exchanged)]).await;
        assert!(is_good(&app, "gateway", &exchanged).await);
        let answer = app.post_as("gateway", "/revoke", &[("token", &exchanged)]).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert!(!is_good(&app, "gateway", &exchanged).await);
        assert!(is_good(&app, "gateway", &another).await);
        assert!(is_good(&app, "web", &subject).await);
        let refresh = tokens["refresh_token"].as_str().expect("a token");
        let fields = [("grant_type", "refresh_token"), ("refresh_token", refresh)];
        assert_eq!(app.post_as("web", "/token", &fields).await.status, StatusCode::OK);
        // With the sign-in ends what came of it.
        app.post_as("web", "/revoke", &[("token", &subject)]).await;
        assert!(!is_good(&app, "gateway", &another).await);
    }
}

#[tokio::test]
async fn a_client_that_gives_back_what_it_exchanged_for_itself_stays_signed_in() {
    let app = TestApp::new().await;
    let mut metadata = web();
    metadata["grant_types"] = json!(["authorization_code", "refresh_token", GRANT]);
    let policy = ExchangePolicy {
        targets: vec![ORDERS.to_owned()],
        accepts: vec![ORDERS.to_owned()],
        actor: ExchangeActor::Nobody,
    };
    let policy =
        ClientPolicy { exchange: policy, resources: vec![OFFICE.to_owned()], ..ClientPolicy::default() };
    app.add_client_with("web", metadata, policy).await;
    let subject = access(&tokens(&app).await);
    let exchanged = access(&exchange(&app, "web", &subject, &[]).await.json());
    app.post_as("web", "/revoke", &[("token", &exchanged)]).await;
    assert!(!is_good(&app, "web", &exchanged).await);
    assert_eq!(
        error(&exchange(&app, "web", &exchanged, &[]).await),
        "invalid_request",
        "nor is it exchanged"
    );
    assert!(is_good(&app, "web", &subject).await);
}

#[tokio::test]
async fn an_actor_is_named_and_those_before_it_are_never_lost() {
    let app = app().await;
    add_service(&app, "orders", ORDERS, ExchangeActor::Nobody).await;
    let subject = access(&tokens(&app).await);
    let first = access(&exchange(&app, "office", &subject, &[("resource", ORDERS)]).await.json());
    let robot = app.post_as("orders", "/token", &[("grant_type", "client_credentials")]).await.json();
    let robot = access(&robot);
    let actor = [("resource", STOCK), ("actor_token", robot.as_str()), ("actor_token_type", ACCESS)];
    let second = exchange(&app, "orders", &first, &actor).await;
    assert_eq!(second.status, StatusCode::OK, "{}", second.text());
    assert_eq!(claims(&access(&second.json()))["act"], json!({"sub": "orders", "act": {"sub": "office"}}));
    let silent = exchange(&app, "orders", &first, &[("resource", STOCK)]).await.json();
    assert_eq!(claims(&access(&silent))["act"], json!({"sub": "office"}), "impersonation adds nobody");
}

#[tokio::test]
async fn a_chain_of_actors_has_an_end() {
    let app = app().await;
    let mut token = access(&tokens(&app).await);
    for _ in 0..4 {
        token = access(&exchange(&app, "office", &token, &[("resource", ORDERS)]).await.json());
    }
    assert_eq!(error(&exchange(&app, "office", &token, &[("resource", ORDERS)]).await), "invalid_request");
}

#[tokio::test]
async fn tokens_of_nobody_and_of_other_kinds_are_refused() {
    let app = app().await;
    let tokens = tokens(&app).await;
    let subject = access(&tokens);
    let machine = app.post_as("office", "/token", &[("grant_type", "client_credentials")]).await.json();
    assert_eq!(
        error(&exchange(&app, "office", &access(&machine), &[("resource", ORDERS)]).await),
        "invalid_request",
        "a client has nobody whom another could act for"
    );
    for more in [
        vec![("subject_token_type", "urn:ietf:params:oauth:token-type:saml2")],
        vec![("subject_token_type", "")],
        vec![("requested_token_type", "urn:ietf:params:oauth:token-type:refresh_token")],
        vec![("actor_token_type", ACCESS)],
        vec![("actor_token", subject.as_str())],
        vec![("actor_token", "nonsense"), ("actor_token_type", ACCESS)],
        vec![("subject_token", "")],
    ] {
        let more: Vec<_> = more.into_iter().chain([("resource", ORDERS)]).collect();
        assert_eq!(error(&exchange(&app, "office", &subject, &more).await), "invalid_request", "{more:?}");
    }
}

#[tokio::test]
async fn an_actor_whose_own_sign_in_has_ended_acts_no_more() {
    let app = TestApp::new().await;
    let mut metadata = web();
    metadata["grant_types"] = json!(["authorization_code", "refresh_token", GRANT]);
    let orders = vec![ORDERS.to_owned()];
    let policy = ClientPolicy {
        exchange: ExchangePolicy { targets: orders, accepts: vec![], actor: ExchangeActor::Nobody },
        resources: vec![OFFICE.to_owned()],
        ..ClientPolicy::default()
    };
    app.add_client_with("web", metadata, policy).await;
    let (subject, actor) = (access(&tokens(&app).await), tokens(&app).await);
    let id_token = actor["id_token"].as_str().expect("an ID token");
    let acting = [("actor_token", id_token), ("actor_token_type", ID)];
    let while_it_lasts = exchange(&app, "web", &subject, &acting).await;
    assert_eq!(while_it_lasts.status, StatusCode::OK, "{}", while_it_lasts.text());
    app.post_as("web", "/revoke", &[("token", &access(&actor))]).await;
    assert_eq!(error(&exchange(&app, "web", &subject, &acting).await), "invalid_request");
}
