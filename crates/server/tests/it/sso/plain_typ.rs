//! Access tokens with the `typ` of any JWT (setting `access.typ`): nothing else passes for one, and they pass for nothing else.

use axum::body::Body;
use http::{Request, header};
use jeton_authority::client::ExchangePolicy;
use jeton_authority::client::{ClientPolicy, IntrospectionPolicy};
use jeton_authority::settings::{AccessTyp, Settings};
use jeton_jose::jwt::Unverified;
use serde_json::{Value, json};

use super::browser::{Browser, redirected};
use super::client::{authorize, web};
use crate::app::TestApp;

/// An app whose access tokens are for the client `web`, the worst that can be chosen: ID tokens are, too.
async fn app() -> TestApp {
    let settings = |mut settings: Settings| {
        (settings.access.typ, settings.access.audience) = (AccessTyp::Jwt, "web".to_owned());
        settings
    };
    let app = TestApp::with(settings, |service| service).await;
    let mut metadata = web();
    metadata["userinfo_signed_response_alg"] = json!("ES256");
    metadata["grant_types"] =
        json!(["authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:token-exchange"]);
    let exchange =
        ExchangePolicy { targets: vec!["https://api.example".to_owned()], ..ExchangePolicy::default() };
    let policy =
        ClientPolicy { introspection: IntrospectionPolicy::All, exchange, ..ClientPolicy::default() };
    app.add_client_with("web", metadata, policy).await;
    app
}

async fn tokens(app: &TestApp) -> Value {
    let back = redirected(&Browser::new(app).sign_in(&authorize(&[])).await);
    app.redeem(back.get("code").expect("a code")).await.json()
}

fn text<'a>(tokens: &'a Value, name: &str) -> &'a str {
    tokens[name].as_str().unwrap_or_else(|| panic!("no {name}: {tokens}"))
}

async fn is_active(app: &TestApp, token: &str) -> bool {
    app.post_as("web", "/introspect", &[("token", token)]).await.json()["active"] == true
}

#[tokio::test]
async fn an_access_token_may_have_the_typ_of_any_jwt_and_is_taken_as_ever() {
    let app = app().await;
    let tokens = tokens(&app).await;
    let pair = app.sign_in().await;
    for token in [text(&tokens, "access_token"), &pair.access] {
        assert_eq!(Unverified::parse(token).expect("a token").typ(), Some("JWT"));
        assert!(is_active(&app, token).await);
        app.verify(token).await.expect(200, "{}");
    }
    assert_eq!(app.userinfo(text(&tokens, "access_token")).await.status, 200);
    app.sign_out(&pair.refresh).await.expect(200, "{}");
    assert!(!is_active(&app, &pair.access).await);
}

#[tokio::test]
async fn no_other_token_passes_for_an_access_token() {
    let app = app().await;
    let tokens = tokens(&app).await;
    let signed_userinfo = app.userinfo(text(&tokens, "access_token")).await;
    for other in [text(&tokens, "id_token"), signed_userinfo.text(), text(&tokens, "refresh_token")] {
        assert_eq!(app.userinfo(other).await.status, 401);
        if other != text(&tokens, "refresh_token") {
            assert!(!is_active(&app, other).await);
            assert_eq!(app.verify(other).await.status, 401);
        }
    }
}

#[tokio::test]
async fn an_access_token_passes_for_no_id_token() {
    let app = app().await;
    let browser = Browser::new(&app);
    let back = redirected(&browser.sign_in(&authorize(&[])).await);
    let tokens = app.redeem(back.get("code").expect("a code")).await.json();
    let access = text(&tokens, "access_token");
    let refused = browser.get(&format!("/end_session?id_token_hint={access}")).await;
    assert_eq!(refused.status, 400);
    assert!(refused.text().contains("id_token_hint_invalid"), "{}", refused.text());
    let exchange = |token: &str| {
        let fields = [
            ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
            ("subject_token", token),
            ("subject_token_type", "urn:ietf:params:oauth:token-type:id_token"),
            ("audience", "https://api.example"),
        ];
        let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let app = &app;
        async move {
            let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            app.post_as("web", "/token", &fields).await
        }
    };
    assert_eq!(exchange(text(&tokens, "id_token")).await.status, 200);
    assert_eq!(exchange(access).await.status, 400);
}

#[tokio::test]
async fn a_token_from_before_the_setting_was_changed_is_taken() {
    let before = TestApp::new().await;
    let pair = before.sign_in().await;
    assert_eq!(Unverified::parse(&pair.access).expect("a token").typ(), Some("at+jwt"));
    let app = before
        .restarted_with(|mut settings| {
            settings.access.typ = AccessTyp::Jwt;
            settings
        })
        .await;
    app.verify(&pair.access).await.expect(200, "{}");
    let request = Request::get("/userinfo").header(header::AUTHORIZATION, format!("Bearer {}", pair.access));
    let answer = app.send(request.body(Body::empty()).expect("a request")).await;
    assert_eq!(answer.status, 403, "it is good, and has no scope: {}", answer.text());
}
