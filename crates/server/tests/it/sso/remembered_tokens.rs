//! An access token that was verified before is not believed any longer than one that was not.

use std::time::Duration;

use jeton_authority::audit::Actor;
use jeton_authority::keyring;
use jeton_jose::Timestamp;
use jeton_jose::jwt::Unverified;

use super::browser::{Browser, redirected};
use super::client::{authorize, web};
use crate::app::{NOW, TestApp, master};

async fn app() -> TestApp {
    let app = TestApp::new().await;
    app.add_client("web", web()).await;
    app
}

/// An access token that introspection and the token API have both seen.
async fn remembered(app: &TestApp, browser: &Browser<'_>) -> String {
    let back = redirected(&browser.sign_in(&authorize(&[])).await);
    let tokens = app.redeem(back.get("code").expect("a code")).await.json();
    let token = tokens["access_token"].as_str().expect("a token");
    for _ in 0..2 {
        assert!(is_good(app, token).await);
    }
    token.to_owned()
}

/// What introspection and the token API both say.
async fn is_good(app: &TestApp, token: &str) -> bool {
    let told = app.post_as("web", "/introspect", &[("token", token)]).await;
    let verified = app.verify(token).await.status == 200;
    assert_eq!(told.json()["active"], verified, "{}", told.text());
    assert!(verified || told.text() == r#"{"active":false}"#, "{}", told.text());
    verified
}

#[tokio::test]
async fn a_remembered_token_tells_the_same_as_one_that_is_new() {
    let app = app().await;
    let token = remembered(&app, &Browser::new(&app)).await;
    let again = app.post_as("web", "/introspect", &[("token", &token)]).await;
    app.service.authority().reload(Timestamp::from_unix(NOW)).await.expect("a store");
    let new = app.post_as("web", "/introspect", &[("token", &token)]).await;
    assert_eq!(again.text(), new.text());
    assert_eq!(again.json()["username"], "ada");
}

#[tokio::test]
async fn a_remembered_token_is_refused_at_once_when_its_session_ends() {
    let app = app().await;
    let browser = Browser::new(&app);
    let token = remembered(&app, &browser).await;
    let page = browser.get("/end_session").await;
    browser.submit(&super::browser::form(&page), &[("action", "sign_out")]).await;
    assert!(!is_good(&app, &token).await);
}

#[tokio::test]
async fn a_remembered_token_of_a_client_is_refused_at_once_when_it_is_revoked() {
    let app = app().await;
    let tokens = app.post_as("web", "/token", &[("grant_type", "client_credentials")]).await.json();
    let token = tokens["access_token"].as_str().expect("a token");
    for _ in 0..2 {
        assert!(app.post_as("web", "/introspect", &[("token", token)]).await.json()["active"] == true);
    }
    app.post_as("web", "/revoke", &[("token", token)]).await;
    let told = app.post_as("web", "/introspect", &[("token", token)]).await;
    assert_eq!(told.text(), r#"{"active":false}"#);
    assert!(!is_good(&app, token).await, "nor does the token API take it for good");
}

#[tokio::test]
async fn a_remembered_token_ends_with_its_time() {
    let app = app().await;
    let token = remembered(&app, &Browser::new(&app)).await;
    app.hand.step(299);
    assert!(is_good(&app, &token).await);
    app.hand.step(1);
    assert!(!is_good(&app, &token).await);
}

#[tokio::test]
async fn a_remembered_token_ends_with_its_key() {
    let app = app().await;
    let token = remembered(&app, &Browser::new(&app)).await;
    let kid = Unverified::parse(&token).expect("a JWT").kid().expect("a key").to_owned();
    let (store, at) = (&*app.store, |seconds| Timestamp::from_unix(NOW + seconds));
    keyring::rotate(store, &master(), None, Duration::ZERO, Actor::Operator, at(0)).await.expect("a key");
    let listed = keyring::list(store, Duration::from_secs(300), at(1)).await.expect("a store");
    let (first, _) = listed.iter().find(|(key, _)| key.id.as_str() == kid).expect("it is listed");
    keyring::retire(store, &first.id, Duration::from_secs(300), Actor::Operator, at(1))
        .await
        .expect("withdrawn");
    app.hand.step(1);
    app.service.authority().reload(at(1)).await.expect("a store");
    assert!(!is_good(&app, &token).await);
}

#[tokio::test]
async fn a_token_that_only_ends_like_a_remembered_one_is_refused() {
    let app = app().await;
    let token = remembered(&app, &Browser::new(&app)).await;
    let (signed, signature) = token.rsplit_once('.').expect("a JWT");
    let (header, claims) = signed.split_once('.').expect("a JWT");
    let other = if claims.ends_with('A') { 'B' } else { 'A' };
    let forged = format!("{header}.{}{other}.{signature}", &claims[..claims.len() - 1]);
    assert!(!is_good(&app, &forged).await);
}
