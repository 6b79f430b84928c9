//! Answers of the authorization endpoint that are signed and then encrypted to the client (JARM §2.2).

use http::StatusCode;
use jeton_jose::jwe::{Decrypter, DecryptionKey, KeyManagement};
use jeton_jose::jwk::{KeyKind, KeyUse};
use jeton_jose::jwt::TokenType;
use jeton_jose::{Jwk, JwkSet};
use serde_json::{Value, json};

use super::browser::{Browser, form, redirected};
use super::client::{CALLBACK, authorize, web};
use super::signed_answers::verified;
use crate::app::TestApp;

/// A client by the name of `web` with a key of its own, which wants its answers encrypted so.
async fn app(alg: &str, enc: Option<&str>) -> (TestApp, Jwk) {
    let app = TestApp::new().await;
    let key = Jwk::generate(KeyKind::X25519).expect("a key").with_use(KeyUse::Enc);
    let public = JwkSet::new(vec![key.public().expect("a public key")]).to_json();
    let mut metadata = web();
    metadata["jwks"] = serde_json::from_str(&public).expect("JSON");
    metadata["authorization_encrypted_response_alg"] = alg.into();
    if let Some(enc) = enc {
        metadata["authorization_encrypted_response_enc"] = enc.into();
    }
    app.add_client("web", metadata).await;
    (app, key)
}

/// What an answer says that only its client can read: the claims, and what it is encrypted with.
async fn opened(app: &TestApp, alg: KeyManagement, key: &Jwk, response: &str) -> (Value, String) {
    let decrypter = Decrypter::new([DecryptionKey::from_jwk_for(alg, key).expect("a key")]);
    let opened = decrypter.decrypt(response).expect("encrypted to this key");
    assert_eq!(opened.cty(), Some("JWT"), "signed before it was encrypted (RFC 7519 §5.2)");
    let inner = std::str::from_utf8(opened.plaintext()).expect("text");
    let header = response.split('.').next().expect("a header");
    let header: Value =
        serde_json::from_slice(&jeton_jose::base64url::decode(header).expect("base64url")).expect("JSON");
    let enc = header["enc"].as_str().expect("an enc").to_owned();
    (verified(app, TokenType::JwtOrNone, inner).await, enc)
}

#[tokio::test]
async fn what_comes_back_is_signed_and_then_encrypted_to_the_client() {
    for (enc, expected) in [(None, "A128CBC-HS256"), (Some("A256GCM"), "A256GCM")] {
        let (app, key) = app("ECDH-ES+A128KW", enc).await;
        let alg = KeyManagement::EcdhEsA128Kw;
        let browser = Browser::new(&app);
        let refused = browser.get(&authorize(&[("response_mode", "jwt"), ("prompt", "none")])).await;
        let response = redirected(&refused).get("response").expect("a response").to_owned();
        let (claims, _) = opened(&app, alg, &key, &response).await;
        assert_eq!((&claims["error"], &claims["state"]), (&json!("login_required"), &json!("st")));

        let answer = browser.sign_in(&authorize(&[("response_mode", "jwt")])).await;
        let back = redirected(&answer);
        assert_eq!((back.get("code"), back.get("state"), back.get("iss")), (None, None, None));
        let (claims, used) = opened(&app, alg, &key, back.get("response").expect("a response")).await;
        assert_eq!(used, expected);
        assert_eq!((&claims["iss"], &claims["aud"]), (&json!("https://auth.example"), &json!("web")));
        assert_eq!(app.redeem(claims["code"].as_str().expect("a code")).await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn each_way_back_carries_it_and_what_is_not_signed_is_not_encrypted_either() {
    let (app, key) = app("ECDH-ES", None).await;
    let browser = Browser::new(&app);
    browser.sign_in(&authorize(&[])).await;
    for (mode, joint) in [("query.jwt", '?'), ("fragment.jwt", '#')] {
        let answer = browser.get(&authorize(&[("response_mode", mode)])).await;
        let location = answer.header("location").expect("a location");
        assert!(location.starts_with(&format!("{CALLBACK}{joint}response=")), "{location}");
        let back = redirected(&answer);
        let (claims, _) =
            opened(&app, KeyManagement::EcdhEs, &key, back.get("response").expect("a response")).await;
        assert!(claims["code"].is_string(), "{mode}");
    }
    let posted = form(&browser.get(&authorize(&[("response_mode", "form_post.jwt")])).await);
    let [(name, response)] = &posted.hidden[..] else { panic!("one field: {posted:?}") };
    assert_eq!(name, "response");
    let (claims, _) = opened(&app, KeyManagement::EcdhEs, &key, response).await;
    assert!(claims["code"].is_string());
    let plain = redirected(&browser.get(&authorize(&[("response_mode", "query")])).await);
    assert!(plain.get("code").is_some() && plain.get("response").is_none());
}

#[tokio::test]
async fn without_a_key_to_encrypt_to_nothing_comes_back_in_the_clear() {
    // The key that it has is for another algorithm.
    let (app, _) = app("RSA-OAEP-256", None).await;
    let browser = Browser::new(&app);
    let silent = authorize(&[("response_mode", "jwt"), ("prompt", "none")]);
    let page = browser.get(&silent).await;
    let after_signing_in = browser.sign_in(&authorize(&[("response_mode", "jwt")])).await;
    for page in [page, after_signing_in] {
        assert_eq!((page.status, page.header("location")), (StatusCode::BAD_REQUEST, None));
        assert!(page.text().contains("client_encryption_key_missing"), "{}", page.text());
    }
}

#[tokio::test]
async fn discovery_says_how_answers_are_encrypted() {
    let document = TestApp::new().await.get("/.well-known/openid-configuration").await.json();
    for name in ["alg", "enc"] {
        let of = |what: &str| document[format!("{what}_encryption_{name}_values_supported")].clone();
        assert!(of("authorization").is_array(), "{document}");
        assert_eq!(of("authorization"), of("id_token"));
    }
}
