//! Requests that their client signed (RFC 9101), and everything that is no such request.

use http::StatusCode;
use jeton_jose::jwt::Signer;
use jeton_jose::{Algorithm, JwkSet, PrivateKey};
use jeton_oauth::Parameters;
use serde_json::{Value, json};

use super::browser::{Browser, redirected};
use super::client::{CALLBACK, CHALLENGE, SECRET, authorize, web};
use super::forged;
use crate::app::{Answer, NOW, TestApp};

struct Signing {
    app: TestApp,
    key: PrivateKey,
}

async fn signing() -> Signing {
    let app = TestApp::new().await;
    let key = PrivateKey::generate(Algorithm::ES256).expect("a key");
    let mut metadata = web();
    let jwks = JwkSet::new(vec![key.public_key().to_jwk()]).to_json();
    metadata["jwks"] = serde_json::from_str(&jwks).expect("JSON");
    metadata["redirect_uris"] = json!([CALLBACK, "https://app.example/other"]);
    metadata["require_signed_request_object"] = json!(true);
    app.add_client("web", metadata).await;
    app.add_client("other", web()).await;
    Signing { app, key }
}

/// A good request, with changes; null takes a claim away.
fn claims(changes: &[(&str, Value)]) -> Value {
    let mut claims = json!({
        "iss": "web", "aud": "https://auth.example", "exp": NOW + 300, "nbf": NOW, "jti": "once",
        "client_id": "web", "redirect_uri": CALLBACK, "response_type": "code", "scope": "openid",
        "state": "signed", "nonce": "no", "code_challenge": CHALLENGE, "code_challenge_method": "S256",
        "max_age": 3600, "claims": {"userinfo": {"email": null}},
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

impl Signing {
    fn sign(&self, changes: &[(&str, Value)]) -> String {
        let signer = Signer::new(self.key.clone()).typ("oauth-authz-req+jwt");
        signer.sign(&claims(changes)).expect("an object")
    }

    async fn send(&self, browser: &Browser<'_>, object: &str, beside: &[(&str, &str)]) -> Answer {
        let all = [&[("client_id", "web"), ("request", object)], beside].concat();
        let query: Parameters = all.into_iter().collect();
        browser.get(&format!("/authorize?{}", query.to_query())).await
    }

    /// What a client that names its redirect URI beside the object is told.
    async fn error(&self, object: &str) -> String {
        let beside = [("redirect_uri", CALLBACK), ("response_type", "code"), ("state", "beside")];
        let answer = self.send(&Browser::new(&self.app), object, &beside).await;
        redirected(&answer).get("error").unwrap_or("none").to_owned()
    }
}

#[tokio::test]
async fn only_what_is_signed_counts() {
    let signing = signing().await;
    let browser = Browser::new(&signing.app);
    let beside =
        [("state", "changed"), ("scope", "openid orders:write"), ("redirect_uri", "https://evil.example/")];
    let next = signing.send(&browser, &signing.sign(&[]), &beside).await;
    let location = next.header("location").expect("a location").to_owned();
    assert!(location.starts_with("https://auth.example/authorize?client_id=web&request_uri="), "{location}");
    // However long the user takes: the object was good when it came.
    signing.app.hand.step(400);
    let back = redirected(&browser.sign_in(&location).await);
    assert_eq!(back.get("state"), Some("signed"));
    let tokens = signing.app.redeem(back.get("code").expect("a code")).await.json();
    assert_eq!(tokens["scope"], "openid");
}

#[tokio::test]
async fn a_request_object_is_good_for_one_code() {
    let signing = signing().await;
    let object = signing.sign(&[]);
    let (browser, other) = (Browser::new(&signing.app), Browser::new(&signing.app));
    let first = signing.send(&browser, &object, &[]).await;
    // Pressed twice: both lead to the same request, wherever the second one comes from.
    for again in [signing.send(&browser, &object, &[]).await, signing.send(&other, &object, &[]).await] {
        assert_eq!(again.header("location"), first.header("location"));
    }
    let target = first.header("location").expect("a location");
    assert!(redirected(&browser.sign_in(target).await).get("code").is_some());
    let late = redirected(&other.follow(signing.send(&other, &object, &[]).await).await);
    assert_eq!((late.get("error"), late.get("state")), (Some("invalid_request_uri"), Some("signed")));
    let pushed = signing.app.post_as("web", "/par", &[("request", &object)]).await;
    assert_eq!(pushed.json()["error"], "invalid_request_object");
}

#[tokio::test]
async fn an_object_that_was_pushed_is_used_up() {
    let signing = signing().await;
    let object = signing.sign(&[]);
    assert_eq!(signing.app.post_as("web", "/par", &[("request", &object)]).await.status, StatusCode::CREATED);
    assert_eq!(signing.error(&object).await, "invalid_request_object");
    let page = signing.send(&Browser::new(&signing.app), &object, &[]).await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST, "nobody knows where to send the error");
}

#[tokio::test]
async fn an_object_without_an_identifier_is_a_request_of_its_own_each_time() {
    let signing = signing().await;
    let object = signing.sign(&[("jti", Value::Null)]);
    let browser = Browser::new(&signing.app);
    let first = signing.send(&browser, &object, &[]).await;
    assert!(
        redirected(&browser.sign_in(first.header("location").expect("a location")).await)
            .get("code")
            .is_some()
    );
    let second = browser.follow(signing.send(&browser, &object, &[]).await).await;
    assert!(redirected(&second).get("code").is_some());
}

#[tokio::test]
async fn an_object_that_is_signed_by_anything_else_than_the_clients_key_is_refused() {
    let signing = signing().await;
    let public = signing.key.public_key().to_jwk();
    let pem = public.to_pem().expect("PEM");
    let sign = |key: jeton_jose::SigningKey| Signer::new(key).sign(&claims(&[])).expect("an object");
    let by_secret = |secret: &[u8]| forged::hs256(secret, &claims(&[]));
    let unsigned = |header: &str| forged::unsigned(header, &claims(&[]));
    let stranger = PrivateKey::generate(Algorithm::ES256).expect("a key");
    let other_curve = PrivateKey::generate(Algorithm::ES384).expect("a key");
    let rsa = PrivateKey::generate(Algorithm::RS256).expect("a key");
    for (what, object) in [
        ("the public key as a secret", by_secret(pem.as_bytes())),
        ("the public key as JSON as a secret", by_secret(public.to_json().as_bytes())),
        ("the client's own secret", by_secret(SECRET.as_bytes())),
        ("a stranger's key", sign(stranger.into())),
        ("another curve", sign(other_curve.into())),
        ("another kind of key", sign(rsa.into())),
        ("alg none", unsigned(r#"{"alg":"none"}"#)),
        ("alg None", unsigned(r#"{"alg":"None"}"#)),
        ("no signature", unsigned(r#"{"alg":"ES256"}"#)),
        ("garbage", "garbage".to_owned()),
    ] {
        assert_eq!(signing.error(&object).await, "invalid_request_object", "{what}");
    }
}

#[tokio::test]
async fn an_object_for_somebody_else_or_another_time_is_refused() {
    let signing = signing().await;
    for (name, value) in [
        ("iss", json!("other")),
        ("iss", Value::Null),
        ("aud", json!("https://other.example")),
        ("aud", Value::Null),
        ("exp", Value::Null),
        ("exp", json!(NOW - 31)),
        ("exp", json!(NOW + 3601)),
        ("nbf", json!(NOW + 60)),
        ("nbf", json!(NOW - 3601)),
        ("client_id", json!("other")),
        // A client's assertion is signed with the same key, for the same audience.
        ("sub", json!("web")),
        ("request", json!("x.y.z")),
        ("request_uri", json!("urn:ietf:params:oauth:request_uri:x")),
        ("scope", json!("open\0id")),
    ] {
        let object = signing.sign(&[(name, value.clone())]);
        assert_eq!(signing.error(&object).await, "invalid_request_object", "{name}: {value}");
    }
    let id_token = Signer::new(signing.key.clone()).typ("at+jwt").sign(&claims(&[])).expect("a token");
    assert_eq!(signing.error(&id_token).await, "invalid_request_object");
}

#[tokio::test]
async fn what_is_wrong_within_a_good_object_goes_where_the_object_says() {
    let signing = signing().await;
    let object = signing.sign(&[("code_challenge", Value::Null), ("jti", json!("a"))]);
    let back = redirected(&signing.send(&Browser::new(&signing.app), &object, &[]).await);
    assert_eq!((back.get("error"), back.get("state")), (Some("invalid_request"), Some("signed")));
    let object = signing.sign(&[("redirect_uri", json!("https://evil.example/")), ("jti", json!("b"))]);
    let page = signing.send(&Browser::new(&signing.app), &object, &[]).await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_client_that_has_to_sign_is_held_to_it_wherever_it_asks() {
    let signing = signing().await;
    let back = redirected(&Browser::new(&signing.app).get(&authorize(&[])).await);
    assert_eq!(back.get("error"), Some("invalid_request"));
    let plain = [("response_type", "code"), ("code_challenge", CHALLENGE), ("code_challenge_method", "S256")];
    assert_eq!(signing.app.post_as("web", "/par", &plain).await.json()["error"], "invalid_request");

    let pushed = signing.app.post_as("web", "/par", &[("request", &signing.sign(&[]))]).await;
    assert_eq!(pushed.status, StatusCode::CREATED, "{}", pushed.text());
    let pushed = pushed.json();
    let query: Parameters =
        [("client_id", "web"), ("request_uri", pushed["request_uri"].as_str().expect("a URI"))]
            .into_iter()
            .collect();
    let target = format!("/authorize?{}", query.to_query());
    let back = redirected(&Browser::new(&signing.app).sign_in(&target).await);
    assert_eq!(back.get("state"), Some("signed"));
}

#[tokio::test]
async fn an_object_is_not_fetched_from_anywhere() {
    let signing = signing().await;
    let target = authorize(&[("client_id", "other"), ("request_uri", "https://internal.example/object")]);
    let back = redirected(&Browser::new(&signing.app).get(&target).await);
    assert_eq!(back.get("error"), Some("request_uri_not_supported"));
}
