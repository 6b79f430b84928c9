//! Answers of the authorization endpoint as signed JWTs (JARM).

use http::StatusCode;
use jeton_jose::jwt::{TokenType, Verifier};
use jeton_jose::{JwkSet, KeySet};
use serde_json::{Value, json};

use super::browser::{Browser, redirected};
use super::client::{CALLBACK, authorize, web};
use crate::app::TestApp;

/// Verifies what the authority signed for the client `web`, as the client does.
pub(crate) async fn verified(app: &TestApp, typ: impl Into<TokenType>, token: &str) -> Value {
    let jwks = app.get("/.well-known/jwks.json").await;
    let keys = KeySet::from_jwk_set(&JwkSet::parse(&jwks.body).expect("a set")).expect("keys");
    let verifier = Verifier::new("https://auth.example", "web", keys).typ(typ).allow_missing_exp();
    verifier.verify::<Value>(token, app.service.clock().now()).expect("a good token").into_claims()
}

#[tokio::test]
async fn a_code_comes_back_signed_for_its_client() {
    let app = TestApp::new().await;
    app.add_client("web", web()).await;
    let browser = Browser::new(&app);
    let answer = browser.sign_in(&authorize(&[("response_mode", "jwt")])).await;
    assert!(answer.header("location").is_some_and(|to| to.starts_with(&format!("{CALLBACK}?response="))));
    let back = redirected(&answer);
    assert_eq!(
        (back.get("code"), back.get("state")),
        (None, None),
        "nothing stands beside the signed answer"
    );
    let claims = verified(&app, TokenType::JwtOrNone, back.get("response").expect("a response")).await;
    assert_eq!((&claims["state"], &claims["iss"]), (&json!("st"), &json!("https://auth.example")));
    assert_eq!(claims["exp"].as_i64(), Some(crate::app::NOW + 600));
    assert_eq!(app.redeem(claims["code"].as_str().expect("a code")).await.status, StatusCode::OK);

    let fragment = browser.get(&authorize(&[("response_mode", "fragment.jwt")])).await;
    assert!(fragment.header("location").is_some_and(|to| to.starts_with(&format!("{CALLBACK}#response="))));
    let form = browser.get(&authorize(&[("response_mode", "form_post.jwt")])).await;
    assert!(form.text().contains("name=\"response\"") && !form.text().contains("name=\"code\""));
}

#[tokio::test]
async fn an_error_is_signed_too_by_the_algorithm_that_the_client_chose() {
    let app = TestApp::new().await;
    let mut metadata = web();
    metadata["authorization_signed_response_alg"] = json!("EdDSA");
    app.add_client("web", metadata).await;
    for change in [("prompt", "none"), ("response_type", "token")] {
        let target = authorize(&[("response_mode", "query.jwt"), change]);
        let back = redirected(&Browser::new(&app).get(&target).await);
        let response = back.get("response").expect("a response");
        let header = jeton_jose::jwt::Unverified::parse(response).expect("a JWT");
        assert!(["EdDSA", "Ed25519"].contains(&header.alg()), "{}", header.alg());
        let claims = verified(&app, TokenType::JwtOrNone, response).await;
        assert!(claims["error"].is_string() && claims.get("code").is_none(), "{claims}");
    }
}
