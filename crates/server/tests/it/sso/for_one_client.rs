//! What is signed or encrypted for one client alone.

use axum::body::Body;
use http::{Request, StatusCode, header};
use jeton_authority::client::{ClientPolicy, IdTokenClaims};
use jeton_jose::jwe::{Decrypter, DecryptionKey, KeyManagement};
use jeton_jose::jwk::{KeyKind, KeyUse};
use jeton_jose::jwt::{TokenType, Unverified};
use jeton_jose::{Jwk, JwkSet};
use serde_json::{Value, json};

use super::browser::{Browser, redirected};
use super::client::{authorize, web, with_form};
use super::signed_answers::verified;
use crate::app::TestApp;

async fn tokens(app: &TestApp) -> Value {
    let back = redirected(&Browser::new(app).sign_in(&authorize(&[])).await);
    let answer = app.redeem(back.get("code").expect("a code")).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    answer.json()
}

fn access(tokens: &Value) -> &str {
    tokens["access_token"].as_str().expect("a token")
}

fn id_token(tokens: &Value) -> &str {
    tokens["id_token"].as_str().expect("a token")
}

#[tokio::test]
async fn userinfo_comes_signed_to_who_registered_for_it() {
    let app = TestApp::new().await;
    let mut metadata = web();
    metadata["userinfo_signed_response_alg"] = json!("PS256");
    app.add_client("web", metadata).await;
    let tokens = tokens(&app).await;
    let info = app.userinfo(access(&tokens)).await;
    assert_eq!(info.header("content-type"), Some("application/jwt"));
    let claims = verified(&app, TokenType::JwtOrNone, info.text()).await;
    assert_eq!(claims["preferred_username"], "ada");

    // It is no ID token: it signs nobody out.
    let target = format!("/end_session?id_token_hint={}", info.text());
    assert!(app.get(&target).await.header("location").is_none());
}

#[tokio::test]
async fn id_tokens_say_what_the_scopes_stand_for_where_the_operator_wants_it() {
    let app = TestApp::new().await;
    app.add_client("web", web()).await;
    let lean = verified(&app, TokenType::JwtOrNone, id_token(&tokens(&app).await)).await;
    assert_eq!(lean.get("preferred_username"), None);

    let app = TestApp::new().await;
    let policy = ClientPolicy { id_token_claims: IdTokenClaims::Scopes, ..ClientPolicy::default() };
    app.add_client_with("web", web(), policy).await;
    let full = tokens(&app).await;
    let said = verified(&app, TokenType::JwtOrNone, id_token(&full)).await;
    assert_eq!(said["preferred_username"], "ada");
    assert_eq!(said.get("email"), None, "that scope was not asked for");
    let access: Value =
        serde_json::from_str(Unverified::parse(access(&full)).expect("a JWT").claims_json()).expect("JSON");
    assert_eq!(access.get("preferred_username"), None, "access tokens say no more than before");
}

#[tokio::test]
async fn tokens_are_encrypted_to_the_key_that_the_client_registered() {
    let app = TestApp::new().await;
    let key = Jwk::generate(KeyKind::X25519).expect("a key").with_use(KeyUse::Enc);
    let mut metadata = web();
    let public = JwkSet::new(vec![key.public().expect("a public key")]).to_json();
    metadata["jwks"] = serde_json::from_str(&public).expect("JSON");
    metadata["id_token_encrypted_response_alg"] = json!("ECDH-ES+A128KW");
    metadata["userinfo_encrypted_response_alg"] = json!("ECDH-ES+A128KW");
    metadata["userinfo_encrypted_response_enc"] = json!("A256GCM");
    app.add_client("web", metadata).await;
    let tokens = tokens(&app).await;

    let alg = KeyManagement::EcdhEsA128Kw;
    let decrypter = Decrypter::new([DecryptionKey::from_jwk_for(alg, &key).expect("a key")]);
    let id_token = decrypter.decrypt(tokens["id_token"].as_str().expect("a token")).expect("a nested token");
    assert_eq!(id_token.cty(), Some("JWT"));
    let inner = std::str::from_utf8(id_token.plaintext()).expect("text");
    assert_eq!(verified(&app, TokenType::JwtOrNone, inner).await["nonce"], "no");

    let info = app.userinfo(access(&tokens)).await;
    let info = decrypter.decrypt(info.text()).expect("encrypted userinfo");
    let claims: Value = serde_json::from_slice(info.plaintext()).expect("claims");
    assert_eq!(claims["preferred_username"], "ada");
}

#[tokio::test]
async fn a_client_without_a_key_to_encrypt_to_gets_nothing_in_the_clear() {
    let app = TestApp::new().await;
    let mut metadata = web();
    metadata["id_token_encrypted_response_alg"] = json!("RSA-OAEP-256");
    app.add_client("web", metadata).await;
    let back = redirected(&Browser::new(&app).sign_in(&authorize(&[])).await);
    let answer = app.redeem(back.get("code").expect("a code")).await;
    assert_eq!(
        (answer.status, &answer.json()["error"]),
        (StatusCode::BAD_REQUEST, &json!("invalid_request"))
    );
}

#[tokio::test]
async fn introspection_answers_with_a_signed_token_where_it_is_asked_to() {
    let app = TestApp::new().await;
    let mut metadata = web();
    metadata["token_endpoint_auth_method"] = json!("client_secret_post");
    app.add_client("web", metadata).await;
    let tokens = tokens(&app).await;
    let ask = |accept: &'static str| {
        let request = Request::post("/introspect").header(header::ACCEPT, accept);
        let secret = super::client::SECRET;
        let fields = [("client_id", "web"), ("client_secret", secret), ("token", access(&tokens))];
        app.send(with_form(request, &fields) as Request<Body>)
    };
    let signed = ask("application/json;q=0.5, application/token-introspection+jwt").await;
    assert_eq!(signed.header("content-type"), Some("application/token-introspection+jwt"));
    let claims = verified(&app, "token-introspection+jwt", signed.text()).await;
    assert_eq!(claims["token_introspection"]["active"], true);
    assert_eq!(claims["token_introspection"]["username"], "ada");
    assert!(
        claims.get("sub").is_none() && claims.get("exp").is_none(),
        "it must not pass for an access token"
    );
    assert_eq!(ask("application/json").await.json()["active"], true);
}
