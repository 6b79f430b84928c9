//! Clients that prove who they are with an assertion (RFC 7523), and those that only try.

use jeton_jose::jwt::Signer;
use jeton_jose::{Algorithm, JwkSet, PrivateKey, SharedSecret, SigningKey};
use serde_json::{Value, json};

use super::client::{SECRET, web};
use super::forged;
use crate::app::{Answer, NOW, TestApp};

const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

fn claims(changes: &[(&str, Value)]) -> Value {
    let mut claims = json!({
        "iss": "web", "sub": "web", "aud": "https://auth.example", "exp": NOW + 60, "iat": NOW, "jti": "first",
    });
    for (name, value) in changes {
        if value.is_null() {
            claims.as_object_mut().expect("an object").remove(*name);
        } else {
            claims[*name] = value.clone();
        }
    }
    claims
}

pub(super) fn sign(key: impl Into<SigningKey>, changes: &[(&str, Value)]) -> String {
    Signer::new(key.into()).sign(&claims(changes)).expect("an assertion")
}

pub(super) async fn present(app: &TestApp, assertion: &str) -> Answer {
    let fields = [
        ("grant_type", "client_credentials"),
        ("client_assertion_type", TYPE),
        ("client_assertion", assertion),
    ];
    app.post_form("/token", &fields).await
}

async fn app_with_key() -> (TestApp, PrivateKey) {
    let app = TestApp::new().await;
    let key = add_client_with_key(&app, "web").await;
    (app, key)
}

/// Adds a client that authenticates with a key.
pub(super) async fn add_client_with_key(app: &TestApp, id: &str) -> PrivateKey {
    let key = PrivateKey::generate(Algorithm::ES256).expect("a key");
    let mut metadata = web();
    let jwks = JwkSet::new(vec![key.public_key().to_jwk()]).to_json();
    metadata["jwks"] = serde_json::from_str(&jwks).expect("JSON");
    metadata["token_endpoint_auth_method"] = json!("private_key_jwt");
    app.add_client(id, metadata).await;
    key
}

#[tokio::test]
async fn an_assertion_is_good_once() {
    let (app, key) = app_with_key().await;
    let assertion = sign(key.clone(), &[]);
    assert_eq!(present(&app, &assertion).await.status, 200);
    assert_eq!(present(&app, &assertion).await.json()["error"], "invalid_client");
    assert_eq!(present(&app.second_node().await, &assertion).await.json()["error"], "invalid_client");
    for audience in ["https://auth.example/token", "https://auth.example"] {
        let next = sign(key.clone(), &[("jti", json!(audience)), ("aud", json!(audience))]);
        assert_eq!(present(&app, &next).await.status, 200, "{audience}");
    }
}

#[tokio::test]
async fn an_assertion_by_anything_else_than_the_clients_key_is_refused() {
    let (app, key) = app_with_key().await;
    let public = key.public_key().to_jwk();
    let pem = public.to_pem().expect("PEM");
    let good = sign(key, &[]);
    let by_secret = |secret: &[u8]| forged::hs256(secret, &claims(&[]));
    let unsigned = |header: &str| forged::unsigned(header, &claims(&[]));
    for (what, assertion) in [
        ("the public key as a secret", by_secret(pem.as_bytes())),
        ("the public key as JSON as a secret", by_secret(public.to_json().as_bytes())),
        ("a shared secret", by_secret(SECRET.as_bytes())),
        ("a stranger's key", sign(PrivateKey::generate(Algorithm::ES256).expect("a key"), &[])),
        ("another kind of key", sign(PrivateKey::generate(Algorithm::PS256).expect("a key"), &[])),
        ("no algorithm", unsigned(r#"{"alg":"none"}"#)),
        ("no signature", unsigned(r#"{"alg":"ES256"}"#)),
    ] {
        assert_eq!(present(&app, &assertion).await.json()["error"], "invalid_client", "{what}");
    }
    assert_eq!(present(&app, &good).await.status, 200);
}

#[tokio::test]
async fn an_assertion_for_somebody_else_or_another_time_is_refused() {
    let (app, key) = app_with_key().await;
    for (name, value) in [
        ("sub", json!("other")),
        ("sub", Value::Null),
        ("iss", json!("other")),
        ("aud", json!("https://other.example/token")),
        ("aud", Value::Null),
        ("jti", Value::Null),
        ("jti", json!("")),
        ("exp", Value::Null),
        ("exp", json!(NOW - 31)),
        ("exp", json!(NOW + 3601)),
        ("nbf", json!(NOW + 60)),
    ] {
        let refused = present(&app, &sign(key.clone(), &[(name, value.clone())])).await;
        assert_eq!(refused.json()["error"], "invalid_client", "{name}: {value}");
    }
}

#[tokio::test]
async fn a_shared_secret_signs_only_for_those_who_registered_for_it() {
    let app = TestApp::new().await;
    let mut metadata = web();
    metadata["token_endpoint_auth_method"] = json!("client_secret_jwt");
    app.add_client("web", metadata).await;
    let secret = SharedSecret::new(Algorithm::HS256, SECRET.as_bytes()).expect("a secret");
    assert_eq!(present(&app, &sign(secret, &[])).await.status, 200);
    let stranger = PrivateKey::generate(Algorithm::ES256).expect("a key");
    assert_eq!(
        present(&app, &sign(stranger, &[("jti", json!("b"))])).await.json()["error"],
        "invalid_client"
    );
    let plain = app.post_as("web", "/token", &[("grant_type", "client_credentials")]).await;
    assert_eq!(plain.json()["error"], "invalid_client", "the secret itself is not sent");
}

#[tokio::test]
async fn a_token_of_another_kind_is_no_assertion() {
    let (app, key) = app_with_key().await;
    let typed = |typ: &'static str| {
        Signer::new(SigningKey::from(key.clone()))
            .typ(typ)
            .sign(&claims(&[("jti", json!(typ))]))
            .expect("a token")
    };
    for typ in [
        "at+jwt",
        "dpop+jwt",
        "logout+jwt",
        "oauth-authz-req+jwt",
        "secevent+jwt",
        "rt+jwt",
        "token-introspection+jwt",
        "entity-statement+jwt",
        "application/at+jwt",
    ] {
        assert_eq!(present(&app, &typed(typ)).await.json()["error"], "invalid_client", "{typ}");
    }
    for typ in [
        "JWT",
        "jwt",
        "application/jwt",
        "client-authentication+jwt",
        "application/client-authentication+jwt",
    ] {
        assert_eq!(present(&app, &typed(typ)).await.status, 200, "{typ}");
    }
}
