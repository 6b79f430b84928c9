//! Clients that publish their keys themselves (`jwks_uri`), and those that name their sector.

use jeton_jose::jwt::Signer;
use jeton_jose::{Algorithm, JwkSet, PrivateKey};
use jeton_oauth::client::ClientMetadata;
use jeton_server::{Fetcher, Reach, SectorError, check_sector};
use serde_json::{Value, json};

use super::client::web;
use super::listener::{Listener, document, reaching_here, status};
use crate::app::{Answer, NOW, TestApp};

pub(crate) fn key(kid: &str) -> PrivateKey {
    PrivateKey::generate(Algorithm::ES256).expect("a key").with_kid(kid)
}

pub(crate) fn set(keys: &[&PrivateKey]) -> String {
    JwkSet::new(keys.iter().map(|key| key.public_key().to_jwk()).collect()).to_json().to_string()
}

/// The client `service`, whose keys are at this URL.
pub(crate) async fn add_service(app: &TestApp, jwks_uri: &str) {
    let mut metadata = web();
    metadata["token_endpoint_auth_method"] = json!("private_key_jwt");
    metadata["jwks_uri"] = json!(jwks_uri);
    app.add_client("service", metadata).await;
}

/// Asks for a token with an assertion that this key signs.
pub(crate) async fn ask(app: &TestApp, key: &PrivateKey, jti: &str) -> Answer {
    let now = app.service.clock().now().unix();
    let assertion = Signer::new(key.clone()).sign(&json!({
        "iss": "service", "sub": "service", "aud": "https://auth.example", "jti": jti, "iat": now, "exp": now + 60,
    }));
    let fields = [
        ("grant_type", "client_credentials"),
        ("scope", "orders:read"),
        ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
        ("client_assertion", &assertion.expect("an assertion")),
    ];
    app.post_form("/token", &fields).await
}

#[tokio::test]
async fn a_client_authenticates_with_the_keys_that_it_publishes() {
    let app = TestApp::with(|settings| settings, reaching_here).await;
    let (first, second) = (key("first"), key("second"));
    let published = Listener::serving(&set(&[&first])).await;
    add_service(&app, &published.url("/jwks")).await;
    for jti in ["1", "2"] {
        let answer = ask(&app, &first, jti).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    assert_eq!(published.seen().len(), 1, "fetched once");

    published.answer(&document(&set(&[&first, &second])));
    assert_eq!(ask(&app, &second, "3").await.status, 200, "a new key is fetched when it is first used");
    for jti in ["4", "5", "6"] {
        assert_eq!(ask(&app, &key("third"), jti).await.json()["error"], "invalid_client");
    }
    assert_eq!(published.seen().len(), 2, "an unknown key causes no storm");

    published.answer(&status("503 Service Unavailable"));
    app.hand.step(1200);
    assert_eq!(ask(&app, &first, "7").await.status, 200, "known keys serve while the client is down");
}

#[tokio::test]
async fn a_client_whose_keys_cannot_be_had_is_refused_and_nothing_else_is() {
    let app = TestApp::with(|settings| settings, reaching_here).await;
    let published = Listener::start(&status("404 Not Found")).await;
    add_service(&app, &published.url("/jwks")).await;
    let first = key("first");
    for jti in ["1", "2", "3"] {
        let answer = ask(&app, &first, jti).await;
        assert_eq!((answer.status.as_u16(), &answer.json()["error"]), (400, &json!("invalid_client")));
    }
    assert_eq!(published.seen().len(), 1, "a host that fails is left alone for a while");
    published.answer(&document(&set(&[&first])));
    app.hand.set(jeton_jose::Timestamp::from_unix(NOW + 6));
    assert_eq!(ask(&app, &first, "4").await.status, 200);
}

fn pairwise(redirect_uris: Value, sector: Option<String>) -> ClientMetadata {
    serde_json::from_value(json!({
        "redirect_uris": redirect_uris, "subject_type": "pairwise", "sector_identifier_uri": sector,
    }))
    .expect("metadata")
}

#[tokio::test]
async fn a_sector_lists_every_redirect_uri_of_its_clients() {
    let fetcher = Fetcher::new().allow(Reach::Loopback);
    let (one, two) = ("https://one.example/cb", "https://two.example/cb");
    let sector = Listener::serving(&json!([one, two]).to_string()).await;
    let named = || Some(sector.url("/sector"));
    assert_eq!(check_sector(&fetcher, &pairwise(json!([one, two]), named())).await, Ok(()));
    let stranger = check_sector(&fetcher, &pairwise(json!([one, "https://evil.example/cb"]), named())).await;
    assert_eq!(stranger, Err(SectorError::NotListed { redirect_uri: "https://evil.example/cb".into() }));
    assert_eq!(check_sector(&fetcher, &pairwise(json!([one]), None)).await, Ok(()));
    assert_eq!(check_sector(&fetcher, &pairwise(json!([one, two]), None)).await, Err(SectorError::Needed));
    sector.answer(&document(r#"{"redirect_uris":[]}"#));
    assert_eq!(check_sector(&fetcher, &pairwise(json!([one]), named())).await, Err(SectorError::Malformed));
}

#[tokio::test]
async fn a_set_without_one_public_key_takes_the_place_of_no_good_one() {
    let app = TestApp::with(|settings| settings, reaching_here).await;
    let first = key("first");
    let published = Listener::serving(&set(&[&first])).await;
    add_service(&app, &published.url("/jwks")).await;
    assert_eq!(ask(&app, &first, "1").await.status, 200);
    published.answer(&document(r#"{"keys":[]}"#));
    for jti in ["2", "3"] {
        app.hand.step(1200);
        assert_eq!(ask(&app, &first, jti).await.status, 200, "{jti}");
    }
}
